"""What a message is about, and where it leads its reader: to the plan, the change of school, the child or the person, where they may."""

import uuid
from collections.abc import Mapping, Sequence

from django.urls import reverse
from django.utils import timezone

from accounts.models import Message, User
from accounts.policy import Verb
from accounts.views import About
from children.access import can
from children.models import Child
from pep.left import left_of, plan_is_there_for, plans_closed_to
from pep.models import Move, Plan
from schools.returned_mail import RETURNED, person_of


def what_about(user: User, messages: Sequence[Message]) -> Mapping[uuid.UUID, About]:
    """The child and the plan of each of these messages, for a reader who may see the child today, in a fixed number of queries.

    A message's plan is one of its child's; of a message that names none, or a child the reader may not see, nothing is said, and a plan
    that is not there any more for a school that the child has left gives way to the child.
    """
    wanted = {message.about_child for message in messages if message.about_child}
    children = {child.pk: child for child in Child.objects.visible_to(user).filter(pk__in=wanted)} if wanted else {}
    listed = [message.about_plan for message in messages if message.about_plan]
    left = left_of(user, list(children), timezone.localdate()) if listed else {}
    there = Plan.objects.filter(pk__in=listed, child__in=list(children)).exclude(pk__in=plans_closed_to(listed, left))
    plans = {plan.pk: plan for plan in there.select_related("term")}
    found = {}
    for message in messages:
        plan, child = plans.get(message.about_plan), children.get(message.about_child)
        if plan is not None:
            found[message.pk] = About(f"{children[plan.child_id].name}: {plan}", reverse("pep:plan-detail", args=[plan.pk]))
        elif child is not None:
            href = reverse("children:child-detail", args=[child.pk])
            move = message.facts.get("move")
            # The change of school has more to ask than a list can; the message itself knows whether it is the reader's.
            found[message.pk] = About(child.name, reverse("message-detail", args=[message.pk]) if move else href)
    return found


def where_to(user: User, message: Message) -> str | None:
    """The address of what a message is about, or None when this person cannot see it (yet, or any more)."""
    plan = (
        Plan.objects.visible_to(user).filter(pk=message.about_plan).select_related("child__authority").first()
        if message.about_plan
        else None
    )
    if plan is not None and plan_is_there_for(user, plan, timezone.localdate()):
        return reverse("pep:plan-detail", args=[message.about_plan])
    move = Move.objects.filter(pk=message.facts.get("move"), child=message.about_child).first() if "move" in message.facts else None
    if move and can(user, Verb.PROPOSE_MOVE, move):
        return reverse("pep:move-detail", args=[move.pk])
    if message.about_child and Child.objects.visible_to(user).filter(pk=message.about_child).exists():
        return reverse("children:child-detail", args=[message.about_child])
    if message.rule == RETURNED and (person := person_of(user, message, timezone.localdate())) is not None:
        return reverse("schools:person-detail", args=[person.pk])
    return None
