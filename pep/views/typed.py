"""What was typed into a section's forms: as posted, kept, shown again, compared with what is saved and joined with it."""

from typing import Any

from django.forms import BaseForm, BoundField
from django.forms.utils import ErrorDict, ErrorList
from django.http import QueryDict

from pep.forms.build import section_form, typed_data
from pep.forms.declaration import Audience
from pep.forms.declaration import Section as DeclaredSection
from pep.models import Draft
from pep.sections import PlanContents
from pep.views.editors import EDITORS, ITEM_FORMS, AnyForm

NOT_TYPED = {"csrfmiddlewaretoken", "page_mark", "add_row", "together", "next"}


def typed(data: QueryDict) -> dict[str, list[str]]:
    """What was typed into a form, as posted, without the machinery."""
    return {name: data.getlist(name) for name in data if name not in NOT_TYPED}


def as_data(fields: dict[str, list[str]], **replaced: Any) -> QueryDict:
    """Kept fields as form data again."""
    data = typed_data(fields)
    for name, value in replaced.items():
        data[name] = str(value)
    return data


def without_errors(built: list[Any]) -> list[Any]:
    """Forms and formsets that show what was typed and do not judge it yet."""
    for form in built:
        if isinstance(form, BaseForm):
            form._errors = ErrorDict()  # type: ignore[attr-defined]
        else:
            form._errors = [ErrorDict() for _ in form.forms]
            form._non_form_errors = ErrorList()
            without_errors(list(form.forms))
    return built


def posted_version(data: QueryDict) -> int:
    """The version a form was opened at; a missing or made-up one is as good as a stale one."""
    value = data.get("version", "")
    return int(value) if value.isascii() and value.isdigit() and len(value) < 10 else -1


def can_be_read(declared: DeclaredSection, audience: Audience, data: QueryDict) -> bool:
    """Whether everything typed into a section's questions can be read as an answer, so that none of it is left out of ``typed_answers``."""
    return section_form(declared, audience, data).is_valid()


def typed_answers(declared: DeclaredSection, audience: Audience, data: QueryDict) -> dict[str, Any]:
    """What was typed into a section's questions, as answers: what cannot be read as an answer is left out."""
    form = section_form(declared, audience, data)
    if form.is_valid():
        return form.answers()
    wrong = {name.split("-")[0] for name in form.errors}
    kept = QueryDict(mutable=True)
    for name in data:
        if name.split("-")[0] not in wrong:
            kept.setlist(name, data.getlist(name))
    return section_form(declared, audience, kept).answers()


def field_differences(declared: DeclaredSection, contents: PlanContents, audience: Any, data: QueryDict) -> list[tuple[str, str, str]]:
    """Field by field, what is saved and what was typed, where they differ."""
    rows = []
    theirs = EDITORS[declared.body].build(declared, contents, audience, None)
    for form in _plain_forms(theirs):
        for bound in form:
            saved, mine = bound.value(), bound.field.widget.value_from_datadict(data, {}, bound.html_name)
            if str(saved or "") != str(mine or ""):
                rows.append((str(bound.label), in_words(bound, saved), in_words(bound, mine)))
    return rows


def in_words(bound: BoundField, value: Any) -> str:
    """What a field holds, as its page shows it: of a choice its words, not its key."""
    choices = {str(key): str(words) for key, words in getattr(bound.field, "choices", ())}
    return choices.get(str(value), str(value)) if value else "Not answered"


def _plain_forms(built: list[AnyForm]) -> list[Any]:
    return [one for form in built for one in ([form] if isinstance(form, BaseForm) else form.forms)]


def forms_of(draft: Draft, declared: DeclaredSection, contents: PlanContents, audience: Audience) -> list[AnyForm]:
    """The forms a draft was typed into, with what was typed."""
    data = as_data(draft.fields)
    if declared.body not in ITEM_FORMS:
        return EDITORS[declared.body].build(declared, contents, audience, data) if declared.body in EDITORS else []
    items: list[Any] = [*contents.targets, *contents.actions]
    return [ITEM_FORMS[declared.body](data, instance=next((item for item in items if str(item.pk) == draft.part), None))]


def typed_words(built: list[AnyForm]) -> list[tuple[str, str]]:
    """Each question with what was typed for it, where that is not what is saved."""
    found = []
    for form in _plain_forms(built):
        for bound in form:
            mine, names = bound.value(), dict(getattr(bound.field, "choices", ()))
            if mine and not bound.is_hidden and bound.field.has_changed(bound.initial, mine):
                words = [str(names.get(one, one)) for one in (mine if isinstance(mine, list) else [mine])]
                found.append((str(bound.label), "\n".join(words)))
    return found


def says_what_is_saved(declared: DeclaredSection, contents: PlanContents, audience: Audience, data: QueryDict, part: str) -> bool:
    """Whether forms filled in with this say nothing but what is saved; a new target or action, whether one like it is there by now."""
    if declared.body not in ITEM_FORMS:
        return not field_differences(declared, contents, audience, data)
    items: list[Any] = [*contents.targets, *contents.actions]
    alike = [ITEM_FORMS[declared.body](data, instance=item) for item in items if part in ("new", str(item.pk))]
    return any(not form.has_changed() for form in alike)


def joined(theirs: list[AnyForm], posted: QueryDict) -> QueryDict:
    """Two people's entries in one form: differing texts one after the other, otherwise mine, or theirs where I left a gap."""
    data = as_data(typed(posted))
    for form in _plain_forms(theirs):
        for bound in form:
            saved = bound.value()
            mine = data.get(bound.html_name, "")
            if isinstance(saved, str) and saved.strip() and saved.strip() != mine.strip():
                long = bound.field.widget.__class__.__name__ == "Textarea"
                data[bound.html_name] = f"{saved}\n\n{mine}" if mine.strip() and long else (mine or saved)
    return data
