"""Filling in a form of the product as somebody would who has an answer to everything it asks."""

import datetime
import re
from dataclasses import dataclass
from itertools import count
from typing import Any

from tests.journeys.people import Person

# Numbers and days that must fit what they are asked for; everything else is filled by its kind.
KNOWN = {
    "possible": "120", "present": "111", "authorised": "6", "unauthorised": "3", "late": "2", "last_year": "93.4",
    "ks2_reading": "104", "ks2_gps": "99", "ks2_maths": "97",
    "sw_review_on-day": "3", "sw_review_on-month": "3", "sw_review_on-year": str(datetime.date.today().year + 1),  # noqa: DTZ011
}  # fmt: skip
A_NUMBER, A_DAY = "12", ("3", "3", "2026")
# What the page itself wants to know, which is no answer of the plan.
MACHINERY = ("version", "on_behalf_of", "learned_by", "csrfmiddlewaretoken")
# Sections that are no list of questions.
ITEMS = ("New targets", "Actions", "Meeting", "Sign-off")
_marks = count(1)

FILL = """
([known, number, day, machinery, prefer, mark]) => {
  const written = [];
  const touch = control => ['input', 'change'].forEach(name => control.dispatchEvent(new Event(name, { bubbles: true })));
  const labelOf = control => (control.labels?.[0]?.innerText ?? '').trim();
  const shown = control => control.offsetParent !== null;
  const mine = control => control.name && control.type !== 'hidden' && !machinery.includes(control.name) && shown(control)
    && !control.name.endsWith('-remove') && !control.name.endsWith('-DELETE');
  const council = control => Boolean(control.closest('.app-question')?.querySelector('.app-audience'));
  const asked = form => [...form.querySelectorAll('input, textarea, select')].filter(mine);
  const form = document.querySelector('main form[method=post]');
  const groups = new Set();
  let number_of_texts = 0;
  const fill = control => {
    const part = control.name.match(/-(day|month|year)$/);
    if (control.type === 'radio' || control.type === 'checkbox') {
      if (groups.has(control.name)) return false;
      groups.add(control.name);
      const all = asked(form).filter(other => other.name === control.name);
      if (all.some(other => other.checked)) return false;
      const wanted = all.find(other => other.value === prefer[control.name] || prefer['*']?.includes(other.value));
      if (prefer[control.name] === '') return false;
      const chosen = wanted ?? all[0];
      chosen.checked = true;
      touch(chosen);
      return true;
    }
    if (control.tagName === 'SELECT') {
      if (control.value) return false;
      // No subject stands in two rows.
      const row = Number(control.name.match(/subjects-(\\d+)-subject$/)?.[1] ?? 0);
      control.value = prefer[control.name] ?? [...control.options].filter(option => option.value)[row].value;
    } else if (control.value) {
      return false;
    } else if (part && known[control.name] === undefined) {
      control.value = day[['day', 'month', 'year'].indexOf(part[1])];
    } else if (known[control.name] !== undefined) {
      if (known[control.name] === '') return false;
      control.value = known[control.name];
    } else if (control.inputMode === 'numeric' || control.inputMode === 'decimal') {
      control.value = number;
    } else {
      const sign = `${mark}x${number_of_texts += 1}`;
      control.value = `${labelOf(control).slice(0, 120)} Told at the time, ${sign}.`;
      written.push({ sign, name: control.name, council: council(control) });
    }
    touch(control);
    return true;
  };
  // An answer may bring further questions, which are filled in too.
  while (asked(form).map(fill).some(Boolean)) {}
  return written;
}
"""


@dataclass(frozen=True)
class Said:
    """One text that was written into a plan, known again by its sign wherever it surfaces."""

    sign: str
    name: str
    council: bool


def fill_in(person: Person, *, known: dict[str, str] | None = None, prefer: dict[str, Any] | None = None) -> list[Said]:
    """Answer everything the page asks that has no answer yet, and return the texts.

    ``known`` gives texts and numbers by field name ("" leaves the field alone); ``prefer`` says which button to choose by field name
    ("" chooses none), and under ``*`` the values to look for first.
    """
    mark = f"mark{next(_marks):03}"
    written = person.page.evaluate(FILL, [{**KNOWN, **(known or {})}, A_NUMBER, A_DAY, MACHINERY, prefer or {}, mark])
    return [Said(one["sign"], one["name"], one["council"]) for one in written]


def write_section(
    person: Person,
    title: str,
    *,
    on_behalf_of: str = "",
    learned_by: str = "",
    known: dict[str, str] | None = None,
    prefer: dict[str, Any] | None = None,
) -> list[Said]:
    """From the plan's page open a section, fill it in, say it is complete, save it, and come back to the plan."""
    person.follow(title)
    said = fill_in(person, known=known, prefer={"*": ["yes"], **(prefer or {})})
    if on_behalf_of:
        person.page.get_by_label("Whose words are these?").fill(on_behalf_of)
        person.page.get_by_role("group", name="How did you learn this?").get_by_label(learned_by).check()
    person.press("Save")
    assert person.reads(f"“{title}” is saved."), person.page.locator("main").inner_text()[:1500]
    return said


def sections_of(person: Person, owner: str, *, unfinished: bool = False) -> list[str]:
    """The titles of the plan's sections that are an owner's, as the plan's page shows them; if asked, only what is not completed."""
    hint = person.page.locator(".govuk-task-list__hint", has_text=re.compile(rf"^\s*{owner}\s*$"))
    rows = person.page.locator(".govuk-task-list__item").filter(has=hint).all()
    return [row.get_by_role("link").inner_text() for row in rows if not (unfinished and "Completed" in row.inner_text())]
