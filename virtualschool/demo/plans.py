"""Leads each made-up child's plans through their lives: past ones to the frozen end, the present one as far as its stage says."""

import datetime
from collections.abc import Collection
from decimal import Decimal

from django.utils import timezone

from accounts.models import Message, User
from accounts.policy import Relation
from accounts.relations import holders
from children.models import Child
from pep import deadlines, escalation, funding, moves
from pep.forms.declaration import Owner
from pep.models import Deadline, FundingRequest, Plan, Progress, Section
from pep.planning import create_plan
from pep.rubric import DEFAULT_AREAS
from pep.workflow import perform
from schools.models import Policy, Term
from schools.timetable import ONE_DAY, add_working_days
from virtualschool.demo.children import DUE_IN, Someone
from virtualschool.demo.moments import as_if
from virtualschool.demo.register import Demo
from virtualschool.demo.words import GRADE_COMMENTS, RETURNED
from virtualschool.demo.writing import Pen, book_meeting, hold_meeting, look_at_targets_again, set_targets, write_part

# Days before the due date on which each step of a plan is done.
CREATED, CARE_WRITTEN, SCHOOL_WRITTEN, BOOKED, MET, TARGETS_SET, SUBMITTED, SIGNED, GRADED = 42, 25, 20, 18, 9, 8, 6, 4, 2
# Stages in the order of the work, and up to which step each has come.
UP_TO: dict[str, int] = {
    "new": CREATED, "begun": SCHOOL_WRITTEN, "cancelled": SCHOOL_WRITTEN, "overdue_school": SCHOOL_WRITTEN, "booked": BOOKED,
    "overdue_care": BOOKED, "closed": BOOKED, "meeting_held": MET, "sign_off": SUBMITTED, "sign_off_late": SUBMITTED,
    "returned_care": SUBMITTED, "unsigned": SUBMITTED, "check": SIGNED, "returned_check": SIGNED,
    "gold": GRADED, "green": GRADED, "amber": GRADED,
}  # fmt: skip
FIRST_PLAN_WITHIN = datetime.timedelta(days=60)
READ_AFTER = datetime.timedelta(days=10)


def build_plans(demo: Demo) -> int:
    """Make every plan of the demonstration; how many there are."""
    for someone, child in demo.children:
        _past(demo, someone, child)
        if someone.stage != "none":
            due_on = demo.on + ONE_DAY * DUE_IN[someone.stage]
            now = Term.objects.filter(authority=child.authority, school=None, starts__lte=demo.on, ends__gt=demo.on).first()
            due_on = min(due_on, now.plans_due_on) if now and due_on > demo.on else due_on
            _live(demo, someone, child, due_on, someone.stage)
    _decide_on_money(demo)
    _propose_move(demo)
    for _, child in demo.children:
        deadlines.refresh(child, on=demo.on, because="Plans were made up for the demonstration")
    _read_old_messages(demo)
    # Of the night's work this alone is done beforehand: a headteacher has nothing else to look at.
    escalation.send([late for late in escalation.due_escalations(demo.on) if late.rung.beside])
    return Plan.objects.count()


def _past(demo: Demo, someone: Someone, child: Child) -> None:
    terms = Term.objects.filter(authority=child.authority, ends__lte=demo.on).order_by("-starts")[: someone.past]
    first = child.care_periods.order_by("starts")[0]
    for term in sorted(terms, key=lambda term: term.starts):
        created = term.plans_due_on - ONE_DAY * CREATED
        if created >= first.starts and (first.ends is None or term.plans_due_on < first.ends):
            grade = demo.chance.choice(("green", "green", "gold", "amber", "amber", "red"))
            _live(demo, someone, child, term.plans_due_on, grade, term)
    if not child.plans.exists() and first.starts < demo.on - FIRST_PLAN_WITHIN:
        _live(demo, someone, child, add_working_days(first.starts, Policy().first_plan_working_days), "green")


def _reason(child: Child, opened: datetime.date) -> str:
    """Why a plan was opened: the first since the child came into care, or one more. Older first plans were made before this record began."""
    first = not child.plans.exists() and child.care_periods.filter(starts__gt=opened - FIRST_PLAN_WITHIN).exists()
    return Plan.Reason.INITIAL.value if first else Plan.Reason.TERMLY.value


