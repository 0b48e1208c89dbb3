"""Schools, teams, terms, the authority's policy and the rates."""

import datetime
from typing import Any

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db import models, transaction
from django.db.models import Count, F, Q
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.text import get_text_list

from accounts.authorship import save_by
from accounts.models import User
from accounts.policy import Verb
from accounts.relations import in_force
from accounts.templatetags.components import pounds
from pep import recalculation
from pep.facts import in_words
from pep.models import PupilPremiumRate, Recalculation, Rubric
from pep.models.quality import Grade
from pep.planning import can_sign_in
from pep.preview import dates_moved, messages_today
from pep.rubric import rubric_on
from pep.tasks import recalculate
from pep.views.lists import PER_PAGE, CappedPaginator
from schools.models import LocalAuthority, Membership, Policy, School, Team, Term, policy_on
from schools.sheets import csv_address, csv_download
from schools.timetable import ONE_DAY, academic_year_name, day_off
from virtualschool.forms.places import PolicyForm, RateForm, SchoolForm, TeamForm, TermForm, windows_as_text
from virtualschool.forms.saving import saving
from virtualschool.register.schools import is_own
from virtualschool.views.page import StaffPage, link_to


class SchoolSearchForm(forms.Form):
    """Find a school."""

    q = forms.CharField(label="Name, URN or postcode", required=False, max_length=100)
    ours = forms.BooleanField(label="Only schools with our children", required=False)


SCHOOL_HEAD = ("School", "URN", "Phase", "Authority", "State", "Our children", "Designated teachers")


class SchoolList(StaffPage):
    """Schools by name, with how many of one's children are there and who is designated teacher for them."""

    verb = Verb.KEEP_REGISTER

    def get(self, request: HttpRequest) -> HttpResponse:
        """A page of schools."""
        form = SchoolSearchForm(request.GET or None)
        text = request.GET.get("q", "").strip()[:100]
        schools = School.objects.order_by("name", "urn")
        if text.isascii() and text.isdigit() and len(text) <= 7:
            schools = schools.filter(urn=int(text))
        elif text:
            words = Q()
            for word in text.split():
                words &= Q(name__icontains=word)
            schools = schools.filter(words | Q(postcode__istartswith=text))
        here = Q(enrolments__child__in=self.children().values("pk")) & in_force(self.today, "enrolments__")
        if request.GET.get("ours"):
            schools = schools.filter(pk__in=School.objects.filter(here).values("pk"))
        if request.GET.get("format") == "csv":
            return csv_download(f"schools-{self.today}", SCHOOL_HEAD, self.lines(list(schools), here))
        page = CappedPaginator(schools, PER_PAGE).get_page(request.GET.get("page"))
        rows = [
            [
                link_to("virtualschool:school-edit", school.pk, name) if is_own(school, self.authorities) else name,
                *middle,
                {"text": number, "format": "numeric"},
                teachers,
            ]
            for school, (name, *middle, number, teachers) in zip(page, self.lines(list(page), here), strict=True)
        ]
        context = {
            "title": "Schools", "page_obj": page, "filter_form": form, "rows": rows,
            "empty": "No schools found. Try part of the name, or the URN.", "noun": "school,schools",
            "head": [{"text": words, "format": "numeric"} if words == "Our children" else words for words in SCHOOL_HEAD],
            "add_url": reverse("virtualschool:school-add"), "add_text": "Add a school", "csv_url": csv_address(request),
        }  # fmt: skip
        return render(request, "virtualschool/list.html", context)

    def lines(self, schools: list[School], here: Q) -> list[list[Any]]:
        """What stands in the list about some schools: two queries, however many they are."""
        ids = [school.pk for school in schools]
        numbers = dict(School.objects.filter(here, pk__in=ids).values_list("pk").annotate(Count("enrolments__child", distinct=True)))
        teachers: dict[Any, list[str]] = {}
        roles = Membership.objects.filter(in_force(self.today), can_sign_in(self.today), school__in=ids, authority__in=self.authorities)
        roles = roles.filter(role="designated_teacher")
        for school_id, name in roles.order_by("user__name").values_list("school_id", "user__name").distinct():
            teachers.setdefault(school_id, []).append(name)
        return [
            [
                school.name, school.urn, school.phase or school.type, school.la_name, school.status or "Open",
                numbers.get(school.pk, 0), ", ".join(teachers.get(school.pk, [])) or "None",
            ]
            for school in schools
        ]  # fmt: skip


