"""A form about a record that is there already: of two people who change it at once, the second is told what the first has changed."""

import datetime
from typing import Any, ClassVar

from django import forms
from django.utils.dateparse import parse_datetime

from accounts.fields import PlainWords
from pep.facts import in_words


class OpenedForm(PlainWords, forms.ModelForm):  # type: ignore[type-arg]
    """Carries when its record was last changed as its page was drawn. Bind it to the record as it stands under the lock that saves it.

    Where the record has changed since, each field that would put something else there says what stands there now, and nothing is saved;
    sent once more, it is. A new record has nothing to compare.
    """

    opened = forms.CharField(required=False, widget=forms.HiddenInput)

    # Where a field of the form has another name than what is kept of it.
    COLUMNS: ClassVar[dict[str, str]] = {"last_day": "ends", "urn": "school_id", "worker_email": "worker_id"}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.changed_meanwhile = False
        self.standing = self._values(self.instance)
        if self.instance._state.adding:
            del self.fields["opened"]
        else:
            self.initial["opened"] = self.instance.updated_at.isoformat()

    @property
    def status(self) -> int:
        """What the page with this form answers: 409 where somebody else's change came between."""
        return 409 if self.changed_meanwhile else 200

    def clean(self) -> dict[str, Any]:
        """Nothing that somebody else wrote meanwhile is written over unseen."""
        cleaned = super().clean() or {}
        said = self.data.get(self.add_prefix("opened"))
        if "opened" in self.fields and said != self.initial["opened"]:
            for name in self._changed_since(said) & set(self.changed_data):
                self.changed_meanwhile = True
                now = _in_words(self.fields[name], self.get_initial_for_field(self.fields[name], name))
                self.add_error(name, f"Somebody changed this to {now} while you had this page open. Save once more to keep what is here.")
            again: Any = self.data.copy()  # type: ignore[attr-defined]  # a form's data is a QueryDict
            again[self.add_prefix("opened")] = self.initial["opened"]
            self.data = again
        return cleaned

    def _changed_since(self, said: Any) -> set[str]:
        """The fields whose values are others than the page showed; all of them where it does not say which record it showed."""
        moment = parse_datetime(str(said or "")) if said else None
        shown = type(self.instance).history.filter(id=self.instance.pk, updated_at=moment).first() if moment else None
        then = self._values(shown) if shown else {}
        columns = {name: name if name in self.standing else self.COLUMNS.get(name, name) for name in self.fields if name != "opened"}
        return {name for name, column in columns.items() if column not in then or then[column] != self.standing[column]}

    def _values(self, row: Any) -> dict[str, Any]:
        """What is kept in a row, or in one of its history."""
        fields = self.instance._meta.concrete_fields
        return {name: getattr(row, field.attname) for field in fields for name in {field.name, field.attname}}


def _in_words(field: forms.Field, value: Any) -> str:
    """A value of a record as its reader knows it."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, datetime.date):
        return in_words(value)
    for choice, label in getattr(field, "choices", ()):
        if value is not None and str(choice) == str(value):
            return f"“{label}”"
    return f"“{value}”" if value not in (None, "") else "nothing"