def _live(demo: Demo, someone: Someone, child: Child, due_on: datetime.date, stage: str, term: Term | None = None) -> None:
    """One plan, from the day it was opened as far as its stage goes. A red one goes back once and comes home green.

    The plans of earlier terms opened by themselves, for their term; the present ones were begun by the virtual school, for a day it chose.
    """
    end = UP_TO.get(stage, GRADED)

    def day(before: int) -> datetime.date:
        return due_on - ONE_DAY * before

    opened = max(day(CREATED), child.care_periods.order_by("starts")[0].starts + ONE_DAY)
    reason = _reason(child, opened)
    by, due = (None, _due_in(term)) if term else (_officer(child, opened), None)
    with as_if(by, opened, hour=7):
        clocks = _first_date(child, opened) if reason == Plan.Reason.INITIAL else None
        if clocks:
            by, due_on, due = None, clocks.due_on, deadlines.due_of(clocks)
        plan = create_plan(child, reason=reason, due_on=due_on, by=by, on=opened, term=term, due=due)
    pen = _pen(demo, someone, plan, day(CARE_WRITTEN), past=end == GRADED)
    if end <= CARE_WRITTEN and stage != "overdue_care":
        write_part(pen, Owner.SOCIAL_WORKER, day(CARE_WRITTEN), share=0.6 if stage in ("begun", "cancelled") else 1)
    if end <= SCHOOL_WRITTEN and stage != "overdue_school":
        write_part(pen, Owner.SCHOOL, day(SCHOOL_WRITTEN), share=0.5 if stage in ("begun", "closed") else 1)
    if end <= BOOKED:
        book_meeting(pen, day(BOOKED), day(MET))
    if end <= MET:
        hold_meeting(pen, day(MET))
    if end <= TARGETS_SET:
        set_targets(pen, day(TARGETS_SET))
    if end <= SUBMITTED:
        _submit(pen, day(SUBMITTED))
    if end <= SIGNED:
        _sign(pen, day(SIGNED))
    if end <= GRADED and stage != "unsigned":
        _grade(demo, pen, stage, day(GRADED))
    _turn(demo, pen, stage, due_on)


def _first_date(child: Child, opened: datetime.date) -> Deadline | None:
    deadlines.refresh(child, on=opened, because="A plan was begun")
    return deadlines.next_plan(child)


def _due_in(term: Term) -> dict[str, str]:
    return {
        "due_reason": "termly",
        "due_words": f"The last day for plans of the {term.get_name_display().lower()} term {term.plans_due_on.year}",
        "due_citation": "The authority’s term dates",
    }


def _pen(demo: Demo, someone: Someone, plan: Plan, on: datetime.date, *, past: bool) -> Pen:
    behalf = "Alan Birch, designated teacher" if someone.school == "thornfen" else ""
    named = plan.child.allocations.filter(role=Relation.SCHOOL_CONTRIBUTOR, starts__lte=on + ONE_DAY * 5).exists()
    earlier = {section.key: section.answers for section in Section.objects.filter(plan=plan.previous)} if plan.previous else {}
    return Pen(
        plan,
        demo.chance,
        past,
        demo.people[someone.contributor] if someone.contributor and named else None,
        behalf,
        earlier,
    )


def _officer(child: Child, on: datetime.date, *, but_not: Collection[User] = ()) -> User:
    """The first officer, or the head where every officer has had a hand in it already."""
    staff = [(user, relation) for user, relation, _ in holders(child.authority.virtual_school, on) if user not in but_not]
    officers = [user for user, relation in staff if relation is Relation.OFFICER]
    return (officers or [user for user, relation in staff if relation is Relation.HEAD])[0]


def _submit(pen: Pen, day: datetime.date) -> None:
    by = pen.holder(Owner.SCHOOL, day)
    with as_if(by, day, hour=15):
        perform(pen.plan, "submit", by=by, on=day, on_behalf_of=pen.on_behalf_of, learned_by="telephone" if pen.on_behalf_of else "")


def _sign(pen: Pen, day: datetime.date) -> None:
    by = pen.holder(Owner.SOCIAL_WORKER, day)
    with as_if(by, day, hour=11):
        perform(pen.plan, "sign_off", by=by, on=day, comment="I agree with the targets and the help.")


_SAID = {"red": "The targets cannot be measured. Please see the comments and send it again.", **GRADE_COMMENTS}
_LOWER = {"gold": "green", "green": "amber", "amber": "red", "red": "amber"}


def _grade(demo: Demo, pen: Pen, grade: str, day: datetime.date) -> None:
    signed = [row.by for row in pen.plan.sign_offs.filter(voided_at=None).select_related("by")]
    by = _officer(pen.plan.child, day, but_not=signed)
    areas = [
        (row["key"], row["title"], _LOWER[grade] if demo.chance.random() < 0.25 else grade, row["words"][grade]) for row in DEFAULT_AREAS
    ]
    with as_if(by, day, hour=14):
        plan = perform(
            pen.plan,
            "grade",
            by=by,
            on=day,
            overall=grade,
            areas=areas,
            comment=_SAID[grade],
            sections=["targets"] if grade == "red" else (),
        )
    if plan.state == Plan.State.RETURNED:
        look_at_targets_again(pen, day + ONE_DAY)
        _submit(pen, day + ONE_DAY)
        _grade(demo, pen, "green", day + ONE_DAY * 2)
    elif demo.chance.random() < 0.4:
        _progress(pen, day + ONE_DAY * 6, demo.on)


