"""Template tags that draw the components of ``templates/components/``.

``{% draw "tag" text="Late" colour="red" %}`` draws one; ``{% wrap "details" summary="Who can see this" %}…{% endwrap %}`` draws one
around what stands between. Both see their own options alone, so a page's variables never leak into a component. Text is escaped
unless it is already safe HTML.
"""

import datetime
from collections.abc import Callable, Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Any

from django import template
from django.contrib.messages import SUCCESS
from django.contrib.messages.storage.base import Message
from django.core.paginator import Page
from django.forms.boundfield import BoundField
from django.forms.utils import flatatt
from django.template.context import Context
from django.template.loader import get_template
from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from accounts.drawing import error_links, field_options

register = template.Library()


def render(name: str, options: dict[str, Any]) -> SafeString:
    """A component's HTML. Raises TemplateDoesNotExist for a component there is not."""
    if name in PREPARATIONS:
        options = PREPARATIONS[name](options)
    return SafeString(get_template(f"components/{name}.html").render(options))


@register.filter
def in_fours(text: str) -> str:
    """A long key in groups of four, as people type it."""
    return " ".join(text[start : start + 4] for start in range(0, len(text), 4))


@register.simple_tag
def draw(component: str, /, **options: Any) -> SafeString:
    """Draw a component from its options."""
    return render(component, options)


@register.simple_block_tag
def wrap(content: SafeString, component: str, /, **options: Any) -> SafeString:
    """Draw a component around the block's content, which becomes its ``text``."""
    return render(component, {**options, "text": content})


@register.simple_tag
def draw_field(field: BoundField, **options: Any) -> SafeString:
    """Draw a form field with label, hint and error. Options override what the field says: ``label``, ``hint``, ``prefix`` …"""
    if field.is_hidden:
        return SafeString(str(field))
    name, own = field_options(field)
    return render(name, {**own, **options})


@register.simple_tag
def error_summary(*forms: Any) -> SafeString:
    """The list of all errors of these forms and formsets, each a link to its input; nothing where there are none."""
    links = error_links(*forms)
    return render("error_summary", {"errors": links}) if links else SafeString("")


@register.simple_tag(takes_context=True)
def error_prefix(context: Context) -> str:
    """ "Error: " at the beginning of the page's title where a form of the page has errors."""
    posted = [context.get("form"), context.get("formset"), context.get("all_forms"), *(context.get("forms") or ())]
    return "Error: " if error_links(*posted) else ""


@register.simple_tag(takes_context=True)
def paginate(context: Context, page: Page, label: str = "Pages", name: str = "page") -> SafeString:
    """Links to the other pages of a list, keeping the filters of the address; nothing where there is one page.

    ``name`` is what the address calls the number of the page, where two lists stand on one page.
    """
    if page.paginator.num_pages < 2:
        return SafeString("")
    query = context["request"].GET.copy()

    def link(number: int) -> str:
        query[name] = str(number)
        return f"?{query.urlencode()}"

    numbers = page.paginator.get_elided_page_range(page.number, on_each_side=1, on_ends=1)
    items = [
        {"number": number, "href": link(number), "current": number == page.number} if isinstance(number, int) else {"ellipsis": True}
        for number in numbers
    ]
    options: dict[str, Any] = {"items": items, "label": label}
    if page.has_previous():
        options["previous"] = {"href": link(page.previous_page_number())}
    if page.has_next():
        options["next"] = {"href": link(page.next_page_number())}
    return render("pagination", options)


@register.simple_tag(takes_context=True)
def navigation(context: Context, items: Iterable[Mapping[str, Any]]) -> SafeString:
    """The service navigation; the item whose address this page's address begins with is marked as the place we are in."""
    path = context["request"].path if "request" in context else ""
    # Every address begins with the first page's, so that one is marked on itself alone.
    here = (item["href"] for item in items if path == item["href"] or (item["href"] != "/" and path.startswith(item["href"])))
    best = max(here, key=len, default="")
    marked = [{**item, "current": item["href"] == path, "active": bool(best) and item["href"] == best} for item in items]
    return render("service_navigation", {"items": marked})


@register.filter
def as_banner(messages: Iterable[Message]) -> dict[str, Any]:
    """All waiting messages as one notification banner: green when every one of them is good news."""
    waiting = list(messages)
    good = all(message.level == SUCCESS for message in waiting)
    lines = format_html_join("", '<p class="govuk-notification-banner__heading">{}</p>', ((message.message,) for message in waiting))
    return {"type": "success" if good else "", "text": lines}