class FormPage(StaffPage):
    """A form about one row that is no child's."""

    verb = Verb.KEEP_REGISTER
    title = ""
    kept = ""
    back = "virtualschool:settings"
    about = ""
    danger = False
    submit_text = "Save"
    template = "virtualschool/form.html"

    def form(self, request: HttpRequest, **kwargs: Any) -> Any:
        """The form for the row the address names, filled in when it was posted. Raises Http404 when the row is not one's own."""
        raise NotImplementedError

    def get(self, request: HttpRequest, **kwargs: Any) -> HttpResponse:
        """The form."""
        return self.page(request, self.form(request, **kwargs))

    def post(self, request: HttpRequest, **kwargs: Any) -> HttpResponse:
        """Keep what was given, in the row as it stands now."""
        with transaction.atomic():
            form = self.form(request, **kwargs)
            if form.is_valid():
                with saving(form):
                    self.save(form)
        if not form.errors:
            messages.success(request, self.kept)
            for note in self.notes(form):
                messages.warning(request, note)
            return redirect(self.back)
        return self.page(request, form)

    def notes(self, form: Any) -> list[str]:
        """What to look at again in a row that was kept all the same."""
        return []

    def save(self, form: Any) -> None:
        """Write the row."""
        form.save()

    def page(self, request: HttpRequest, form: Any, **more: Any) -> HttpResponse:
        """The form's page."""
        row = getattr(form, "instance", None)
        title = self.title if row is None or row._state.adding else f"Change {self.name(row)}"
        context = {
            "title": title, "form": form, "submit_text": self.submit_text, "cancel_url": reverse(self.back), "about": self.about,
            "danger": self.danger, **more,
        }  # fmt: skip
        return render(request, self.template, context, status=getattr(form, "status", 200))

    def name(self, row: Any) -> str:
        """A row's name as the register has it, whatever has just been typed."""
        return str(type(row)._default_manager.get(pk=row.pk))

    def own(self, model: type[models.Model], pk: Any) -> Any:
        """A row of one of the reader's authorities. Raises Http404."""
        return get_object_or_404(self.rows(model), pk=pk, authority__in=self.authorities)

    def rows(self, model: type[models.Model]) -> models.QuerySet[Any]:
        """The rows of a table; locked, where what is found is to be changed."""
        found: models.QuerySet[Any] = models.QuerySet(model)
        return found.select_for_update(no_key=True, of=("self",)) if self.request.method == "POST" else found


class SchoolEdit(FormPage):
    """Add a school, or put its details right. Schools are shared by all authorities, so each changes by hand only its own: those it added,
    and those of the national file that stand under its number. That a school has closed or has a successor, the file alone says.
    """

    title, kept, back = "Add a school", "The school is saved.", "virtualschool:schools"

    def form(self, request: HttpRequest, **kwargs: Any) -> SchoolForm:
        """The school's form."""
        school = get_object_or_404(self.rows(School), pk=kwargs["pk"]) if "pk" in kwargs else School(added_by=self.authorities[0])
        if not school._state.adding and not is_own(school, self.authorities):
            raise PermissionDenied
        return SchoolForm(request.POST or None, instance=school)


class TeamEdit(FormPage):
    """Add, rename or close a team."""

    title, kept = "Add a team", "The team is saved."

    def form(self, request: HttpRequest, **kwargs: Any) -> TeamForm:
        """The team's form."""
        return TeamForm(
            request.POST or None, instance=self.own(Team, kwargs["pk"]) if "pk" in kwargs else None, authorities=self.authorities
        )


