"""What a parent may know may be the plan itself: who may have a copy, who is reminded of it, who gives it, and who never hears of it."""

import datetime
from typing import Any

import pytest
from django.core import mail as outgoing
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts import mail
from pep.copies import allowed_for, due
from pep.models import Attendee, CopyGiven, Document, Meeting, Plan
from pep.workflow import perform
from tests.accounts.signing_in import by_day
from tests.pep.test_home import groups
from tests.pep.test_workflow import NEEDS, bring_to
from tests.world import DAY, World, begin, build_world, fill, press, signed_in, submit_again

pytestmark = pytest.mark.django_db
MOTHER, GRAN = "CANARY-mother", "CANARY-gran"


@pytest.fixture
def world() -> World:
    return build_world()


def decided(plan: Plan, name: str, may_know: str = "copy", **fields: Any) -> Attendee:
    """Somebody without an account about whom the social worker decided."""
    meeting = Meeting.objects.get(plan=plan)
    one = Attendee(meeting=meeting, role="parent", name=name, may_come="yes", may_know=may_know, decided_at=timezone.now(), **fields)
    one.save()
    return one


def complete(world: World, key: str = "sam", *, ready: bool = True) -> Plan:
    """A complete plan: its mother may have a copy, grandmother may know the date alone."""
    plan = begin(world, key)
    fill(plan, key)
    decided(plan, MOTHER, email="mother@home.test")
    decided(plan, GRAN, "date")
    plan = bring_to(plan, "complete", world)
    if ready:
        make_ready(plan)
    return plan


def make_ready(plan: Plan) -> None:
    for audience in ("council", "school"):
        Document.objects.create(snapshot=plan.snapshot, audience=audience, content=b"%PDF-", size=5, sha256=f"{plan.pk}{audience}"[:64])


def path(plan: Plan, name: str = MOTHER) -> str:
    return f"/plans/{plan.pk}/copies/{Attendee.objects.get(meeting__plan=plan, name=name).pk}/"


def typed(how: str = "handed", on: datetime.date | None = None, note: str = "") -> dict[str, str]:
    on = on or timezone.localdate()
    return {"how": how, "note": note, "on-day": str(on.day), "on-month": str(on.month), "on-year": str(on.year)}


def test_a_copy_is_due_once_the_plan_is_complete_and_its_school_document_ready(world: World) -> None:
    """F5. Not before: there is nothing to give."""
    plan = begin(world, "sam")
    fill(plan, "sam")
    decided(plan, MOTHER)
    fay = signed_in(world.people["fay"])
    assert fay.get(path(plan)).status_code == 302 and fay.post(path(plan), typed()).status_code == 302
    plan = bring_to(plan, "complete", world)
    assert allowed_for(plan) == [] and not CopyGiven.objects.exists()
    assert not any("copy of the plan" in words for words in groups(world, "fay")["Do now"])
    make_ready(plan)
    assert groups(world, "fay")["Do now"] == [f"Give the copy of the plan to {MOTHER}"]
    for page in (f"/plans/{plan.pk}/", f"/plans/{plan.pk}/sections/meeting/"):
        text = fay.get(page).content.decode()
        assert "Copies for people without an account" in text and "Not given yet" in text and path(plan) in text
    form = fay.get(path(plan)).content.decode()
    document = Document.objects.get(snapshot__plan=plan, audience="school")
    assert f"/documents/{document.pk}/" in form and "Do not send it by e-mail" in form


def test_only_for_whom_it_was_decided(world: World) -> None:
    plan = complete(world)
    assert [one.name for one in allowed_for(plan)] == [MOTHER]
    fay = signed_in(world.people["fay"])
    assert fay.post(path(plan, GRAN), typed()).status_code == 302 and not CopyGiven.objects.exists()


@pytest.mark.parametrize("how", [how.value for how in CopyGiven.How])
def test_how_it_was_given_is_kept_with_day_and_name_and_told_on_the_timeline(world: World, how: str) -> None:
    plan = complete(world)
    note = "CANARY-why" if how == "not_given" else ""
    assert press(signed_in(world.people["fay"]), path(plan), typed(how, note=note)).status_code == 302
    row = CopyGiven.objects.get()
    assert (row.attendee.name, row.how, row.on, row.by, row.capacity) == (MOTHER, how, world.today, world.people["fay"], "Social worker")
    [kept] = row.history.all()
    assert kept.history_user_id == world.people["fay"].pk
    words = row.get_how_display().lower()
    for name in ("fay", "kit", "jo"):
        client = signed_in(world.people[name])
        assert f"recorded the copy of the plan for {MOTHER}: {words} on" in client.get(f"/plans/{plan.pk}/timeline/").content.decode()
        page = client.get(f"/plans/{plan.pk}/").content.decode()
        assert words in page and "Fay Example, social worker" in page and note in page
    assert not any("copy of the plan" in line for line in groups(world, "fay")["Do now"])


