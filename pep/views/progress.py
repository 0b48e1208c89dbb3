"""What happens to targets and actions after a plan is complete: dated additions beside the frozen text."""

from typing import Any, cast

from django import forms
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone

from accounts.fields import DateField, PlainWords
from accounts.policy import RELATION_NAMES, Verb
from pep.models import Action, Plan, Progress, Target
from pep.sections import writing_relation
from pep.views.page import PlanPage


class ProgressForm(PlainWords, forms.ModelForm):
    """How it is going, on a day."""

    on = DateField(label="On which day?")

    class Meta:
        model = Progress
        fields = ["status", "on", "note"]
        widgets = {"status": forms.RadioSelect, "note": forms.Textarea(attrs={"rows": 4})}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["status"].label = "How is it going?"
        cast(forms.ChoiceField, self.fields["status"]).choices = Progress.Status.choices
        self.fields["note"].label = "What happened?"

    def clean_on(self) -> Any:
        """Not in the future."""
        if self.cleaned_data["on"] > timezone.localdate():
            raise ValidationError("The day cannot be in the future")
        return self.cleaned_data["on"]


class PlanProgress(PlanPage):
    """Targets and actions of a complete plan, with everything added since, and forms to add more."""

    post_verb = Verb.ADD_PROGRESS

    def get(self, request: HttpRequest, pk: str) -> HttpResponse:
        """All targets and actions with their additions."""
        return self.page(request, ProgressForm(initial={"on": timezone.localdate()}), about=request.GET.get("about", ""))

    def post(self, request: HttpRequest, pk: str) -> HttpResponse:
        """Add one."""
        form, about = ProgressForm(request.POST), request.POST.get("about", "")
        kind, _, item = about.partition(":")
        model: Any = {"target": Target, "action": Action}.get(kind)
        found = (
            model.objects.filter(plan=self.plan, removed=False, pk=item).select_related("original").first()
            if model and _is_uuid(item)
            else None
        )
        if found is None or self.plan.state != Plan.State.COMPLETE:
            messages.error(request, "Progress can be added to the targets and actions of a complete plan. Choose one below.")
            return redirect("pep:plan-progress", pk=self.plan.pk)
        if not form.is_valid():
            return self.page(request, form, about=about)
        relation = writing_relation(self.relations, Verb.ADD_PROGRESS)
        form.instance.by, form.instance.capacity = self.user, RELATION_NAMES[relation] if relation else ""
        setattr(form.instance, kind, found.first)
        form.save()
        messages.success(request, "Added.")
        return redirect("pep:plan-progress", pk=self.plan.pk)

    def additions(self, row: Target | Action) -> list[Progress]:
        """What was added to a target or action; for a school that the child has left, by then."""
        return [one for one in row.first.progress.all() if self.left is None or one.at < self.left.at]

    def page(self, request: HttpRequest, form: ProgressForm, about: str) -> HttpResponse:
        """The page, with the form open under the chosen target or action."""
        items = []
        for kind, model in (("target", Target), ("action", Action)):
            for row in (
                cast(Any, model).objects.filter(plan=self.plan, removed=False).prefetch_related("progress__by", "original__progress__by")
            ):
                items.append({"about": f"{kind}:{row.pk}", "kind": kind, "row": row, "progress": self.additions(row)})
        may_add = Verb.ADD_PROGRESS in self.verbs and self.plan.state == Plan.State.COMPLETE
        return self.show(request, "pep/plan_progress.html", {"items": items, "form": form, "about": about, "may_add": may_add})


def _is_uuid(text: str) -> bool:
    return len(text) == 36 and all(letter in "0123456789abcdef-" for letter in text)