def due_words(date: datetime.date, on: datetime.date) -> str:
    """How far a date is from another, in words: "today", "tomorrow", "in 4 days", "3 days late"."""
    days = (date - on).days
    if days < 0:
        return "1 day late" if days == -1 else f"{-days} days late"
    return {0: "today", 1: "tomorrow"}.get(days, f"in {days} days")


@register.simple_tag
def due(
    date: datetime.date | None, on: datetime.date | None = None, soon: int = 7, missing: str = "no date yet", why: str = ""
) -> SafeString:  # fmt: skip
    """A date and how far it is: a red tag when late, a yellow one within ``soon`` days, plain text else. ``on`` is today (London)
    unless given. ``why`` is the address that says why it is this day."""
    if not date:
        return format_html("{}", missing)
    today = on or timezone.localdate()
    days = (date - today).days
    colour = "red" if days < 0 else "yellow" if days <= soon else ""
    return render("due", {"date": date, "words": due_words(date, today), "colour": colour, "why": why})


@register.filter
def pounds(amount: Decimal | int | None) -> str:
    """Money as people write it: "£2,630", "£54.50"."""
    if amount is None:
        return ""
    return f"£{amount:,.0f}" if amount == int(amount) else f"£{amount:,.2f}"


@register.filter
def iso_day(moment: str) -> str:
    """The London day of a moment kept as ISO text, as people write it."""
    return f"{timezone.localdate(datetime.datetime.fromisoformat(moment)):%-d %B %Y}"


@register.filter
def counted(number: int, noun: str) -> str:
    """A number with its noun: "1 child", "39 children" from ``"child,children"``."""
    one, many = noun.split(",")
    return f"{number:,} {one if number == 1 else many}"


@register.filter
def html_attributes(attributes: Mapping[str, Any] | None) -> SafeString:
    """`` key="value"`` for each pair, escaped; True stands alone, False and None are left out."""
    return flatatt(dict(attributes)) if attributes else SafeString("")


@register.simple_tag(takes_context=True)
def described_by(context: Context, first: str = "") -> SafeString:
    """The ``aria-describedby`` of an input or fieldset: hint and error where there are any, ``first`` before them."""
    return _described([f"{context['id']}-{first}" if first else "", *_outer_ids(context)])


@register.simple_tag(takes_context=True)
def item_described_by(context: Context, item: Mapping[str, Any], has_fieldset: Any) -> SafeString:
    """The ``aria-describedby`` of one checkbox: its own hint, and the group's where no fieldset carries it."""
    own = f"{item['id']}-item-hint" if item.get("hint") else ""
    return _described([*([] if has_fieldset else _outer_ids(context)), own])


def _outer_ids(context: Context) -> list[str]:
    ids = [f"{context['id']}-{part}" for part in ("hint", "error") if context.get(part)]
    return [str(context.get("described_by") or ""), *ids]


def _described(ids: Iterable[str]) -> SafeString:
    joined = " ".join(filter(None, ids))
    return format_html(' aria-describedby="{}"', joined) if joined else SafeString("")


def _cell(cell: Any) -> dict[str, Any]:
    """A table's cell: a mapping of options, or anything else as its text."""
    return dict(cell) if isinstance(cell, Mapping) else {"text": cell}


def _table(options: dict[str, Any]) -> dict[str, Any]:
    """Give each cell of a stacked table the heading it stands below, for narrow screens."""
    head = [_cell(cell) for cell in options.get("head", ())]
    rows = [[_cell(cell) for cell in row] for row in options.get("rows", ())]
    for row in rows:
        for cell, heading in zip(row, head, strict=False):
            cell.setdefault("label", heading["text"])
            cell.setdefault("format", heading.get("format"))
    return {**options, "head": head, "rows": rows}


def _summary_list(options: dict[str, Any]) -> dict[str, Any]:
    """Rows may be mappings or (key, value) pairs; a row without actions is marked where others have some."""
    given: Sequence[Any] = options.get("rows", ())
    rows = [row if isinstance(row, Mapping) else {"key": row[0], "value": row[1]} for row in given]
    return {**options, "rows": rows, "any_actions": any(row.get("actions") for row in rows)}


def _filter(options: dict[str, Any]) -> dict[str, Any]:
    """Count the fields of a list's filter in which something is chosen: an address that names a page alone narrows nothing."""
    form = options["form"]
    return {**options, "in_use": sum(bool(field.data) for field in form.visible_fields()) if form.is_bound else 0}


PREPARATIONS: dict[str, Callable[[dict[str, Any]], dict[str, Any]]] = {
    "table": _table, "summary_list": _summary_list, "filter": _filter,
}  # fmt: skip
