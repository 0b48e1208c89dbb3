"""Saving and autosaving one section through the product's own views, beside a view that updates one row and does nothing else."""

from typing import Any

from django.test import Client
from django.urls import reverse
from django.utils import timezone

from benchmarks.nation_plans import TEXT
from benchmarks.report import Table, medians, milliseconds, ratio
from pep.forms.declaration import Kind, Owner
from pep.models import Plan, Section
from pep.planning import holders_of
from tests.world import signed_in

SAVED, BESIDE = "strengths", "leisure"  # two of the school's sections: the product saves one, the bare view the other


def plan_to_write() -> Plan:
    """A plan in preparation of the large authority, for a child with a school."""
    found: Plan = (
        Plan.objects.filter(child__authority__code="001", state=Plan.State.PREPARING, school__isnull=False, sections__key=SAVED)
        .select_related("child__authority")
        .order_by("child__identifier")[0]
    )
    return found


def must(answer: Any, status: int) -> None:
    """Raise AssertionError when a view did not do what it is measured for."""
    if answer.status_code != status:
        raise AssertionError(f"{answer.status_code}, not {status}: {answer.content[:500]!r}")


def run(rounds: int) -> Table:
    """Medians of saving and autosaving, every one committed. Raises AssertionError when a save is refused."""
    plan = plan_to_write()
    teacher = holders_of(plan, Owner.SCHOOL, timezone.localdate())[0].user
    client: Client = signed_in(teacher)
    questions = [question for question in plan.form.section(SAVED).questions if question.kind in (Kind.TEXT, Kind.LINE)]
    typed = {question.key: TEXT if question.kind is Kind.TEXT else TEXT[:60] for question in questions}
    address = {"pk": plan.pk, "key": SAVED}
    save_url, draft_url = reverse("pep:section-edit", kwargs=address), reverse("pep:section-draft", kwargs=address)
    bare_url = reverse("bare", kwargs={"pk": Section.objects.get(plan=plan, key=BESIDE).pk})
    began = version = Section.objects.get(plan=plan, key=SAVED).version

    def save() -> None:
        nonlocal version
        must(client.post(save_url, {**typed, "version": str(version), "complete": "yes"}), 302)
        version += 1

    def bare_save() -> None:
        must(client.post(bare_url, {**typed, "version": str(version), "complete": "yes"}), 302)

    def autosave() -> None:
        must(client.post(draft_url, {**typed, "version": str(version), "complete": "yes"}), 200)

    def bare_autosave() -> None:
        must(client.post(f"{bare_url}?autosave", {**typed, "version": str(version), "complete": "yes"}), 200)

    saving, bare, keeping, bare_keeping = medians([save, bare_save, autosave, bare_autosave], rounds * 2)
    if Section.objects.get(plan=plan, key=SAVED).version != began + rounds * 2 + 1:
        raise AssertionError("not every save was kept")
    return Table(
        "Saving a section",
        f"The section “{plan.form.section(SAVED).title}” with {len(questions)} texts, posted by its designated teacher through the "
        "product's own views and middleware (Django's test client, in one process, each save committed), beside a view behind the same "
        "sign-in that updates one row. What the product does besides: asks who may, writes who looked, reads the plan, checks the "
        "answers, locks plan and section, compares versions, and keeps the history.",
        ("", "ms", "bare view, ms", "ratio"),
        [
            ("save", milliseconds(saving), milliseconds(bare), ratio(saving, bare)),
            ("autosave", milliseconds(keeping), milliseconds(bare_keeping), ratio(keeping, bare_keeping)),
        ],
    )
