"""How a Django form field becomes the options of one of our component templates.

``templates/django/forms/field.html`` is the only caller on pages, so every field of every form looks and behaves alike.
"""

from collections.abc import Iterable
from typing import Any, NamedTuple

from django import forms
from django.core.exceptions import NON_FIELD_ERRORS, ValidationError
from django.forms.boundfield import BoundField
from django.forms.formsets import BaseFormSet
from django.utils.html import format_html_join

from accounts.fields import PARTS, DateInput

# The first kind of widget that fits decides; subclasses stand before their parents.
COMPONENTS: tuple[tuple[type[forms.Widget], str], ...] = (
    (DateInput, "date_input"),
    (forms.CheckboxSelectMultiple, "checkboxes"),
    (forms.RadioSelect, "radios"),
    (forms.CheckboxInput, "checkboxes"),
    (forms.FileInput, "file_upload"),
    (forms.PasswordInput, "password_input"),
    (forms.Textarea, "textarea"),
    (forms.Select, "select"),
    (forms.widgets.Input, "input"),
)

# Keys of a widget's ``attrs`` that say how to draw the field and never become HTML attributes.
PRESENTATION = (
    "exclusive",  # checkboxes: the value that unticks all others ("none of these")
    "group_class",  # extra classes of the whole group
    "hints",  # radios, checkboxes: {value: hint}
    "inline",  # radios: side by side
    "label_class",  # instead of govuk-label--s or govuk-fieldset__legend--s
    "page_heading",  # the label is the page's h1
    "prefix",  # text before the box, "£"
    "show_when",  # (field name, values): shown only while that field has one of the values; always shown without JavaScript
    "small",  # radios, checkboxes: smaller
    "suffix",  # text after the box, "%"
)

# Browsers cut pasted text short at maxlength without a word, and number boxes change on a scroll: the server checks and tells.
DROPPED = ("cols", "max", "maxlength", "min", "minlength", "required", "step")


class ErrorLink(NamedTuple):
    """A line of the error summary: what is wrong, and the id of the input to go to ("" where there is none)."""

    text: str
    target: str


def field_options(bound: BoundField) -> tuple[str, dict[str, Any]]:
    """The component that draws a field, and its options."""
    widget = bound.field.widget
    component = next((name for kind, name in COMPONENTS if isinstance(widget, kind)), "other_input")
    attrs = {key: value for key, value in widget.attrs.items() if key not in DROPPED}
    asked = {key: attrs.pop(key) for key in PRESENTATION if key in attrs}
    errors = [str(error) for error in bound.errors]
    options: dict[str, Any] = {
        "id": bound.auto_id or bound.html_name,
        "name": bound.html_name,
        "label": bound.label,
        "label_class": "govuk-label--l" if asked.get("page_heading") else "govuk-label--s",
        "hint": bound.help_text,
        "error": format_html_join("\n", "{}", ((error,) for error in errors)) if len(errors) == 1 else _lines(errors),
        "classes": attrs.pop("class", ""),
        "attributes": attrs,
        **asked,
    }
    if bound.field.disabled:
        options["disabled"] = True
    if "show_when" in asked:
        options["group_attributes"] = _show_when(bound, *asked["show_when"])
    options.update(_ADDITIONS[component](bound, options))
    if component == "textarea" and options.get("maxlength"):
        component = "character_count"
    return component, options


def _lines(errors: list[str]) -> str:
    return format_html_join("", '<span class="app-line">{}</span> ', ((error,) for error in errors)) if errors else ""


def _show_when(bound: BoundField, name: str, values: Iterable[Any]) -> dict[str, str]:
    return {"data-show-when": bound.form.add_prefix(name), "data-show-when-values": "|".join(str(value) for value in values)}


def _input(bound: BoundField, options: dict[str, Any]) -> dict[str, Any]:
    widget = bound.field.widget
    kind = widget.input_type
    attributes = {"spellcheck": "false", **options["attributes"]} if kind == "email" else options["attributes"]
    if kind == "number":
        kind = "text"
        decimal = isinstance(bound.field, forms.FloatField | forms.DecimalField)
        attributes = {"inputmode": "decimal" if decimal else "numeric", "spellcheck": "false", **attributes}
        options["classes"] = options["classes"] or "govuk-input--width-5"
    value = widget.format_value(bound.value())
    return {"type": kind, "value": "" if value is None else value, "attributes": attributes}


def _password(bound: BoundField, options: dict[str, Any]) -> dict[str, Any]:
    attributes = dict(options["attributes"])
    return {"autocomplete": attributes.pop("autocomplete", "current-password"), "attributes": attributes}


def _textarea(bound: BoundField, options: dict[str, Any]) -> dict[str, Any]:
    attributes = dict(options["attributes"])
    rows = str(attributes.pop("rows", "5"))
    value = bound.value()
    return {
        "value": "" if value is None else value,
        "rows": "5" if rows == "10" else rows,  # 10 is Django's own default
        "maxlength": getattr(bound.field, "max_length", None),
        "attributes": attributes,
    }


def _file(bound: BoundField, options: dict[str, Any]) -> dict[str, Any]:
    return {}


def _other(bound: BoundField, options: dict[str, Any]) -> dict[str, Any]:
    """A widget no component knows draws itself; several inputs in one stand in a fieldset."""
    ids = [f"{options['id']}-{part}" for part in ("hint", "error") if options[part]]
    widget = bound.as_widget(attrs={"aria-describedby": " ".join(ids)} if ids else None)
    return {"widget": widget, **(_legend(options) if bound.field.widget.use_fieldset else {})}


