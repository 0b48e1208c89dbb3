"""The world that the access matrix walks: each child with a plan in every state, documents, money, moves and people who have left.

Everything that can be written about a child holds a canary, which names the child and whom it is for (``tests/matrix/readers.py``). What
the product's own functions do is done by them; what they would only ask for again is written as data.
"""

import hashlib
import uuid
from dataclasses import dataclass
from typing import Any

from django.utils import timezone

from accounts.models import Message, User
from children.models import Allocation, CareReview, Child, Enrolment
from pep import documents, moves
from pep.forms.declaration import Kind
from pep.invitations import bring_up_to_date
from pep.models import (
    Action,
    Attendee,
    CopyGiven,
    Document,
    Draft,
    EarlierPlan,
    FundingDecision,
    FundingRequest,
    Meeting,
    MeetingInvitation,
    Move,
    Plan,
    PlanSnapshot,
    Progress,
    RenderJob,
    Target,
    TargetReview,
)
from pep.models import Section as SectionRow
from pep.models.documents import Copy
from pep.models.quality import Grade
from pep.planning import create_plan
from pep.rubric import DEFAULT_AREAS
from pep.sections import approve_exception
from pep.timeliness import say_why_late
from pep.workflow import perform
from schools.models import School
from tests.remembered import remembered
from tests.world import DAY, World, allocate, build_world, canary, fill, member, person
from virtualschool.models import ImportBatch

CHILDREN = ("sam", "tia", "vic")
S = Plan.State


@dataclass(frozen=True)
class Cast:
    """Who does what for one child, by the tests' names; Vic has no social worker."""

    teacher: str
    worker: str
    officer: str
    head: str


CASTS = {
    "sam": Cast("anna", "fay", "kit", "lena"),
    "tia": Cast("bilal", "gus", "kit", "lena"),
    "vic": Cast("cora", "", "oli", "pia"),
}


@remembered
def whole_world() -> World:
    """The cast, with a teacher of other provision and one of a school that Sam has left, and each child's story."""
    world = build_world()
    for number, key in ((900098, "old"), (900099, "tuition")):
        world.schools[key] = School(urn=number, name=f"{key.capitalize()} Centre", la_code="901", status="Open")
        world.schools[key].save()
    for name, school in (("Pru", "tuition"), ("Finn", "old")):
        person(world, name)
        member(world, name, "designated_teacher", school=world.schools[school], authority=world.places["fenshire"].authority)
    world.people["uri"].job_title = "=HYPERLINK(1)"
    world.people["uri"].save()
    allocate(world, "tia", "reviewing_officer", "Stan", ends=world.today - 10 * DAY)  # once; no longer
    for key, cast in CASTS.items():
        tell_story(world, key, {role: world.people.get(name) for role, name in vars(cast).items()})
    return world


def tell_story(world: World, key: str, cast: dict[str, Any]) -> None:
    """One child's story, from coming to the school to a proposed move."""
    register(world, key, cast)
    complete_plan(world, key, cast)
    for state, end in ((S.CANCELLED, "cancel"), (S.CLOSED, "close")):
        perform(begun(world, key, cast), end, by=cast["officer"], comment=canary(key, state))
    to_check(world, key, cast)
    to_sign(world, key, cast)
    returned(world, key, cast)
    in_preparation(world, key, cast)
    moving(world, key, cast)


def register(world: World, key: str, cast: dict[str, Any]) -> None:
    """The child in the register; a name that a spreadsheet would run; a restriction that was lifted; people who came and went."""
    child = world.children[key]
    child.known_as, child.upn, child.uln = "=" + canary(key, "known"), canary(key, "u"), canary(key)
    child.restricted, child.restricted_because = True, canary(key, "council", "restricted")
    child.save()
    child.restricted, child.restricted_because = False, ""
    child.save()
    placement = child.placements.get()
    placement.phone = canary(key, "council", "phone")
    placement.save()
    here = child.enrolments.get(kind="main")
    reads = world.today + 10 * DAY if key == "sam" else here.starts
    left = {"starts": here.starts - 300 * DAY, "ends": here.starts, "readable_until": reads, "reason_left": canary(key, "left")}
    Enrolment(child=child, school=world.schools["old"], kind="main", **left).save()
    Enrolment(child=child, school=world.schools["tuition"], kind="tuition", starts=world.today).save()
    allocate(world, key, "school_contributor", "Uri", ends=world.today - 100 * DAY, named_by=cast["teacher"])
    CareReview(child=child, on=world.today + 20 * DAY).save()


