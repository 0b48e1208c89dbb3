"""Where a message leads its reader: to the plan, the child or the person it is about, for those who may see it today."""

from django.urls import reverse
from django.utils import timezone

from accounts.models import Message, User
from children.models import Child
from pep.models import Plan
from schools.returned_mail import RETURNED, person_of


def where_to(user: User, message: Message) -> str | None:
    """The address of what a message is about, or None when this person cannot see it (yet, or any more)."""
    if message.about_plan and Plan.objects.visible_to(user).filter(pk=message.about_plan).exists():
        return reverse("pep:plan-detail", args=[message.about_plan])
    if message.about_child and Child.objects.visible_to(user).filter(pk=message.about_child).exists():
        return reverse("children:child-detail", args=[message.about_child])
    if message.rule == RETURNED and (person := person_of(user, message, timezone.localdate())) is not None:
        return reverse("schools:person-detail", args=[person.pk])
    return None
