"""Copies from the installed GOV.UK Frontend the fixtures our components are compared with.

Run after a new version is pinned: ``python -m tests.components.copy_fixtures``. One JSON file per component, a fixture a line.
"""

import json
import sys
from pathlib import Path
from typing import Any

from tests.components.fixture_options import OFFERED
from tests.components.fixture_translation import NotOffered, our_options

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "node_modules" / "govuk-frontend"
FIXTURES = Path(__file__).parent / "fixtures"


def sorted_out(component: str) -> tuple[list[dict[str, Any]], dict[str, str]]:
    """The fixtures our component can be asked to draw, and the names of the others with the option we do not offer."""
    source = PACKAGE / "dist" / "govuk" / "components" / component / "fixtures.json"
    kept, left_out = [], {}
    for fixture in json.loads(source.read_text())["fixtures"]:
        try:
            our_options(component, json.loads(json.dumps(fixture["options"])))
        except NotOffered as reason:
            left_out[fixture["name"]] = str(reason)
        else:
            kept.append({key: fixture[key] for key in ("name", "options", "html")})
    return kept, left_out


def main() -> None:
    """Write every component's file anew."""
    version = json.loads((PACKAGE / "package.json").read_text())["version"]
    FIXTURES.mkdir(exist_ok=True)
    for component in OFFERED:
        kept, left_out = sorted_out(component)
        lines = ",\n".join(json.dumps(fixture, ensure_ascii=False) for fixture in kept)
        head = json.dumps({"version": version, "left_out": left_out}, ensure_ascii=False)
        (FIXTURES / f"{component}.json").write_text(f'{head[:-1]},\n"fixtures": [\n{lines}\n]}}\n')
        sys.stdout.write(f"{component}: {len(kept)} kept, {len(left_out)} left out\n")


if __name__ == "__main__":
    main()