def begun(world: World, key: str, cast: dict[str, Any], *, due: int = 30) -> Plan:
    """A plan for the child, due after some days."""
    return create_plan(world.children[key], reason="termly", due_on=world.today + due * DAY, by=cast["officer"], on=world.today)


def filled(world: World, key: str, cast: dict[str, Any], *, due: int = 30) -> Plan:
    """A plan with everything in it; a part written for a named person; a target with all its words."""
    plan = begun(world, key, cast, due=due)
    fill(plan, key)
    target = plan.targets.get()
    target.frequency, target.child_words = canary(key, "frequency"), canary(key, "childwords")
    target.save()
    for last in plan.previous.targets.all() if plan.previous else ():
        TargetReview(plan=plan, target=last, outcome="met", evidence=canary(key, "evidence"), impact="minimal", next="end").save()
    section = plan.sections.get(key="attendance")
    section.written_by, section.written_as, section.written_at = cast["officer"], "Virtual school officer", timezone.now()
    section.on_behalf_of, section.learned_by = canary(key, "behalf"), "telephone"
    section.save()
    return plan


def signed(world: World, plan: Plan, key: str, cast: dict[str, Any]) -> Plan:
    """Signed by the social worker; where there is none, a deadline passes and the virtual school goes on."""
    if cast["worker"]:
        return perform(plan, "sign_off", by=cast["worker"], comment=canary(key, "signed"))
    return perform(plan, "go_on_without_signature", by=cast["officer"], comment=canary(key, "unsigned"), on=world.today + 40 * DAY)


def graded_in_words(key: str, overall: str, *, comment: str) -> dict[str, Any]:
    """A grade with a word for every area."""
    areas = [(area["key"], area["title"], overall, canary(key, "area", overall)) for area in DEFAULT_AREAS]
    return {"overall": overall, "areas": areas, "comment": comment}


def complete_plan(world: World, key: str, cast: dict[str, Any]) -> None:
    """Submitted by the virtual school for a named person, signed, graded, frozen; with documents, money in every state and progress."""
    plan = filled(world, key, cast)
    said: dict[str, Any] = {"comment": canary(key, "submitted"), "on_behalf_of": canary(key, "behalf"), "learned_by": "telephone"}
    plan = signed(world, perform(plan, "submit", by=cast["officer"], **said), key, cast)
    plan = perform(plan, "grade", by=cast["head"], **graded_in_words(key, Grade.GREEN, comment=canary(key, "grade")))
    target, action = plan.targets.get(), plan.actions.get()
    for row in ({"target": target}, {"action": action}):
        Progress.objects.create(on=world.today, status="stuck", note=canary(key, "progress"), by=cast["teacher"], **row)
    for state in FundingRequest.State.values:
        agreed = 100 if state not in ("requested", "declined", "withdrawn") else None
        words = {"purpose": canary(key, "purpose", state), "financial_year": "2026-27", "state": state}
        FundingRequest(plan=plan, school=plan.school, amount=200, agreed_amount=agreed, **words).save()
    declined = FundingRequest.objects.get(plan=plan, state="declined")
    reason = canary(key, "purpose", "declined")
    FundingDecision.objects.create(request=declined, step="declined", reason=reason, on=world.today, by=cast["head"])
    frozen = PlanSnapshot.objects.get(plan=plan)
    for job in RenderJob.objects.filter(snapshot=frozen):
        content = documents.render(frozen.content, job.audience)
        sums = {"size": len(content), "sha256": hashlib.sha256(content).hexdigest()}
        Document.objects.create(snapshot=frozen, audience=job.audience, content=content, **sums)
        # It could not be made at first, say: whoever may have it can have it made again.
        job.state, job.error = "failed", canary(key, *(["council"] if job.audience == Copy.COUNCIL else []), "error")
        job.save()
    for audience in Copy.values:
        title = canary(key, *(["council"] if audience == Copy.COUNCIL else []), "earlier")
        about = {"plan_date": world.today, "uploaded_by": cast["officer"], "audience": audience, "sha256": audience, "size": 5}
        EarlierPlan.objects.create(child=plan.child, title=title, content=f"%PDF- {title}".encode(), **about)
    # One that a school brought and the council took out: it is not for any school any more.
    withdrawn = {"withdrawn_by": cast["head"], "withdrawn_at": timezone.now(), "withdrawn_because": canary(key, "council", "withdrawn")}
    about = {"plan_date": world.today, "uploaded_by": cast["teacher"], "audience": Copy.SCHOOL, "sha256": "withdrawn", "size": 5}
    EarlierPlan.objects.create(child=plan.child, title=canary(key, "council", "mistaken"), content=b"%PDF-", **about, **withdrawn)

    carer = frozen.plan.meeting.attendees.get(role="carer")
    carer.may_come, carer.may_know, carer.decided_by, carer.decided_at = "yes", "copy", cast["officer"], timezone.now()
    carer.save()
    note = canary(key, "council", "copynote")
    CopyGiven(attendee=carer, how="not_given", note=note, on=world.today, by=cast["officer"], capacity="Virtual school officer").save()


