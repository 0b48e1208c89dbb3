"""Where a message leads its reader: to the plan, the change of school, the child or the person it is about, for those who may see it."""

from django.urls import reverse
from django.utils import timezone

from accounts.models import Message, User
from accounts.policy import Verb
from children.access import can
from children.models import Child
from pep.left import plan_is_there_for
from pep.models import Move, Plan
from schools.returned_mail import RETURNED, person_of


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