def test_the_school_never_learns_who_has_a_copy(world: World) -> None:
    """A5: what a parent may know is for the council alone."""
    plan = complete(world)
    press(signed_in(world.people["fay"]), path(plan), typed())
    for name in ("anna", "eve"):
        client = signed_in(world.people[name])
        assert client.get(path(plan)).status_code == client.post(path(plan), typed()).status_code == 403
        for page in ("", "timeline/", "read/", "sections/meeting/"):
            text = client.get(f"/plans/{plan.pk}/{page}").content.decode()
            assert "Copies for people" not in text and "copy of the plan" not in text, page
    assert signed_in(world.people["bilal"]).get(path(plan)).status_code == 404


@pytest.mark.parametrize(("name", "status"), [("fay", 200), ("hana", 200), ("kit", 200), ("moe", 200), ("jo", 403), ("rosa", 403)])
def test_the_social_worker_their_managers_and_the_virtual_school_give_it(world: World, name: str, status: int) -> None:
    plan = complete(world)
    client = signed_in(world.people[name])
    assert client.get(path(plan)).status_code == status
    assert ("Say how it was given" in client.get(f"/plans/{plan.pk}/").content.decode()) is (status == 200)


def test_a_wrong_day_or_a_reason_left_out_is_said_at_its_place_and_changes_nothing(world: World) -> None:
    plan, fay = complete(world), signed_in(world.people["fay"])
    for data, words in (
        (typed(on=world.today + DAY), "The day cannot be in the future"),
        (typed(on=world.today - DAY), "The day cannot be before the plan was complete"),
        (typed("not_given"), "Say why it was not given"),
        (typed(""), "Choose how it was given"),
        (typed("mailed"), "There is a problem"),
        ({"how": "handed"}, "There is a problem"),
    ):
        page = press(fay, path(plan), data)
        assert page.status_code == 200 and words in page.content.decode(), words
    assert not CopyGiven.objects.exists()


def test_a_mistake_is_put_right_and_the_history_keeps_both(world: World) -> None:
    plan = complete(world)
    press(signed_in(world.people["fay"]), path(plan), typed("posted"))
    assert "posted" in signed_in(world.people["kit"]).get(f"/plans/{plan.pk}/").content.decode()
    press(signed_in(world.people["kit"]), path(plan), typed("handed"))
    row = CopyGiven.objects.get()
    assert (row.how, row.by, row.capacity) == ("handed", world.people["kit"], "Virtual school officer")
    assert [kept.how for kept in row.history.order_by("history_id")] == ["posted", "handed"]


def test_the_manager_is_told_that_it_waits_for_the_social_worker_and_gives_it_where_there_is_none(world: World) -> None:
    complete(world)
    assert groups(world, "hana")["Waiting for others"] == [f"Waiting for the social worker to give the copy to {MOTHER}"]
    world.people["fay"].is_active = False
    world.people["fay"].save()
    assert f"Give the copy of the plan to {MOTHER}" in groups(world, "hana")["Do now"]
    assert not any("copy" in words for name in ("anna", "jo") for lines in groups(world, name).values() for words in lines)


def test_a_corrected_version_that_is_complete_is_given_instead_of_the_first(world: World) -> None:
    plan, sam = complete(world), world.children["sam"].pk
    perform(plan, "correct", by=world.people["kit"], **NEEDS["correct"])
    second = Plan.objects.get(corrects=plan)
    assert [one.meeting.plan for one in due([sam])] == [plan]
    submit_again(second, by=world.people["anna"])
    if second.state == Plan.State.AWAITING_SIGN_OFF:
        perform(second, "sign_off", by=world.people["fay"])
    perform(Plan.objects.get(pk=second.pk), "grade", by=world.people["kit"], **NEEDS["grade"])
    second.refresh_from_db()
    assert second.state == Plan.State.COMPLETE and due([sam]) == []
    make_ready(second)
    assert [one.meeting.plan for one in due([sam])] == [second]


def test_no_copy_is_ever_mailed(world: World) -> None:
    """F6."""
    plan = complete(world)
    press(signed_in(world.people["fay"]), path(plan), typed())
    while mail.sweep(now=by_day()):
        pass
    assert not [email for email in outgoing.outbox if email.attachments or "mother@home.test" in email.to]


def test_the_first_page_asks_the_same_for_one_copy_and_for_many(world: World) -> None:
    client, counts = signed_in(world.people["hana"]), []
    plan = complete(world)
    client.get("/")  # what a process asks once
    for _ in range(2):
        with CaptureQueriesContext(connection) as queries:
            client.get("/")
        counts.append(len(queries))
        for name in ("CANARY-father", "CANARY-aunt"):
            decided(plan, name)
    assert counts[0] == counts[1]
