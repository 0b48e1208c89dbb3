"""Turns the options of GOV.UK Frontend's fixtures into ours, by the tables of ``fixture_options``."""

from collections.abc import Callable
from typing import Any

from django.utils.safestring import mark_safe

from tests.components.fixture_options import OFFERED


class NotOffered(Exception):
    """Our component has no such option."""


def our_options(component: str, theirs: dict[str, Any]) -> dict[str, Any]:
    """The options by which our template should draw the same as theirs. Raises NotOffered."""
    options = _translated(theirs, OFFERED[component])
    return FINISHES[component](options) if component in FINISHES else options


def _translated(theirs: dict[str, Any], names: dict[str, Any]) -> dict[str, Any]:
    ours: dict[str, Any] = {}
    # Where both are given, their templates take the HTML.
    for path, value in sorted(_leaves(theirs, names), key=lambda leaf: leaf[0].lower().endswith("html")):
        if path not in names:
            raise NotOffered(path)
        if path.lower().endswith("html"):
            if value is None or value == "":
                continue
            value = mark_safe(value)  # the fixtures' own markup
        elif f"{path}[]" in names:
            if any(item in (None, False, "") for item in value):
                raise NotOffered(f"{path} that are nothing")
            value = [_item(item, names[f"{path}[]"]) for item in value]
        elif path.endswith("attributes") and not isinstance(value, dict):
            raise NotOffered(f"{path} as text")
        *outer, name = names[path].split(".")
        target = ours
        for key in outer:
            target = target.setdefault(key, {})
        if name:
            target[name] = value
    return ours


def _item(item: Any, names: dict[str, Any]) -> Any:
    if isinstance(item, list):
        return [_translated(cell, names[""]) for cell in item if cell]
    return _translated(item, names)


def _leaves(theirs: dict[str, Any], names: dict[str, Any], prefix: str = "") -> list[tuple[str, Any]]:
    """Their options as (path, value), nested ones joined by dots."""
    leaves: list[tuple[str, Any]] = []
    for key, value in theirs.items():
        path = prefix + key
        if isinstance(value, dict) and not key.endswith("attributes"):
            leaves += _leaves(value, names, f"{path}.")
            if path in names:
                leaves.append((path, True))
        elif value is not None:
            leaves.append((path, value))
    return leaves


def _choices(options: dict[str, Any]) -> dict[str, Any]:
    """Number the inputs and tick those whose value is chosen; on our pages ``accounts.drawing`` does it."""
    prefix = options.setdefault("id", options.get("name"))
    chosen = options.get("values", [options["value"]] if options.get("value") else [])
    for number, item in enumerate(options.get("items", []), start=1):
        item.setdefault("id", prefix if number == 1 else f"{prefix}-{number}")
        item.setdefault("checked", item.get("value") in chosen)
    return options


def _button(options: dict[str, Any]) -> dict[str, Any]:
    if options.get("prevent_double_click") is False:
        raise NotOffered("preventDoubleClick turned off")
    return options


def _counted(options: dict[str, Any]) -> dict[str, Any]:
    if "maxlength" not in options:
        raise NotOffered("no maxlength")
    return _named(options)


def _label(options: dict[str, Any]) -> dict[str, Any]:
    if "label" not in options:
        raise NotOffered("no text")
    return options


def _skip(options: dict[str, Any]) -> dict[str, Any]:
    return {"href": "#content", **options}


def _summary(options: dict[str, Any]) -> dict[str, Any]:
    if "title" not in options and any(name.startswith("card") for name in options):
        raise NotOffered("card without a title")
    return options


def _select(options: dict[str, Any]) -> dict[str, Any]:
    items = options.pop("items", [])
    for item in items:
        item.setdefault("selected", bool(options.get("value")) and item.get("value", item["text"]) == options["value"])
        value = item.setdefault("value", None)
        item["value"] = str(value).lower() if isinstance(value, bool) else value
    return {**options, "id": options.get("id", options.get("name")), "groups": [{"label": None, "items": items}]}


def _dates(options: dict[str, Any]) -> dict[str, Any]:
    prefix = options.pop("name_prefix", None)
    usual = [{"name": name, "classes": f"govuk-input--width-{4 if name == 'year' else 2}"} for name in ("day", "month", "year")]
    options["items"] = options.get("items") or usual
    for item in options["items"]:
        item.setdefault("label", item["name"].capitalize())
        item.setdefault("id", f"{options['id']}-{item['name']}")
        item["name"] = f"{prefix}-{item['name']}" if prefix else item["name"]
    return options


def _named(options: dict[str, Any]) -> dict[str, Any]:
    options.setdefault("id", options.get("name"))
    attributes = options.get("attributes", {})
    # "true" and "false" are words of this attribute, not its presence.
    if "spellcheck" in attributes:
        attributes["spellcheck"] = str(attributes["spellcheck"]).lower()
    return options


def _errors(options: dict[str, Any]) -> dict[str, Any]:
    for error in options.get("errors", ()):
        if "target" in error:
            error["target"] = error["target"].removeprefix("#")
    return options


def _pages(options: dict[str, Any]) -> dict[str, Any]:
    options["block_level"] = "items" not in options and ("next" in options or "previous" in options)
    return options


def _tasks(options: dict[str, Any]) -> dict[str, Any]:
    for item in options["items"]:
        classes = item.pop("tag_classes", "")
        if classes and not classes.startswith("govuk-tag--"):
            raise NotOffered("tag.classes other than a colour")
        item["colour"] = classes.removeprefix("govuk-tag--")
    return options


FINISHES: dict[str, Callable[[dict[str, Any]], dict[str, Any]]] = {
    "button": _button,
    "character-count": _counted,
    "checkboxes": _choices,
    "date-input": _dates,
    "error-summary": _errors,
    "file-upload": _named,
    "input": _named,
    "label": _label,
    "pagination": _pages,
    "password-input": _named,
    "radios": _choices,
    "select": _select,
    "skip-link": _skip,
    "summary-list": _summary,
    "task-list": _tasks,
    "textarea": _named,
}
