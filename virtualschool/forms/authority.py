"""What a virtual school says about itself, and what its authority grades plans by."""

import datetime
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.text import slugify

from accounts.fields import DateField, PlainWords
from pep.models import Rubric
from pep.models.quality import Grade
from schools.models import LocalAuthority, VirtualSchool
from virtualschool.forms.opened import OpenedForm

NEW_AREAS = 3
KEY_LENGTH = 30


class ContactForm(OpenedForm):
    """How people reach a virtual school: on the help page and in every plan's document."""

    class Meta:
        model = VirtualSchool
        fields = ["name", "email", "phone", "address"]
        labels = {"name": "Name of the virtual school"}
        widgets = {"address": forms.Textarea(attrs={"rows": 4}), "phone": forms.TextInput(attrs={"type": "tel"})}


class RubricForm(PlainWords, forms.Form):
    """What an authority looks for in a plan from a day on: areas, each with words for the four grades. Plans graded before keep theirs."""

    starts = DateField(label="From which day?", help_text="Today or later. What holds now ends on the day before.")

    def __init__(self, *args: Any, authority: LocalAuthority, areas: list[dict[str, Any]], today: datetime.date, **kwargs: Any) -> None:
        self.authority, self.today = authority, today
        self.keys = [*(area["key"] for area in areas), *(f"new{number}" for number in range(1, NEW_AREAS + 1))]
        self.known = {area["key"]: area for area in areas}
        super().__init__(*args, **kwargs)
        for key in self.keys:
            self._add_area(key, self.known.get(key))

    def _add_area(self, key: str, area: dict[str, Any] | None) -> None:
        name = f"“{area['title']}”" if area else "the new area"
        self.fields[f"title-{key}"] = forms.CharField(
            label="Name of the area", max_length=200, required=area is not None, initial=area["title"] if area else "",
            error_messages={"required": f"Enter a name for {name}, or tick “Leave this area out”"},
        )  # fmt: skip
        for grade in reversed(Grade):
            self.fields[f"{grade.value}-{key}"] = forms.CharField(
                label=f"What {grade.label.lower()} means", max_length=500, required=False, widget=forms.Textarea(attrs={"rows": 4}),
                initial=area.get("words", {}).get(grade.value, "") if area else "",
            )  # fmt: skip
        if area:
            self.fields[f"leave-{key}"] = forms.BooleanField(label="Leave this area out", required=False)

    def full_clean(self) -> None:
        """What is left out needs no name."""
        for key in self.known:
            if self.is_bound and self.data.get(f"leave-{key}"):
                self.fields[f"title-{key}"].required = False
        super().full_clean()

    def groups(self) -> list[tuple[str, list[forms.BoundField]]]:
        """The fields of each area with what stands above them."""
        return [
            (
                self.known[key]["title"] if key in self.known else "Another area (if you need one)",
                [self[name] for name in (f"title-{key}", *(f"{grade}-{key}" for grade in reversed(Grade.values)), f"leave-{key}")
                 if name in self.fields],
            )
            for key in self.keys
        ]  # fmt: skip

    def clean_starts(self) -> datetime.date:
        """Today at the earliest, and after the rubric before: what was graded was graded by what held then."""
        day: datetime.date = self.cleaned_data["starts"]
        if day < self.today:
            raise ValidationError("The day must be today or later", params={"parts": ("day",)})
        return day

    def clean(self) -> dict[str, Any]:
        """At least one area, each with a name of its own."""
        cleaned = super().clean() or {}
        self.areas: list[dict[str, Any]] = []
        for key in self.keys:
            words = {grade: cleaned.get(f"{grade}-{key}", "") for grade in Grade.values}
            title = cleaned.get(f"title-{key}", "")
            if cleaned.get(f"leave-{key}"):
                continue
            if not title:
                if any(words.values()) and key not in self.known:
                    self.add_error(f"title-{key}", "Enter a name for the new area")
                continue
            if title.casefold() in {area["title"].casefold() for area in self.areas}:
                self.add_error(f"title-{key}", f"There are two areas called “{title}”")
            self.areas.append({"key": key if key in self.known else self._new_key(title), "title": title, "words": words})
        if not self.areas and not self.errors:
            raise ValidationError("Keep at least one area")
        return cleaned

    def _new_key(self, title: str) -> str:
        """A key that no area of this authority has or had: grades are compared by it from year to year."""
        taken = {area["key"] for rubric in Rubric.objects.filter(authority=self.authority) for area in rubric.areas}
        taken |= {*self.known, *(area["key"] for area in self.areas)}
        stem = slugify(title)[:KEY_LENGTH].replace("-", "_") or "area"
        return next(key for key in (stem, *(f"{stem}_{number}" for number in range(2, len(taken) + 3))) if key not in taken)
