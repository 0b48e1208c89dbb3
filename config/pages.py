"""The few pages that are for everybody, signed in or not."""

from typing import Any

from django.contrib.auth.decorators import login_not_required
from django.db.models import Q
from django.urls import path
from django.utils import timezone
from django.views.generic import TemplateView

from accounts.models import User
from accounts.relations import in_force
from children.models import Child
from schools.models import VirtualSchool


def virtual_schools_of(user: User) -> list[VirtualSchool]:
    """The virtual schools of the children somebody sees, and of the places they work at: whom to ask when something is wrong."""
    theirs = Child.objects.visible_to(user).order_by().values_list("authority_id", flat=True).distinct()
    roles = user.memberships.filter(in_force(timezone.localdate()))
    authorities = {*theirs, *roles.values_list("authority_id", flat=True), *roles.values_list("team__authority_id", flat=True)}
    wanted = Q(authorities__in=authorities - {None}) | Q(pk__in=roles.exclude(virtual_school=None).values("virtual_school_id"))
    return list(VirtualSchool.objects.filter(wanted).order_by("name").distinct())


class Help(TemplateView):
    """How the product is used, and for whoever is signed in how to reach their virtual school."""

    template_name = "pages/help.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """The virtual schools of the reader; none for a reader who has not signed in."""
        user = self.request.user
        return super().get_context_data(**kwargs, virtual_schools=virtual_schools_of(user) if isinstance(user, User) else [])


urlpatterns = [
    path("help/", login_not_required(Help.as_view()), name="help"),
    *(
        path(f"{name}/", login_not_required(TemplateView.as_view(template_name=f"pages/{name}.html")), name=name)
        for name in ("accessibility", "privacy")
    ),
]