class TermEdit(FormPage):
    """Add or change a term."""

    title, kept = "Add a term", "The term is saved."

    def form(self, request: HttpRequest, **kwargs: Any) -> TermForm:
        """The term's form."""
        return TermForm(
            request.POST or None, instance=self.own(Term, kwargs["pk"]) if "pk" in kwargs else None, authorities=self.authorities
        )

    def save(self, form: Any) -> None:
        """Write the term, and have the dates that follow from it counted again."""
        form.save()
        count_again(form.instance.authority, f"The dates of the {str(form.instance).lower()} term were changed", self.request.user)

    def notes(self, form: Any) -> list[str]:
        """The days of the term that nobody works on."""
        term = form.instance
        days = (("first day", term.starts), ("last day", term.ends - ONE_DAY), ("last day for plans", term.plans_due_on))
        found = [(name, day, day_off(day)) for name, day in days]
        return [f"The {name} of the {str(term).lower()} term, {in_words(day)}, is {off}. Is that right?" for name, day, off in found if off]


class RateAdd(FormPage):
    """Add the rate of a financial year. A rate that is there is not changed: it is the same for every authority."""

    verb = Verb.SEE_WHO_LOOKED  # the head
    title, kept = "Add a pupil premium rate", "The rate is saved."
    about = "The rate is the same for every authority. Look twice: once it is there, only whoever runs this service can correct it."

    def form(self, request: HttpRequest, **kwargs: Any) -> RateForm:
        """The rate's form."""
        return RateForm(request.POST or None)


def count_again(authority: LocalAuthority, because: str, by: Any) -> None:
    """Have the dates of an authority's children counted again in the background, once this transaction is kept."""
    job = recalculation.ask(authority, because=because, by=by)
    recalculate.delay_on_commit(str(job.pk))  # type: ignore[attr-defined]


class PolicyAdd(FormPage):
    """The head decides anew from a day on; the policy before ends on that day and stays on the record."""

    about = (
        "The form begins with the latest policy. What is due follows the policy that holds on the day: first plans, reviews, plans "
        "after a move, invitations, submissions, signatures and checks. A date does not move once its meeting was held, and a "
        "policy that begins later moves dates on the day it begins. What a stricter policy would have wanted before its first day is due "
        "as many days after it as meetings are invited ahead, and no later than by the policy before."
    )
    verb = Verb.SEE_WHO_LOOKED
    title = "Decide a new policy"
    template = "virtualschool/policy.html"
    kept = "The new policy is saved. Dates that follow from it are counted again; this page says how far that is."

    def form(self, request: HttpRequest, **kwargs: Any) -> PolicyForm:
        """The form, with the latest policy, whether it holds already or is still to begin."""
        authority = next((one for one in self.authorities if one.pk == kwargs["pk"]), None)
        if authority is None:
            raise Http404
        now = never_withdrawn(authority).last() or policy_on(authority, self.today)
        fresh = Policy(
            **{field.attname: getattr(now, field.attname) for field in Policy._meta.concrete_fields if field.name not in _NOT_COPIED}
        )
        fresh.authority = authority
        return PolicyForm(
            request.POST or None, instance=fresh, authorities=[authority], today=self.today, initial={"authority": authority.pk}
        )

    def post(self, request: HttpRequest, **kwargs: Any) -> HttpResponse:
        """Keep what was given, or say what it would send and keep nothing."""
        if "preview" not in request.POST:
            return super().post(request, **kwargs)
        form = self.form(request, **kwargs)
        if not form.is_valid():
            return self.page(request, form)
        policy = form.instance
        return self.page(
            request, form, preview=preview_rows(policy, self.today), preview_head=PREVIEW_HEAD, moved=dates_moved(policy, self.today)
        )

    def save(self, form: Any) -> None:
        """End the last policy where the new one begins, and add the new one."""
        LocalAuthority.objects.select_for_update(no_key=True).get(pk=form.instance.authority_id)
        last = never_withdrawn(form.instance.authority).last()
        if last and last.starts >= form.instance.starts:
            form.add_error("starts", f"A policy begins on {last.starts:%-d %B %Y} already. Choose a later day.")
            return
        if last and (last.ends is None or last.ends > form.instance.starts):
            last.ends = form.instance.starts
            last.save()
        form.save()
        count_again(form.instance.authority, f"New policy from {form.instance.starts:%-d %B %Y}", self.request.user)