def to_check(world: World, key: str, cast: dict[str, Any]) -> None:
    """A plan that waits for the quality check and is late."""
    plan = filled(world, key, cast, due=-5)
    plan = signed(world, perform(plan, "submit", by=cast["teacher"], comment=canary(key, "submitted")), key, cast)
    plan.drawn = False  # not in the sample
    plan.save()
    assert say_why_late(plan, "other", canary(key, "late"), by=cast["officer"], on=world.today)


def to_sign(world: World, key: str, cast: dict[str, Any]) -> None:
    """A plan that waits for a signature; its meeting was not held, and it may go on without one."""
    plan = filled(world, key, cast)
    meeting = Meeting.objects.get(plan=plan)
    meeting.state, meeting.not_held_because = "not_held", canary(key, "notheld")
    meeting.save()
    assert approve_exception(plan, by=cast["officer"], reason=canary(key, "exception"))
    plan = perform(plan, "submit", by=cast["teacher"], comment=canary(key, "submitted"))
    plan.state_since -= 60 * DAY  # so long that the virtual school may go on
    plan.save()


def returned(world: World, key: str, cast: dict[str, Any]) -> None:
    """A plan that came back twice: for the school's part, and then for the social worker's, which is no matter of the school's."""
    plan = perform(filled(world, key, cast), "submit", by=cast["teacher"])
    plan = signed(world, plan, key, cast)
    plan = perform(plan, "return_from_check", by=cast["head"], comment=canary(key, "returned"), sections=["attendance"])
    looked_at(plan)
    plan = perform(plan, "submit", by=cast["teacher"])
    again = graded_in_words(key, Grade.RED, comment=canary(key, "council", "returned"))
    again["areas"] = [(*area[:3], canary(key, "council", "area")) for area in again["areas"]]
    plan = perform(plan, "grade", by=cast["head"], sections=["about_me"], **again)
    looked_at(plan)
    assert plan.state == S.RETURNED


def looked_at(plan: Plan) -> None:
    """The sections that went back are complete again, as data."""
    for section in plan.sections.filter(marked_complete=False):
        section.marked_complete, section.version = True, section.version + 1
        section.save()


def in_preparation(world: World, key: str, cast: dict[str, Any]) -> None:
    """A plan in which two people are typing, whose meeting is booked and whose last targets are reviewed."""
    plan = filled(world, key, cast)
    for name, section in (("teacher", "leisure"), ("worker", "about_me")):
        if cast[name]:
            row = SectionRow.objects.get(plan=plan, key=section)
            question = next(one for one in plan.form.section(section).questions if one.kind is Kind.TEXT)
            typed = {question.key: [canary(key, "typed", cast[name].name.split()[0].lower())]}
            Draft(user=cast[name], section=row, base_version=row.version, fields=typed, saved_at=timezone.now()).save()
    invite(plan, key, cast)


def invite(plan: Plan, key: str, cast: dict[str, Any]) -> None:
    """Book the meeting for a week from now, its place to stand in calendars, and invite teacher and mother; the carer waits."""
    meeting = Meeting.objects.get(plan=plan)
    meeting.state, meeting.starts_at, meeting.booked_by = "booked", timezone.now() + 7 * DAY, cast["officer"]
    meeting.place, meeting.place_in_calendar = canary(key, "calendar", "place"), True
    meeting.save()
    carer = meeting.attendees.get()
    carer.email = canary(key, "council", "carer") + "@example.test"
    carer.save()
    teacher: User = cast["teacher"]
    Attendee(meeting=meeting, role="designated_teacher", name=teacher.name, user=teacher).save()
    mother = Attendee(meeting=meeting, role="parent", name=canary(key, "mother"), email=canary(key, "council", "mother") + "@example.test")
    mother.may_come, mother.may_know, mother.decided_by, mother.decided_at = "yes", "date", cast["officer"], timezone.now()
    mother.save()
    bring_up_to_date(meeting, by=cast["officer"])