def _date(bound: BoundField, options: dict[str, Any]) -> dict[str, Any]:
    wrong = wrong_parts(bound)
    values = bound.field.widget.format_value(bound.value())
    items = [
        {
            "id": f"{options['id']}-{part}",
            "name": f"{options['name']}-{part}",
            "label": part.capitalize(),
            "value": value,
            "classes": f"govuk-input--width-{4 if part == 'year' else 2}" + (" govuk-input--error" if part in wrong else ""),
            "autocomplete": {"bday": f"bday-{part}"}.get(options["attributes"].get("autocomplete", ""), ""),
        }
        for part, value in zip(PARTS, values, strict=True)
    ]
    attributes = {key: value for key, value in options["attributes"].items() if key != "autocomplete"}
    return {"items": items, "attributes": attributes, **_legend(options)}


def _legend(options: dict[str, Any]) -> dict[str, Any]:
    size = options["label_class"].replace("govuk-label--", "govuk-fieldset__legend--")
    return {"legend": options["label"], "legend_class": size}


def _choices(bound: BoundField, options: dict[str, Any]) -> list[dict[str, Any]]:
    """The choices as items; groups are flattened, and Django's row of dashes for "nothing" is left out."""
    widget: forms.widgets.ChoiceWidget = bound.field.widget
    hints = options.get("hints", {})
    chosen = widget.format_value(bound.value())
    items = []
    for _group, subgroup, _index in widget.optgroups(options["name"], chosen):
        for option in subgroup:
            value = str(option["value"])
            if value == "" and str(option["label"]).startswith("---"):
                continue
            item = {"value": value, "text": option["label"], "checked": option["selected"], "hint": hints.get(value, "")}
            items.append(item)
    for number, item in enumerate(items, start=1):
        item["id"] = options["id"] if number == 1 else f"{options['id']}-{number}"
    return items


def _classes(options: dict[str, Any], component: str) -> str:
    """The classes a page asked for and those that "inline" and "small" stand for."""
    looks = [f"{component}--{look}" for look in ("inline", "small") if options.get(look)]
    return " ".join(filter(None, [options["classes"], *looks]))


def _radios(bound: BoundField, options: dict[str, Any]) -> dict[str, Any]:
    return {"items": _choices(bound, options), "classes": _classes(options, "govuk-radios"), **_legend(options)}


def _checkboxes(bound: BoundField, options: dict[str, Any]) -> dict[str, Any]:
    classes = _classes(options, "govuk-checkboxes")
    if not isinstance(bound.field.widget, forms.CheckboxSelectMultiple):
        checked = bound.field.widget.check_test(bound.value())
        value = options["attributes"].get("value", "on")
        item = {"id": options["id"], "value": value, "text": bound.label, "checked": checked, "hint": bound.help_text}
        return {"items": [item], "classes": classes, "hint": "", "legend": ""}
    items = _choices(bound, options)
    for index, item in enumerate(items):
        if "exclusive" in options and item["value"] == str(options["exclusive"]):
            item["behaviour"] = "exclusive"
            items.insert(index, {"divider": "or"})
            break
    return {"items": items, "classes": classes, **_legend(options)}


def _select(bound: BoundField, options: dict[str, Any]) -> dict[str, Any]:
    widget: forms.Select = bound.field.widget
    chosen = widget.format_value(bound.value())
    groups = []
    for group, subgroup, _index in widget.optgroups(options["name"], chosen):
        items = [
            {
                "value": option["value"],
                "text": "Choose one" if str(option["label"]).startswith("---") else option["label"],
                "selected": option["selected"],
            }
            for option in subgroup
        ]
        groups.append({"label": group, "items": items})
    attributes = {**options["attributes"], "multiple": True} if widget.allow_multiple_selected else options["attributes"]
    return {"groups": groups, "attributes": attributes}


_ADDITIONS = {
    "checkboxes": _checkboxes,
    "date_input": _date,
    "file_upload": _file,
    "input": _input,
    "other_input": _other,
    "password_input": _password,
    "radios": _radios,
    "select": _select,
    "textarea": _textarea,
}


def wrong_parts(bound: BoundField) -> tuple[str, ...]:
    """The boxes of a date to mark as wrong: those its errors name, all three where none is named, () where nothing is wrong."""
    errors: list[ValidationError] = bound.form.errors.as_data().get(bound.name, []) if bound.form.is_bound else []
    named = {part for error in errors for part in (error.params or {}).get("parts", ())}
    if not errors:
        return ()
    return tuple(part for part in PARTS if part in named) or PARTS


def error_links(*forms_or_formsets: Any) -> list[ErrorLink]:
    """Every error of these forms, formsets and lists of them, in the order of the page. What is None or was not posted has none."""
    links: list[ErrorLink] = []
    for form in forms_or_formsets:
        if isinstance(form, list):
            links += error_links(*form)
            continue
        if form is None or not getattr(form, "is_bound", False):
            continue
        if isinstance(form, BaseFormSet):
            links += [ErrorLink(str(error), "") for error in form.non_form_errors()]
            links += error_links(*form.forms)
        else:
            links += _form_links(form)
    return links


def _form_links(form: forms.BaseForm) -> list[ErrorLink]:
    links = [ErrorLink(str(error), "") for error in form.errors.get(NON_FIELD_ERRORS, ())]
    for bound in form:
        links += [ErrorLink(str(error), _target(bound)) for error in bound.errors]
    return links


def _target(bound: BoundField) -> str:
    """The id of the input a person has to change: of a date the first wrong box, of choices the first choice."""
    if bound.is_hidden:
        return ""
    name = bound.auto_id or bound.html_name
    if isinstance(bound.field.widget, DateInput):
        return f"{name}-{wrong_parts(bound)[0]}"
    return f"{name}_0" if isinstance(bound.field.widget, forms.MultiWidget) else name
