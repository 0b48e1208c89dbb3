"""What the pages across children share: who may open them, for which authorities, and how long lists are cut into pages."""

import datetime
from collections.abc import Iterable
from typing import Any

from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.views import View

from accounts.policy import Verb
from children.access import authorities_where, log_export
from children.models import Child
from children.querysets import ChildQuerySet
from schools.models import LocalAuthority


def link_to(name: str, pk: Any, words: str) -> SafeString:
    """A link for the cell of a list."""
    return format_html('<a class="govuk-link" href="{}">{}</a>', reverse(name, args=[pk]), words)


class StaffPage(View):
    """A page for people who hold a verb for all the children of some authority: the virtual school's staff.

    ``authorities`` are those for which they hold it. Whoever holds it nowhere is refused (403); who has not signed in is asked to.
    """

    verb: Verb = Verb.VIEW
    post_verb: Verb | None = None
    authorities: list[LocalAuthority]

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """Ask first."""
        if not request.user.is_authenticated:
            return redirect_to_login(request.get_full_path())
        reading = request.method in ("GET", "HEAD", "OPTIONS")
        self.authorities = authorities_where(request.user, self.verb if reading else (self.post_verb or self.verb))
        if not self.authorities:
            raise PermissionDenied
        return super().dispatch(request, *args, **kwargs)

    @property
    def today(self) -> datetime.date:
        """The London date."""
        return timezone.localdate()

    def children(self, verb: Verb | None = None) -> ChildQuerySet:
        """The children of these authorities whom this person may see."""
        visible: ChildQuerySet = Child.objects.visible_to(self.request.user, verb or self.verb)
        return visible.filter(authority__in=self.authorities)

    def log_export(self, children: Iterable[Child]) -> None:
        """Write down that this person took these children away in a file."""
        match = self.request.resolver_match
        log_export(self.request.user, children, page=match.view_name if match else type(self).__name__)  # type: ignore[arg-type]

    def may(self, verb: Verb) -> bool:
        """Whether this person holds another verb for some authority too: for showing links."""
        return bool(authorities_where(self.request.user, verb))