class PolicyWithdraw(FormPage):
    """The head takes back a policy that has not begun: it never holds, stays on the record, and the one before goes on."""

    verb = Verb.SEE_WHO_LOOKED
    title = "Withdraw a policy that has not begun"
    kept = "The policy is withdrawn. It never holds; the one before it goes on."
    danger, submit_text = True, "Withdraw the policy"

    def form(self, request: HttpRequest, **kwargs: Any) -> forms.Form:
        """Nothing is asked but whether to."""
        self.policy = self.own(Policy, kwargs["pk"])
        begins = f"{self.policy.starts:%-d %B %Y}"
        self.about = (
            f"The policy of {self.policy.authority} from {begins} will never hold. The policy before it goes on, and the record keeps both."
        )
        return forms.Form(request.POST if request.method == "POST" else None)

    def save(self, form: Any) -> None:
        """End it on the day it would have begun, and let the one before go on to where it would have ended."""
        LocalAuthority.objects.select_for_update(no_key=True).get(pk=self.policy.authority_id)
        self.policy.refresh_from_db()
        if self.policy.starts <= self.today or self.policy.ends == self.policy.starts:
            form.add_error(None, "Only a policy that has not begun can be withdrawn. Decide a new one instead.")
            return
        before = never_withdrawn(self.policy.authority).filter(ends=self.policy.starts).last()
        by: User = self.request.user  # type: ignore[assignment]
        because, until = f"The policy from {self.policy.starts:%-d %B %Y} was withdrawn", self.policy.ends
        self.policy.ends = self.policy.starts
        save_by(self.policy, by=by, because=because)
        if before:
            before.ends = until
            save_by(before, by=by, because=because)


def never_withdrawn(authority: LocalAuthority) -> models.QuerySet[Policy]:
    """An authority's policies by their first day, without those that were withdrawn before they began."""
    return models.QuerySet(Policy).filter(authority=authority).exclude(ends=F("starts")).order_by("starts")


_NOT_COPIED = {"id", "created_at", "updated_at", "authority", "starts", "ends"}


class Settings(StaffPage):
    """Teams, terms, what the authority has decided, the rubric and the rates."""

    verb = Verb.VIEW_MONEY  # the virtual school's staff

    def get(self, request: HttpRequest) -> HttpResponse:
        """Everything on one page, authority by authority."""
        parts = [self.part(authority) for authority in self.authorities]
        context = {
            "parts": parts, "preview_head": PREVIEW_HEAD, "rates": PupilPremiumRate.objects.order_by("-financial_year"),
            "today": self.today,
            "is_head": self.may(Verb.SEE_WHO_LOOKED), "keeps_register": self.may(Verb.KEEP_REGISTER),
        }  # fmt: skip
        return render(request, "virtualschool/settings.html", context)

    def part(self, authority: LocalAuthority) -> dict[str, Any]:
        """One authority's settings."""
        rubric = rubric_on(authority, self.today)
        following = Rubric.objects.filter(authority=authority, starts__gt=self.today).order_by("starts").first()
        counting = Recalculation.objects.filter(authority=authority).first()
        policies = list(Policy.objects.filter(authority=authority).order_by("-starts"))
        return {
            "authority": authority,
            "counting": counting,
            "preview": preview_rows(policy_on(authority, self.today), self.today),
            "teams": Team.objects.filter(authority=authority),
            "terms": [
                (term, academic_year_name(term.academic_year), term.ends - ONE_DAY)
                for term in Term.objects.filter(authority=authority).select_related("school").order_by("-starts", "school__name")[:12]
            ],
            "policies": [
                (
                    policy,
                    policy.ends - ONE_DAY if policy.ends else None,
                    policy_words(policy),
                    policy.ends == policy.starts,
                    policy.starts > self.today and policy.ends != policy.starts,
                )
                for policy in policies
            ],
            "rubric": [
                (area["title"], [(Grade(grade).label, area.get("words", {}).get(grade, "")) for grade in reversed(Grade.values)])
                for area in rubric.areas
            ],
            "usual_rubric": rubric._state.adding,
            "next_rubric": following,
        }


