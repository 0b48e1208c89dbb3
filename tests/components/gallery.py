"""What the gallery page shows: made-up data, and a form with every kind of field."""

import datetime
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.core.paginator import Paginator

from accounts.fields import DateField, PlainWords, TextField

TODAY = datetime.date(2026, 3, 2)
YES_NO = [("yes", "Yes"), ("no", "No")]
NEEDS = [("reading", "Reading and writing"), ("speech", "Speech, language and communication"), ("none", "None of these")]


class EveryField(PlainWords, forms.Form):
    """One field of every kind."""

    name = forms.CharField(
        label="Full name", help_text="As it stands in the register", widget=forms.TextInput(attrs={"autocomplete": "off"})
    )
    starts = DateField(label="First day at the school", help_text="For example, 31 3 2026")
    support = forms.ChoiceField(
        label="Does the child have special educational needs?",
        choices=YES_NO,
        widget=forms.RadioSelect(attrs={"inline": True}),
    )
    needs = forms.MultipleChoiceField(
        label="What does the child need help with?",
        help_text="Tick all that apply",
        choices=NEEDS,
        widget=forms.CheckboxSelectMultiple(
            attrs={"hints": {"reading": "Dyslexia too"}, "exclusive": "none", "show_when": ("support", ["yes"])},
        ),
    )
    helps = TextField(label="What helps?", max_length=300, help_text="Say what works in class and at home", required=False)
    notes = forms.CharField(label="Notes", widget=forms.Textarea(attrs={"rows": 3}), required=False)
    amount = forms.DecimalField(label="Amount asked for", widget=forms.NumberInput(attrs={"prefix": "£"}), required=False)
    present = forms.IntegerField(
        label="Attendance", min_value=0, max_value=100, widget=forms.NumberInput(attrs={"suffix": "%", "class": "govuk-input--width-3"})
    )
    subject = forms.ChoiceField(
        label="Subject", choices=[("", "---------"), ("Core", [("en", "English"), ("ma", "Mathematics")]), ("ar", "Art and design")]
    )
    email = forms.EmailField(label="E-mail address", required=False)
    password = forms.CharField(label="Password", widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}), required=False)
    earlier = forms.FileField(label="An earlier plan", help_text="A PDF of up to 10 MB", required=False)
    agreed = forms.BooleanField(label="The child has seen this plan", help_text="Or heard it read aloud")
    version = forms.CharField(widget=forms.HiddenInput, initial="7")

    def clean_starts(self) -> datetime.date:
        """A rule of this form alone, to see one box of a date marked."""
        starts: datetime.date = self.cleaned_data["starts"]
        if starts.year < 2000:
            raise ValidationError("The first day must be after 2000", params={"parts": ("year",)})
        return starts


class Row(forms.Form):
    """Two fields of a row that is added."""

    title = forms.CharField(label="Name of the qualification", required=False)
    grade = forms.CharField(label="Grade", required=False, widget=forms.TextInput(attrs={"class": "govuk-input--width-3"}))


BAD = {
    "name": "",
    "starts-day": "1",
    "starts-month": "March",
    "starts-year": "1026",
    "support": "yes",
    "needs": ["reading"],
    "present": "a lot",
    "version": "7",
}


def context(*, posted: bool = False) -> dict[str, Any]:
    """The page's variables: an empty form, or one posted with mistakes."""
    day = datetime.timedelta(days=1)
    moment = datetime.datetime(2026, 3, 1, 14, 2, tzinfo=datetime.UTC)
    return {
        "form": EveryField(BAD) if posted else EveryField(),
        "row": Row(prefix="rows-0"),
        "user": {"is_authenticated": True, "get_full_name": "Anna Bell"},
        "demo": True,
        "navigation_items": [
            {"text": "Your children", "href": "/"},
            {"text": "Work queue", "href": "/gallery"},
            {"text": "People", "href": "/people/"},
        ],
        "crumbs": [{"text": "Your children", "href": "#a"}, {"text": "Samira", "href": "#b"}, {"text": "Spring plan"}],
        "facts": ["Year 9", "Fenwick Academy"],
        "hide": "",
        "left": ["Attendance", "Targets", "Views of the child"],
        "tasks": [
            {"title": "Write about strengths and what helps", "href": "#t1", "hint": "School: Anna Bell", "status": "Completed"},
            {"title": "Fill in attendance", "href": "#t2", "tag": "In progress", "colour": "yellow"},
            {"title": "Write about care", "href": "#t3", "tag": "Needs social worker", "colour": "purple"},
            {"title": "Sign off", "status": "Cannot start yet", "status_class": "govuk-task-list__status--cannot-start-yet"},
        ],
        "today": TODAY,
        "late": TODAY - 3 * day,
        "soon": TODAY + 4 * day,
        "later": TODAY + 40 * day,
        "facts_list": [
            ("School", "Fenwick Academy"),
            {"key": "Social worker", "value": "Tom Hale", "actions": [{"text": "Change", "href": "#c", "hidden": "social worker"}]},
        ],
        "target": [("What Samira will do", "Read one book of her own choice each fortnight"), ("Who helps", "Ms Ito")],
        "actions": [{"text": "Change", "href": "#d"}, {"text": "Copy", "href": "#e"}],
        "head": ["Child", "Year", "Due", "What is left", {"text": "Days", "format": "numeric"}],
        "rows": [
            ["Samira Okonkwo", "9", "5 March 2026", "Attendance, targets", 3],
            ["Leo Petrov", "11", "20 March 2026", "Views", {"text": 18}],
        ],
        "wide_head": ["Grade", *(f"{season} {year}" for year in (2023, 2024, 2025) for season in ("Autumn", "Spring", "Summer"))],
        "wide_rows": [[grade, *range(9)] for grade in ("Gold", "Green", "Amber", "Red")],
        "page_obj": Paginator(range(200), 10).page(7),
        "events": [
            {
                "at": moment,
                "title": "Sent to the social worker",
                "by": "Anna Bell",
                "text": "All sections are complete.\n\nThe meeting was held.",
            },
            {"at": moment - 3 * day, "title": "Meeting held", "by": "Tom Hale", "href": "#m"},
        ],
        "compared": [
            {"label": "Strengths", "theirs": "Reads well.", "mine": "Reads very well.\n\nLikes the library."},
            {"label": "Interests", "theirs": "Football", "mine": "Football"},
        ],
    }
