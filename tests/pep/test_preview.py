"""A policy's preview counts what the night would send if the policy were in force."""

from collections import Counter

import pytest

from accounts.models import Message
from children.models import CarePeriod
from pep.deadlines import refresh
from pep.escalation import JUST_OPENED
from pep.forms.registry import FORMS
from pep.models import Deadline
from pep.preview import messages_today
from pep.reminders import BY_WORKFLOW
from pep.tasks import daily
from schools.models import Policy
from tests.world import DAY, World, begin, build_world, reviewed_elsewhere

pytestmark = pytest.mark.django_db

GROUPS = {
    "plan_opened": "opened", "plan_reminder": "reminded", "plan_overdue": "reminded", "plan_late_to_manager": "5 working days late",
    "plan_late_to_headteacher": "7 working days late", "plan_late_to_head": "15 working days late",
    "step_late": "The day after the date of a step", "step_late_to_manager": "5 working days after the date of a step",
    "step_late_to_head": "15 working days after the date of a step",
}  # fmt: skip


@pytest.fixture
def world() -> World:
    world = build_world()
    policy = world.places["fenshire"].policy
    policy.headteacher_working_days = 7
    policy.save()
    return world


def foretold(world: World) -> Counter[str]:
    """By step how many messages the preview of Fenshire's policy counts."""
    found: Counter[str] = Counter()
    for step in messages_today(Policy.objects.get(pk=world.places["fenshire"].policy.pk), world.today):
        name = "opened" if step.name == "A plan opens" else "reminded" if "due date" in step.name else step.name
        found[name] += step.messages
    return +found


def sent_in_the_night(world: World) -> Counter[str]:
    """The same of what the night really writes to people of Fenshire."""
    before = set(Message.objects.values_list("pk", flat=True))
    daily(world.today.isoformat())
    others = [child.pk for child in world.children.values() if child.authority_id != world.places["fenshire"].authority.pk]
    rows = Message.objects.exclude(pk__in=before).exclude(about_child__in=others).filter(rule__in=GROUPS)
    return Counter(GROUPS[rule] for rule in rows.values_list("rule", flat=True))


@pytest.mark.parametrize("reviewed", [None, 160, 178, 185])
@pytest.mark.parametrize("begun", [False, True])
def test_the_preview_counts_what_the_night_sends_to_everybody_by_every_step(world: World, reviewed: int | None, begun: bool) -> None:
    """Plans that open tonight rise as begun, their invitations may be late at once, and what was to begin is begun."""
    for child in world.children.values():
        if reviewed:
            reviewed_elsewhere(world, next(key for key, one in world.children.items() if one == child), days_ago=reviewed)
        refresh(child, on=world.today)
    if begun:
        plan = begin(world, "sam")
        plan.due_on = world.today - 20 * DAY
        plan.save()
        refresh(world.children["sam"], on=world.today)
    expected = foretold(world)
    assert expected["opened"] > 0
    assert expected == sent_in_the_night(world)


def test_a_plan_just_opened_waits_for_the_same_people_by_every_form() -> None:
    for form in FORMS:
        owners = {section.owner.value for section in form.sections if section.key not in BY_WORKFLOW}
        assert sorted(owners) == JUST_OPENED, form.key


def test_a_policy_that_stops_at_eighteen_is_foretold_nothing_of_those_who_go_on_by_the_one_in_force(world: World) -> None:
    policy = Policy.objects.get(authority=world.places["fenshire"].authority)
    policy.to_year_13 = True
    policy.save()
    sam = world.children["sam"]
    sam.date_of_birth = world.today.replace(year=world.today.year - 18, day=1) - 20 * DAY
    sam.save()
    care = CarePeriod.objects.get(child=sam)
    care.ends = sam.date_of_birth.replace(year=sam.date_of_birth.year + 18)
    care.save()
    refresh(sam, on=world.today)
    assert Deadline.objects.filter(child=sam, open=True).exists()
    assert sum(foretold(world).values()) > 0
    policy.to_year_13 = False
    assert sum(step.messages for step in messages_today(policy, world.today)) == 0


def test_a_policy_that_begins_sooner_is_foretold_the_plans_of_younger_children(world: World) -> None:
    policy = Policy.objects.get(authority=world.places["fenshire"].authority)
    sam = world.children["sam"]
    refresh(sam, on=world.today)
    sam.date_of_birth = world.today.replace(year=world.today.year - 2, day=1) - 20 * DAY
    sam.save()
    assert messages_today(policy, world.today)[0].plans == 0
    policy.plans_from_age = 2
    assert messages_today(policy, world.today)[0].plans == 1