PREVIEW_HEAD = ["Step", "To whom", {"text": "Plans", "format": "numeric"}, {"text": "Messages", "format": "numeric"}]


def preview_rows(policy: Policy, on: datetime.date) -> list[list[Any]]:
    """What a policy would send on a day, step by step, as rows of a table."""
    return [
        [step.name, step.to_whom, {"text": step.plans, "format": "numeric"}, {"text": step.messages, "format": "numeric"}]
        for step in messages_today(policy, on)
    ]


def reminder_words(days: list[int]) -> str:
    """When reminders go out: "14, 7 and 2 days before the due date, 1 day after the due date"."""

    def some(found: list[int], where: str) -> list[str]:
        counted = get_text_list([str(day) for day in found], "and")
        return [f"{counted} {'day' if found == [1] else 'days'} {where} the due date"] if found else []

    before, after = sorted((-day for day in days if day < 0), reverse=True), sorted(day for day in days if day > 0)
    return ", ".join([*some(before, "before"), *(["on the due date"] if 0 in days else []), *some(after, "after")]) or "none"


def quiet_words(policy: Policy) -> str:
    """Between which hours no e-mail is sent."""
    if policy.quiet_from == policy.quiet_to:
        return "none"
    return f"no e-mail from {policy.quiet_from:%H:%M} to {policy.quiet_to:%H:%M}, but for accounts"


def policy_words(policy: Policy) -> list[tuple[str, str]]:
    """A policy as people read it."""
    signers = [name for name, may in (("team managers", policy.managers_may_sign), ("deputies", policy.deputies_may_sign)) if may]
    sums = ", ".join(f"{phase.replace('_', ' ')} {pounds(amount)}" for phase, amount in policy.flat_sums.items())
    return [
        ("A first plan is begun within", f"{policy.begin_working_days} working days after coming into care"),
        ("and made within", f"{policy.first_plan_working_days} working days"),
        ("Months between reviews", str(policy.review_months)),
        ("A plan in each school term", "yes" if policy.each_term else "no"),
        ("A plan between 1 January and 31 March", "yes" if policy.premium_deadline else "no"),
        ("Post-16 windows", windows_as_text(policy.post16_windows).replace("\n", "; ") or "none"),
        ("Plans from the age of", str(policy.plans_from_age)),
        ("After the 18th birthday", "plans go on to the end of Year 13" if policy.to_year_13 else "no plan is due"),
        ("After a move", f"{policy.move_plan_working_days} working days"),
        ("A plan opens", f"{policy.preparation_days} days before it is due"),
        ("Invitations are out", f"{policy.invite_days} days before the meeting"),
        ("Submitted after the meeting within", f"{policy.complete_working_days} working days"),
        ("The virtual school checks within", f"{policy.check_working_days} working days"),
        ("The reviewing officer has the plan", f"{policy.officer_days} days before the care plan review"),
        ("The social worker signs within", f"{policy.signature_working_days} working days"),
        ("May sign for an absent social worker", " and ".join(signers) or "nobody"),
        ("Checked for quality", "every plan" if policy.check_percent == 100 else f"{policy.check_percent}% of plans"),
        ("One person may do the school’s part and check the plan", "yes" if policy.one_person_may_check else "no"),
        ("One person may ask for, agree and pay money", "yes" if policy.one_person_may_pay else "no"),
        ("Grades that send a plan back", ", ".join(policy.returning_grades) or "none"),
        ("Reminders", reminder_words(policy.reminder_days)),
        ("A late plan rises to a manager after", f"{policy.manager_working_days} working days"),
        (
            "to the school’s headteacher after",
            f"{policy.headteacher_working_days} working days" if policy.headteacher_working_days else "never",
        ),
        ("and to the head of the service after", f"{policy.head_working_days} working days"),
        ("Quiet hours", quiet_words(policy)),
        ("The old school reads on for", f"{policy.old_school_access_days} days"),
        ("Paid for each complete plan", sums or "nothing unasked"),
    ]