def moving(world: World, key: str, cast: dict[str, Any]) -> None:
    """A move that was confirmed and taken back, and one that waits for a second person."""
    child = world.children[key]
    where: dict[str, Any] = {"to_school": world.schools["unit"], "starts_on": world.today + 5 * DAY}
    first = moves.propose(child, reason=canary(key, "move"), by=cast["officer"], **where)
    moves.take_back(moves.confirm(first, by=cast["head"]), by=cast["head"], because=canary(key, "takenback"))
    moves.propose(child, reason=canary(key, "move"), by=cast["officer"], **where)


class Absent:
    """A key that names nothing."""

    pk = uuid.uuid4()


def things(world: World, key: str) -> dict[str, Any]:
    """What the addresses' keys name, for one child: by the names that the access table uses."""
    child: Child = world.children[key]
    plans = {plan.state: plan for plan in Plan.objects.filter(child=child)}
    plan, complete = plans[S.PREPARING], plans[S.COMPLETE]
    attendees = plan.meeting.attendees
    return {
        **plans,
        **{f"{job.audience}_job": job for job in RenderJob.objects.filter(snapshot__plan=complete)},
        **{f"{copy.audience}_document": copy for copy in Document.objects.filter(snapshot__plan=complete).defer("content")},
        **{
            f"{earlier.audience}_earlier": earlier
            for earlier in EarlierPlan.objects.filter(child=child, withdrawn_at=None).defer("content")
        },
        **{f"{money.state}_money": money for money in FundingRequest.objects.filter(plan=complete, target=None)},
        "child": child,
        "money": FundingRequest.objects.get(plan=plan),
        "contributor": Allocation.objects.filter(child=child, role="school_contributor").order_by("starts").last(),
        "invitation": MeetingInvitation.objects.get(meeting__plan=plan, user__isnull=False),
        "proposed": child.moves.get(state=Move.State.PROPOSED),
        "taken_back": child.moves.get(state=Move.State.TAKEN_BACK),
        "placement": child.placements.get(),
        "care_period": child.care_periods.get(),
        "enrolment": child.enrolments.get(kind="tuition"),
        "allocation": child.allocations.filter(role="social_worker").get(),
        "care_review": CareReview.objects.get(child=child),
        "<target>": f"target:{Target.objects.get(plan=complete).pk}",
        "<team>": str(child.allocations.get(role="social_worker").team_id),
        **{f"<{part}>": str(getattr(world.today + 10 * DAY, part)) for part in ("day", "month", "year")},
        **{f"<today_{part}>": str(getattr(world.today, part)) for part in ("day", "month", "year")},
        "<attendee>": str(attendees.get(role="carer").pk),
        "<targets>": str(Target.objects.get(plan=plan).pk),
        "<actions>": str(Action.objects.get(plan=plan).pk),
    }


HEADINGS = b"Given name,Family name,Date of birth,Identifier,Legal status,Care start\n"


def belongings(world: World) -> dict[str, Any]:
    """Things of Fenshire's that are no child."""
    fenshire, kit, hana = world.places["fenshire"], world.people["kit"], world.people["hana"]
    content = HEADINGS + f"{canary('batch')},{canary('batch')},15/01/2015,1,C2,01/09/2026\n".encode()
    batch = ImportBatch(authority=fenshire.authority, kind="children", uploaded_by=kit, file_name="a.csv", content=content)
    batch.save()
    closed = User.objects.create_user("zed@example.test", "Zed Example", is_active=False)
    member(World(world.today, people={"zed": closed}), "zed", "officer", virtual_school=fenshire.virtual_school)
    return {
        "school": world.schools["hill"],
        "team": fenshire.team,
        "term": fenshire.term,
        "authority": fenshire.authority,
        "policy": fenshire.policy,
        "virtual_school": fenshire.virtual_school,
        "import": batch,
        "person": hana,
        "closed": closed,
        "role": hana.memberships.get(),
        "message": Message.objects.create(key="a", recipient=world.people["anna"], rule="plan_opened"),
        "mail": Message.objects.create(key="b", recipient=hana, rule="plan_opened", mail=Message.Mail.FAILED),
    }
