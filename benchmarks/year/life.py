"""The authority whose year is lived, the lot that is drawn from a seed, and the diary of what is to come.

Nothing here reads the machine's clock: the process that lives the year has turned it to the simulated day.
"""

import datetime
import random
from collections import Counter, defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from benchmarks.year.authority import Authority
from benchmarks.year.slow_calendar import DAY, works
from children.models import Child
from pep import deadlines

Deed = Callable[["Life", datetime.date, Any], None]


@dataclass
class Life:
    """The authority, the lot, what is to come on which day, and how often what has happened."""

    authority: Authority
    chance: random.Random
    agenda: dict[datetime.date, list[tuple[Deed, Any]]] = field(default_factory=lambda: defaultdict(list))
    counts: Counter[str] = field(default_factory=Counter)
    new_policy_on: datetime.date | None = None
    mistakes: random.Random = field(default_factory=lambda: random.Random(26))  # which plans are corrected, and what becomes of that

    def later(self, day: datetime.date, deed: Deed, of: Any) -> None:
        """Put a deed into the diary: on the next day that offices are open."""
        while not works(day):
            day += DAY
        self.agenda[day].append((deed, of))

    def times(self, a_year: float) -> int:
        """How often something happens today that happens so often a year."""
        whole, part = divmod(a_year / 365, 1)
        return int(whole) + (self.chance.random() < part)

    def refresh(self, child: Child, on: datetime.date, because: str) -> None:
        """Bring a child's dates up to date, as the page of the register does that an officer has saved."""
        deadlines.refresh(child, by=self.authority.officers[0], on=on, because=because)
