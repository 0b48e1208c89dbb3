"""A virtual school's contact details, and the rubric of an authority: the head's pages."""

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse

from accounts.policy import Verb
from pep.models import Rubric
from pep.rubric import rubric_on
from schools.models import LocalAuthority, VirtualSchool
from virtualschool.forms.authority import ContactForm, RubricForm
from virtualschool.views.places import FormPage


class ContactEdit(FormPage):
    """How to reach the virtual school."""

    verb = Verb.SEE_WHO_LOOKED  # the head
    title, kept = "Contact details", "The contact details are kept. They are on the help page, and in documents made from now on."

    def form(self, request: HttpRequest, **kwargs: Any) -> ContactForm:
        """The form of a virtual school that one is head of."""
        theirs = self.rows(VirtualSchool).filter(authorities__in=self.authorities, pk=kwargs["pk"])
        virtual_school = theirs.first()
        if virtual_school is None:
            raise Http404
        return ContactForm(request.POST or None, instance=virtual_school)


class RubricAdd(FormPage):
    """The head decides anew from a day on what plans are graded by; the rubric before ends on that day and stays on the record."""

    verb = Verb.SEE_WHO_LOOKED
    title, kept = "Decide what plans are graded by", "The new areas are kept. Plans graded before keep the areas they were graded by."

    def form(self, request: HttpRequest, **kwargs: Any) -> RubricForm:
        """The form, with what holds at present, or the latest where that is still to begin."""
        authority = next((one for one in self.authorities if one.pk == kwargs["pk"]), None)
        if authority is None:
            raise Http404
        latest = Rubric.objects.filter(authority=authority).order_by("-starts").first() or rubric_on(authority, self.today)
        return RubricForm(request.POST or None, authority=authority, areas=latest.areas, today=self.today)

    def save(self, form: Any) -> None:
        """End the last rubric where the new one begins, and add the new one."""
        starts = form.cleaned_data["starts"]
        LocalAuthority.objects.select_for_update(no_key=True).get(pk=form.authority.pk)
        last = Rubric.objects.filter(authority=form.authority).order_by("-starts").first()
        if last and last.starts >= starts:
            form.add_error("starts", f"What plans are graded by changes on {last.starts:%-d %B %Y} already. Choose a later day.")
            return
        if last and (last.ends is None or last.ends > starts):
            last.ends = starts
            last.save()
        Rubric(authority=form.authority, starts=starts, areas=form.areas).save()

    def page(self, request: HttpRequest, form: Any, **more: Any) -> HttpResponse:
        """The form, an area at a time."""
        context = {
            "title": f"{self.title}: {form.authority.name}", "form": form, "submit_text": "Save", "cancel_url": reverse(self.back),
        }  # fmt: skip
        return render(request, "virtualschool/rubric_form.html", context)