def _progress(pen: Pen, day: datetime.date, today: datetime.date) -> None:
    target = pen.plan.targets.first()
    if target and day < today:
        by = pen.holder(Owner.SCHOOL, day)
        with as_if(by, day):
            Progress.objects.create(
                target=target,
                on=day,
                status=Progress.Status.ON_TRACK,
                note="The first sessions went well.",
                by=by,
                capacity="Designated teacher",
            )


def _turn(demo: Demo, pen: Pen, stage: str, due_on: datetime.date) -> None:
    """What makes some plans special: they were returned, went on unsigned, were cancelled or closed."""
    plan, yesterday = pen.plan, demo.on - ONE_DAY
    officer = _officer(plan.child, yesterday)
    if stage == "returned_care":
        by = pen.holder(Owner.SOCIAL_WORKER, yesterday)
        with as_if(by, yesterday):
            perform(plan, "return_from_sign_off", by=by, on=yesterday, comment=RETURNED[stage], sections=["health"])
    elif stage == "returned_check":
        day = due_on - ONE_DAY * 2
        with as_if(officer, day):
            perform(plan, "return_from_check", by=officer, on=day, comment=RETURNED[stage], sections=["targets", "child_views"])
    elif stage == "unsigned":
        day = due_on + ONE_DAY * 13
        with as_if(officer, day):
            perform(plan, "go_on_without_signature", by=officer, on=day, comment="The social worker has left; the post is empty.")
        _grade(demo, pen, "green", day + ONE_DAY * 2)
    elif stage == "cancelled":
        with as_if(officer, yesterday):
            perform(plan, "cancel", by=officer, on=yesterday, comment="Opened twice by mistake for the same term.")
    elif stage == "closed":
        with as_if(officer, yesterday):
            perform(
                plan,
                "close",
                by=officer,
                on=yesterday,
                comment="The meeting fell through three times. A new plan will be begun with the college.",
            )


def _decide_on_money(demo: Demo) -> None:
    """Decide on most requests of complete plans, pay the old ones, and leave some of each kind to be done."""
    open_requests = FundingRequest.objects.select_related("plan__child__authority__virtual_school").order_by("created_at")
    for number, request in enumerate(open_requests.filter(plan__state=Plan.State.COMPLETE)):
        completed = request.plan.completed_at
        if completed is None or number % 7 == 6:
            continue
        day = min(timezone.localdate(completed) + ONE_DAY * 2, demo.on)
        staff = User.objects.in_bulk(funding.askers(request))
        officer = _officer(request.plan.child, day, but_not=list(staff.values()))
        with as_if(officer, day, hour=16):
            if request.state == FundingRequest.State.REQUESTED:
                if number % 5 == 1:
                    funding.take_step(request, "declined", by=officer, on=day, reason="The school’s own budget pays for this already.")
                    continue
                step = "part" if number % 4 == 2 else "agreed"
                amount = request.amount * Decimal("0.5") if step == "part" else None
                reason = "Half now; the rest when the first results are in." if step == "part" else ""
                request = funding.take_step(request, step, by=officer, on=day, amount=amount, reason=reason)
        before = User.objects.in_bulk(funding.deciders(request) | funding.completers(request))
        officer = _officer(request.plan.child, day, but_not=list(before.values()))
        with as_if(officer, day, hour=16, minute=30):
            if number % 3 or demo.on - day > READ_AFTER * 4:
                request = funding.take_step(request, "approved", by=officer, on=day)
            if request.state == FundingRequest.State.APPROVED and demo.on - day > READ_AFTER * 4:
                funding.take_step(request, "paid", by=officer, on=day)


def _propose_move(demo: Demo) -> None:
    """One change of school that waits for a second person."""
    child = next(child for someone, child in demo.children if (someone.given, someone.family) == ("Ruby", "Stannard"))
    by = demo.people["joan"]
    with as_if(by, demo.on - ONE_DAY):
        moves.propose(
            child,
            to_school=demo.schools["larkmere"],
            starts_on=demo.on + ONE_DAY * 14,
            reason="Her carers are moving to the other side of town.",
            by=by,
        )


def _read_old_messages(demo: Demo) -> None:
    """What people were told long ago has been read, and no mail about it goes out now."""
    for message in Message.objects.filter(created_at__date__lt=demo.on - READ_AFTER):
        message.read_at, message.mail = message.created_at, Message.Mail.NONE
        message.save()
