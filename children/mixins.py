"""What every page about one child does first: find the record, ask whether it may be seen and done, and write it down."""

from typing import Any, cast

from django.core.exceptions import PermissionDenied
from django.db import models
from django.http import Http404, HttpRequest
from django.http.response import HttpResponseBase
from django.views import View

from accounts.models import User
from accounts.policy import Relation, Verb, verbs_of
from children.access import log_access, relations_to
from children.models import Child


class ChildScopedMixin(View):
    """A page about one child's record.

    ``model`` is what the URL's ``pk`` names; it has ``.child``. ``verb`` is needed to open the page, ``post_verb`` (if set) to post to
    it. Not visible is 404, visible but not allowed is 403; both are written to the access log, as is every successful view.
    What a page refuses beyond its verb it refuses in ``check``, so that the log says what the reader got.
    """

    model: type[models.Model] = Child
    related: tuple[str, ...] = ()
    verb: Verb = Verb.VIEW
    post_verb: Verb | None = None

    object: Any
    user: User
    child: Child
    relations: frozenset[Relation]
    verbs: frozenset[Verb]

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """Find, ask, log, and only then go on."""
        refusal: Http404 | PermissionDenied | None = None
        self.user = cast(User, request.user)  # the middleware lets nobody else through
        page = request.resolver_match.view_name if request.resolver_match else type(self).__name__
        found = models.QuerySet(self.model).select_related(*self.related).filter(pk=kwargs["pk"]).first()
        child: Child | None = found.child if found is not None else None
        relations = relations_to(self.user, child) if child is not None else frozenset()
        verbs = verbs_of(relations)
        verb = self.verb if request.method in ("GET", "HEAD", "OPTIONS") else (self.post_verb or self.verb)
        method = (request.method or "").lower()
        served = method in self.http_method_names and hasattr(self, method)  # what is not gets 405
        if found is None or child is None or Verb.VIEW not in verbs:
            refusal = Http404()
        else:
            self.object, self.child, self.relations, self.verbs = found, child, relations, verbs
            try:
                self.check_there()
                if verb not in verbs:
                    raise PermissionDenied
                if served:
                    self.check()
            except (Http404, PermissionDenied) as error:
                refusal = error
        log_access(self.user, child, page=page, allowed=served and refusal is None, relations=relations, object_id=kwargs["pk"])
        if refusal is not None:
            raise refusal
        return super().dispatch(request, *args, **kwargs)

    def check_there(self) -> None:
        """Whether this record, of a child whom the reader may see, is there for them at all. Raises Http404; asked before their verbs."""

    def check(self) -> None:
        """What else must hold for this reader and this record. Raises Http404 or PermissionDenied; asked before anything is logged."""

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """The child and what the reader may do, for every template."""
        return {"child": self.child, "verbs": self.verbs, "object": self.object, **kwargs}
