"""What the commands that set up a site share: the virtual school an operator names."""

from django.core.management.base import CommandError

from schools.models import VirtualSchool


def virtual_school_called(name: str, *, new: bool) -> VirtualSchool:
    """The virtual school of this name, made where ``new`` is said. Raises CommandError when there is none, naming those that are known."""
    name = name.strip()
    found = VirtualSchool.objects.filter(name__iexact=name).first()
    if found is None and new and name:
        found = VirtualSchool(name=name)
        found.save()
    if found is None:
        known = ", ".join(VirtualSchool.objects.order_by("name").values_list("name", flat=True)) or "none yet"
        raise CommandError(f"There is no virtual school called {name or '“”'} (known: {known}). Add --new to make it.")
    return found
