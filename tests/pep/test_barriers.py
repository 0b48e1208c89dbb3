"""What somebody who is signed in may not reach in a plan by a side door: each test is an attack that worked once."""

import datetime
import io
import re
import zlib
from decimal import Decimal
from typing import Any

import pikepdf
import pytest
import time_machine
from django.core.exceptions import PermissionDenied, ValidationError
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client, override_settings
from django.utils import timezone

from accounts.fields import plain_name
from accounts.mail import compose
from accounts.models import Message
from accounts.outbox import tell
from accounts.policy import Relation
from children.access import relations_to
from children.models import AccessLog, Allocation, Child, Enrolment
from children.recognising import names_child
from pep import funding, moves, pdf_check, snapshot
from pep.forms.declaration import Audience
from pep.models import Draft, EarlierPlan, FundingRequest, Plan, PlanEvent, PlanSnapshot, PupilPremiumRate, Section, Target
from pep.sections import author_for, contents_of, gaps_in
from pep.views.meeting import meeting_section
from pep.views.meeting_forms import MeetingForm
from pep.workflow import available, perform
from schools.models import Policy, School
from tests.moving import confirmed, proposed
from tests.pep.test_workflow import bring_to
from tests.world import DAY, World, begin, build_world, fill, graded, member, person, press, signed_in

pytestmark = pytest.mark.django_db


@pytest.fixture
def world() -> World:
    return build_world()


@pytest.fixture
def plan(world: World) -> Plan:
    """Sam's plan, filled in, not yet submitted."""
    made = begin(world, "sam")
    fill(made, "sam")
    return made


def posted_date(name: str, day: datetime.date) -> dict[str, str]:
    return {f"{name}-day": str(day.day), f"{name}-month": str(day.month), f"{name}-year": str(day.year)}


def one_person_may(world: World, **switches: bool | int) -> None:
    policy = Policy.objects.get(authority=world.places["fenshire"].authority)
    for name, value in switches.items():
        setattr(policy, name, value)
    policy.save()


# Who signed does not check


@pytest.mark.parametrize("signed_as", ["social worker", "teacher", "on behalf"])
def test_whoever_signed_a_plan_does_not_accept_it(world: World, plan: Plan, signed_as: str) -> None:
    kit, people = world.people["kit"], world.people
    one_person_may(world, one_person_may_check=True, check_percent=50)
    if signed_as == "social worker":
        held = world.children["sam"].allocations.get(role="social_worker")
        held.worker = kit
        held.save()
    if signed_as == "teacher":
        member(world, "Kit", "designated_teacher", school=world.schools["hill"], authority=world.places["fenshire"].authority)
    behalf: dict[str, Any] = (
        {"on_behalf_of": "Anna Example, designated teacher", "learned_by": "telephone"} if signed_as == "on behalf" else {}
    )
    perform(plan, "submit", by=people["anna"] if signed_as == "social worker" else kit, **behalf)
    plan = perform(plan, "sign_off", by=kit if signed_as == "social worker" else people["fay"])
    assert not {"grade", "accept_unsampled"} & {move.action for move in available(plan, kit, world.today)}
    assert "return_from_check" in {move.action for move in available(plan, kit, world.today)}
    attempts: dict[str, dict[str, Any]] = {"grade": graded("gold"), "accept_unsampled": {"comment": "Not in the sample"}}
    for action, needs in attempts.items():
        with pytest.raises(PermissionDenied):
            perform(plan, action, by=kit, **needs)
    assert "What one person signed, another checks" in signed_in(kit).get(f"/plans/{plan.pk}/").content.decode()
    assert perform(plan, "grade", by=people["lena"], **graded("gold")).state == Plan.State.COMPLETE


def test_an_office_of_one_person_checks_its_own_part_only_by_policy_and_the_record_says_so(world: World) -> None:
    plan, kit = begin(world, "wes"), world.people["kit"]  # no school: the virtual school does the school's part
    fill(plan, "wes")
    perform(plan, "submit", by=kit)
    plan = perform(plan, "sign_off", by=world.people["hana"])
    with pytest.raises(PermissionDenied):
        perform(plan, "grade", by=kit, **graded())
    one_person_may(world, one_person_may_check=True)
    perform(plan, "grade", by=kit, **graded())
    assert PlanEvent.objects.get(plan=plan, action="grade").capacity == "Virtual school officer, who also did the school’s part"


# Contributors


def name_eve(world: World, client: Client) -> Any:
    """The old school's teacher names somebody for most of a year."""
    typed = {"name": "Ida Late", "email": "ida@example.test", **posted_date("last_day", world.today + 300 * DAY)}
    return client.post(f"/children/{world.children['sam'].pk}/contributors/new/", typed)


def test_a_contributor_named_after_a_move_was_confirmed_does_not_outlive_the_old_school(world: World) -> None:
    sam, start = world.children["sam"], world.today + 5 * DAY
    confirmed(world, starts_on=start)
    name_eve(world, signed_in(world.people["anna"]))
    named = Allocation.objects.get(worker__email="ida@example.test")
    assert relations_to(named.worker, sam, start - DAY) == {Relation.SCHOOL_CONTRIBUTOR}
    assert relations_to(named.worker, sam, start) == frozenset()
    # However it came there: what the old school's people may do ends when the move begins.
    named.ends = start + 300 * DAY
    named.save()
    assert moves.begin(start) == 1
    assert relations_to(named.worker, sam, start) == frozenset()


def test_whom_the_wrong_school_named_sees_nothing_once_the_move_is_taken_back(world: World) -> None:
    sam = world.children["sam"]
    move = confirmed(world)
    typed = {"name": "Ida Late", "email": "ida@example.test", **posted_date("last_day", world.today + 300 * DAY)}
    signed_in(world.people["bilal"]).post(f"/children/{sam.pk}/contributors/new/", typed)
    ida = Allocation.objects.get(worker__email="ida@example.test").worker
    assert relations_to(ida, sam) == {Relation.SCHOOL_CONTRIBUTOR}
    moves.take_back(move, by=world.people["kit"], because="Wrong child")
    assert relations_to(ida, sam) == frozenset()
    assert relations_to(world.people["eve"], sam) == {Relation.SCHOOL_CONTRIBUTOR}  # as before


def test_restricting_ends_contributors_of_a_school_that_was_left(world: World) -> None:
    sam, eve = world.children["sam"], world.people["eve"]
    confirmed(world, to=None)
    held = sam.allocations.get(worker=eve)
    held.ends = world.today + 90 * DAY
    held.save()
    typed = {"reason": "Placed for adoption", "was": "False"}
    signed_in(world.people["lena"]).post(f"/children/{sam.pk}/register/restriction/", typed)
    assert relations_to(eve, sam) == frozenset()


# Words given back


@override_settings(SECURE_SSL_REDIRECT=False)
@pytest.mark.parametrize("signed", [True, False])
@pytest.mark.parametrize(
    ("headers", "given_back"),
    [
        ({"HTTP_ORIGIN": "https://evil.example"}, False),
        ({"HTTP_ORIGIN": "null"}, False),
        ({"HTTP_REFERER": "https://evil.example/testserver"}, False),
        ({"HTTP_SEC_FETCH_SITE": "cross-site", "HTTP_ORIGIN": "http://testserver"}, False),
        ({"HTTP_SEC_FETCH_SITE": "same-site", "HTTP_ORIGIN": "http://testserver"}, False),
        ({}, False),
        ({"HTTP_ORIGIN": "http://testserver"}, True),
        ({"HTTP_REFERER": "http://testserver/plans/"}, True),
        ({"HTTP_SEC_FETCH_SITE": "same-origin"}, True),
    ],
)
def test_only_words_that_our_own_page_sent_are_given_back(
    world: World, plan: Plan, headers: dict[str, str], given_back: bool, signed: bool
) -> None:
    """Another site's page posts its own words: it must not get them back beside a token of ours, one click from being saved."""
    client = Client(enforce_csrf_checks=True)
    if signed:
        client.cookies = signed_in(world.people["anna"]).cookies
    url = f"/plans/{plan.pk}/sections/attendance/"
    posted = {"notes": "The attacker’s words, a whole sentence.", "complete": "yes", "page_mark": mark_on(world, "anna", url)}
    answer = client.post(url, posted, **headers)  # type: ignore[arg-type]
    page = answer.content.decode()
    assert ("The attacker’s words" in page) is given_back
    assert ("csrfmiddlewaretoken" in page and "Save what I typed" in page) is given_back
    if given_back:
        assert "complete: yes" in page  # all that is sent is shown


def mark_on(world: World, name: str, url: str) -> str:
    """The mark in the form that this person is shown at an address."""
    page = signed_in(world.people[name]).get(url).content.decode()
    [mark] = set(re.findall('name="page_mark" value="([^"]+)"', page))
    return str(mark)


WORDS = "Words that somebody typed, a whole sentence."
OURS = {"HTTP_ORIGIN": "http://testserver", "HTTP_SEC_FETCH_SITE": "same-origin"}


def post_late(world: World, url: str, mark: str, signed: str = "") -> str:
    """What comes back for a form sent after the sign-in ended, or (``signed``) by somebody with the token of an earlier one."""
    client = Client(enforce_csrf_checks=True)
    if signed:
        client.cookies = signed_in(world.people[signed]).cookies
    answer = client.post(url, {"notes": WORDS, "complete": "yes", "page_mark": mark}, **OURS)  # type: ignore[arg-type]
    assert answer.status_code == (403 if signed else answer.status_code)
    return answer.content.decode()


@override_settings(SECURE_SSL_REDIRECT=False)
@pytest.mark.parametrize("part", ["attendance", "meeting", "last_targets", "targets/new", "actions/new"])
def test_every_form_that_takes_long_texts_carries_its_readers_own_mark(world: World, plan: Plan, part: str) -> None:
    """U4."""
    sections = {"meeting": meeting_section(plan).key}
    url = f"/plans/{plan.pk}/{part}/" if "/" in part else f"/plans/{plan.pk}/sections/{sections.get(part, part)}/"
    assert WORDS in post_late(world, url, mark_on(world, "anna", url))


@override_settings(SECURE_SSL_REDIRECT=False)
def test_words_are_given_back_only_with_a_mark_of_the_same_person_and_address_and_not_for_ever(world: World, plan: Plan) -> None:
    """A page in a frame, or a browser that says nothing of where a post comes from, cannot plant words either."""
    url, other = f"/plans/{plan.pk}/sections/attendance/", f"/plans/{plan.pk}/sections/history/"
    mark = mark_on(world, "anna", url)
    assert WORDS in post_late(world, url, mark) and WORDS in post_late(world, url, mark, signed="anna")
    assert WORDS not in post_late(world, url, mark, signed="eve")
    for wrong in ("", "made-up", mark + "x", mark_on(world, "anna", other), f"{world.people['anna'].pk}{mark[36:]}"[:-1]):
        assert WORDS not in post_late(world, url, wrong)
        assert WORDS not in post_late(world, url, wrong, signed="anna")
    with time_machine.travel(timezone.now() + 31 * DAY):
        assert WORDS not in post_late(world, url, mark)


@override_settings(SECURE_SSL_REDIRECT=False)
def test_words_that_somebody_elses_form_carried_are_saved_for_nobody(world: World, plan: Plan) -> None:
    """Eve, who may open the same section, makes Anna’s browser send her form: the page that holds the words saves nothing as Anna’s."""
    url = f"/plans/{plan.pk}/sections/attendance/"
    mark, before = mark_on(world, "eve", url), Section.objects.get(plan=plan, key="attendance").version
    answer = signed_in(world.people["anna"]).post(url, {"notes": WORDS, "version": str(before), "complete": "no", "page_mark": mark})
    assert answer.status_code == 403 and WORDS not in answer.content.decode()
    assert Section.objects.get(plan=plan, key="attendance").version == before


@override_settings(SECURE_SSL_REDIRECT=False)
def test_what_was_given_back_can_be_sent_again_after_signing_in(world: World, plan: Plan) -> None:
    url = f"/plans/{plan.pk}/sections/attendance/"
    page = post_late(world, url, mark_on(world, "anna", url))
    again = post_late(world, url, re.findall('name="page_mark" value="([^"]+)"', page)[0], signed="anna")
    assert WORDS in again and "You are signed in again." in again
    [mark] = re.findall('name="page_mark" value="([^"]+)"', again)
    answer = signed_in(world.people["anna"]).post(url, {"notes": WORDS, "version": "0", "complete": "no", "page_mark": mark})
    assert answer.status_code != 403
    assert not any("page_mark" in draft.fields for draft in Draft.objects.all())


@pytest.mark.parametrize("name", ["Visit evil.example now", "Visit www.evil.org.uk", "Ann\u202eeB", "evil.example/x"])
def test_nobody_is_named_like_an_address_or_with_signs_that_turn_the_line_round(world: World, name: str) -> None:
    typed = {"name": name, "email": "helper@example.test", **posted_date("last_day", world.today + DAY)}
    client, url = signed_in(world.people["anna"]), f"/children/{world.children['sam'].pk}/contributors/new/"
    assert "A name has" in client.post(url, typed).content.decode()
    assert not Allocation.objects.filter(worker__email="helper@example.test").exists()


@pytest.mark.parametrize("name", ["J. R. Smith", "A.B. Jones", "St. John-O’Neill", "Dr. Ó Súilleabháin"])
def test_names_as_people_write_them_are_names(name: str) -> None:
    assert plain_name(name) == name


def test_a_name_that_was_kept_before_is_no_link_in_an_e_mail(world: World) -> None:
    anna = world.people["anna"]
    anna.name = "Visit evil.example now"
    anna.save()
    tell(key="x", recipient=anna, rule="plan_returned")
    email = compose(Message.objects.get(key="x"))
    assert email is not None and "evil.example" not in str(email.body) and "evil. example" in str(email.body)


# Files


def pdf(change: Any = None) -> bytes:
    """One blank page, and what a test puts in."""
    made = pikepdf.new()
    made.add_blank_page()
    if change:
        change(made)
    file = io.BytesIO()
    made.save(file)
    return file.getvalue()


def on_page(item: Any) -> Any:
    return lambda made: made.pages[0].__setitem__("/Annots", pikepdf.Array([item]))


N, D, A = pikepdf.Name, pikepdf.Dictionary, pikepdf.Array


def external_words(made: Any) -> None:
    stream = made.make_stream(b"")
    stream.stream_dict["/F"] = pikepdf.String("\\\\evil\\share")
    made.pages[0]["/Contents"] = stream


ACTIVE: dict[str, Any] = {
    "a launch in a direct annotation": lambda: on_page(D(Subtype=N.Link, A=D(S=N.Launch, F=pikepdf.String("cmd.exe")))),
    "a form that is sent, behind a harmless link": lambda: on_page(D(A=D(S=N.URI, Next=A([D(S=N.SubmitForm)])))),
    "another file's page": lambda: on_page(D(A=D(S=N.GoToE))),
    "a script by its kind alone": lambda: on_page(D(A=D(S=N.JavaScript))),
    "scripts by name": lambda: lambda made: made.Root.__setitem__("/Names", D(JavaScript=D(Names=A([])))),
    "files by name": lambda: lambda made: made.Root.__setitem__("/Names", D(EmbeddedFiles=D(Names=A([])))),
    "a form in XML, as a list": lambda: lambda made: made.Root.__setitem__("/AcroForm", D(XFA=A([]))),
    "a page's words in another file": lambda: external_words,
    "another file's article": lambda: on_page(D(Subtype=N.Link, A=D(S=N.Thread, F=pikepdf.String("other.pdf")))),
    "a link to a script": lambda: on_page(D(Subtype=N.Link, A=D(S=N.URI, URI=pikepdf.String("JavaScript:alert(1)")))),
    "a link to a file": lambda: on_page(D(Subtype=N.Link, A=D(S=N.URI, URI=pikepdf.String("file:///etc/passwd")))),
    "a command to something rich": lambda: on_page(D(Subtype=N.Link, A=D(S=N.RichMediaExecute))),
    "a film": lambda: on_page(D(Subtype=N.Movie, Movie=D(F=pikepdf.String("\\\\evil\\share")))),
    "an action that nobody has heard of": lambda: on_page(D(Subtype=N.Link, A=D(S=N.Brandnew))),
    "a menu's command": lambda: on_page(D(Subtype=N.Link, A=D(S=N.Named, N=N.Print))),
    "a file at an address": lambda: lambda made: made.Root.__setitem__("/Extra", D(FS=N.URL, F=pikepdf.String("http://evil.example"))),
    "a script in a list": lambda: lambda made: made.Root.__setitem__("/Extra", A([A([D(JS=A([]))])])),
}


@pytest.mark.parametrize("kind", list(ACTIVE))
def test_a_pdf_that_does_things_is_refused_wherever_in_it_they_stand(kind: str) -> None:
    assert pdf_check.problem_with(pdf(ACTIVE[kind]())) == (
        "The PDF carries scripts or other files inside it. Print it to a new PDF and choose that"
    )


def test_a_plain_pdf_with_links_and_a_first_page_is_kept() -> None:
    def change(made: Any) -> None:
        on_page(D(Subtype=N.Link, A=D(S=N.URI, URI=pikepdf.String("https://www.gov.uk"))))(made)
        made.Root["/OpenAction"] = A([made.pages[0].obj, N.Fit])

    assert pdf_check.problem_with(pdf(change)) is None


def test_a_plain_pdf_may_lead_to_a_page_or_an_address_to_write_to_and_say_how_it_is_made_up() -> None:
    """An allow-list of actions must not take a page's group, or an element of the structure, for an action."""

    def change(made: Any) -> None:
        kinds = (
            D(S=N.URI, URI=pikepdf.String("mailto:a@example.test")),
            D(S=N.GoTo, D=A([made.pages[0].obj, N.Fit])),
            D(S=N.Named, N=N.NextPage),
        )
        made.pages[0]["/Annots"] = A([D(Subtype=N.Link, A=kind) for kind in kinds])
        made.pages[0]["/Group"] = D(S=N.Transparency, CS=N.DeviceRGB)
        made.pages[0]["/Resources"] = D(Font=D(FS=D(Type=N.Font, Subtype=N.Type1, BaseFont=N.Helvetica)))
        made.Root["/StructTreeRoot"] = D(K=A([D(S=N.P, A=D(O=N.Layout, Placement=N.Block)), D(S=N.Figure)]))
        made.Root["/URI"] = D(Base=pikepdf.String("https://www.gov.uk"))

    assert pdf_check.problem_with(pdf(change)) is None


def bomb(megabytes: int) -> bytes:
    """A PDF of one object stream that is nothing but spaces, packed a thousand to one."""
    packer = zlib.compressobj(9)
    packed = b"".join([*(packer.compress(b" " * 1_000_000) for _ in range(megabytes)), packer.flush()])
    body = b"%PDF-1.5\n"
    at = len(body)
    body += b"1 0 obj\n<< /Type /ObjStm /N 1 /First 4 /Filter /FlateDecode /Length %d >>\nstream\n" % len(packed)
    body += packed + b"\nendstream\nendobj\n"
    table = len(body)
    rows = ((0, 0, 255), (1, at, 0), (1, table, 0), (2, 1, 0))
    entries = b"".join(bytes([kind]) + where.to_bytes(4, "big") + bytes([last]) for kind, where, last in rows)
    body += b"2 0 obj\n<< /Type /XRef /Size 4 /W [1 4 1] /Root 3 0 R /Length %d >>\nstream\n" % len(entries)
    return body + entries + b"\nendstream\nendobj\nstartxref\n%d\n%%%%EOF" % table


def test_a_small_file_that_unpacks_to_fill_the_memory_is_refused_in_a_process_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    content = bomb(800)
    assert len(content) < 1024 * 1024
    assert pdf_check.problem_with(content) in (pdf_check.CANNOT_BE_CHECKED, pdf_check.WORDS["damaged"])
    monkeypatch.setattr(pdf_check, "SECONDS", 0.01)
    assert pdf_check.problem_with(pdf()) == pdf_check.CANNOT_BE_CHECKED


def test_one_person_may_have_only_so_many_files_looked_at_in_an_hour(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    looked: list[bytes] = []

    def look(content: bytes) -> str:
        looked.append(content)
        return "The file is not a PDF"

    monkeypatch.setattr(pdf_check, "problem_with", look)
    client, url = signed_in(world.people["anna"]), f"/children/{world.children['sam'].pk}/earlier-plans/new/"
    for number in range(42):
        typed = {"title": "Old plan", **posted_date("plan_date", world.today), "file": SimpleUploadedFile("a.pdf", f"{number}".encode())}
        page = client.post(url, typed).content.decode()
    assert len(looked) == 40
    assert "Wait a while" in page and 'value="Old plan"' in page
    assert not EarlierPlan.objects.exists()


# Money


def asked(world: World, plan: Plan, by: str) -> FundingRequest:
    """A request that one person has written, as the target's history says."""
    request: FundingRequest = plan.funding.get()
    assert request.target is not None
    request.target.aim = "Read every day"
    request.target._history_user = world.people[by]
    request.target.save()
    return request


def test_who_asked_does_not_decide_and_who_agreed_does_not_approve(world: World, plan: Plan) -> None:
    kit, lena, on = world.people["kit"], world.people["lena"], world.today
    request = asked(world, plan, "kit")
    for step in ("agreed", "part", "declined"):
        with pytest.raises(ValidationError):
            funding.take_step(request, step, by=kit, on=on, amount=Decimal(50), reason="Because")
    page = signed_in(kit).get(f"/funding/{request.pk}/").content.decode()
    assert "a colleague decides on it" in page and "What do you decide?" not in page
    request = funding.take_step(request, "agreed", by=lena, on=on)
    with pytest.raises(ValidationError):
        funding.take_step(request, "approved", by=lena, on=on)
    page = signed_in(lena).get(f"/funding/{request.pk}/").content.decode()
    assert "a colleague approves it to be paid" in page and "Approve to pay" not in page
    request = funding.take_step(request, "approved", by=kit, on=on)
    assert funding.take_step(request, "paid", by=kit, on=on).state == FundingRequest.State.PAID


def test_an_office_of_one_person_pays_only_where_its_policy_lets_it(world: World, plan: Plan) -> None:
    one_person_may(world, one_person_may_pay=True)
    request = asked(world, plan, "kit")
    for step in ("agreed", "approved", "paid"):
        request = funding.take_step(request, step, by=world.people["kit"], on=world.today)
    assert request.state == FundingRequest.State.PAID


def test_more_than_the_years_rate_is_warned_of_before_and_after(world: World, plan: Plan) -> None:
    PupilPremiumRate.objects.create(financial_year="2026-27", amount=150)
    request, client = asked(world, plan, "anna"), signed_in(world.people["kit"])
    assert "Agreeing in full goes £50 above" in client.get(f"/funding/{request.pk}/").content.decode()
    page = press(client, f"/funding/{request.pk}/", {"step": "agreed"}, follow=True).content.decode()
    assert "£50 above it" in page
    request.refresh_from_db()
    assert request.state == FundingRequest.State.AGREED


@pytest.mark.parametrize("name", ["hana", "ian"])
def test_money_of_a_child_without_a_school_is_no_team_managers(world: World, name: str) -> None:
    plan = begin(world, "wes")
    fill(plan, "wes")
    request = plan.funding.get()
    request.state, request.agreed_amount = "agreed", request.amount
    request.save()
    client, url = signed_in(world.people[name]), f"/funding/{request.pk}/"
    assert client.get(url).status_code == client.post(url, {"step": "spent", "amount": "5"}).status_code == 404
    assert not request.steps.exists()


# Malformed input


@pytest.mark.parametrize("url", ["/register/children/?q=%00", "/register/schools/?q=a%00b", "/children/{sam}/move/?q=%00"])
def test_a_nul_in_a_search_is_as_if_it_were_not_there(world: World, url: str) -> None:
    assert signed_in(world.people["kit"]).get(url.format(sam=world.children["sam"].pk)).status_code == 200


def test_a_nul_in_a_text_is_left_out_and_the_rest_is_kept(world: World, plan: Plan) -> None:
    client, url = signed_in(world.people["anna"]), f"/plans/{plan.pk}/sections/strengths/"
    row = Section.objects.get(plan=plan, key="strengths")
    question = next(one.key for one in plan.form.section("strengths").questions if one.kind == "text")
    typed = {f"q-{question}": "Before\0after", question: "Before\0after", "version": str(row.version), "complete": "no"}
    assert client.post(f"{url}draft/", typed).status_code == 200
    assert client.post(url, typed).status_code in (200, 302)
    assert client.post(f"{url}discard/", {"part": "\0"}).status_code == 302
    assert "\0" not in str(list(Draft.objects.values())) + str(list(Section.objects.values("answers")))


@pytest.mark.parametrize("count", ["abc", "²", "-5", "9" * 30, ""])
def test_a_made_up_number_of_people_at_the_meeting_is_no_error_of_ours(world: World, plan: Plan, count: str) -> None:
    typed = {"add_row": "1", "people-TOTAL_FORMS": count, "people-INITIAL_FORMS": "0", "version": "0"}
    assert signed_in(world.people["anna"]).post(f"/plans/{plan.pk}/sections/meeting/", typed).status_code == 200


# Drafts


def test_drafts_are_kept_of_parts_there_are_and_not_beyond_their_length(world: World, plan: Plan) -> None:
    client, target = signed_in(world.people["anna"]), plan.targets.get()
    tia = begin(world, "tia")
    fill(tia, "tia")
    other = Target.objects.get(plan=tia)
    for part in ("x", "new2", str(other.pk), str(target.pk).upper(), f"{{{target.pk}}}", "y" * 41):
        assert client.post(f"/plans/{plan.pk}/sections/targets/draft/?part={part}", {"aim": "A"}).status_code == 404
    assert client.post(f"/plans/{plan.pk}/sections/attendance/draft/?part=new", {"aim": "A"}).status_code == 404
    assert not Draft.objects.exists()
    for part in ("new", str(target.pk)):
        assert client.post(f"/plans/{plan.pk}/sections/targets/draft/?part={part}", {"aim": "A"}).status_code == 200
    Draft.objects.all().delete()
    assert client.post(f"/plans/{plan.pk}/targets/new/", {"aim": "x" * 250_000}).status_code == 200
    assert client.post(f"/plans/{plan.pk}/sections/attendance/", {"invented": "x" * 250_000}).status_code == 200
    assert not Draft.objects.exists()


# Who reads what


@pytest.mark.parametrize("action", ["cancel", "close"])
def test_a_reason_that_the_school_reads_is_asked_for_with_that_said(world: World, plan: Plan, action: str) -> None:
    kit = signed_in(world.people["kit"])
    words = "Everyone who reads the plan will see this, the school too."
    assert words in kit.get(f"/plans/{plan.pk}/moves/{action}/").content.decode()
    assert words in kit.get(f"/plans/{plan.pk}/meeting-exception/").content.decode()


def test_the_list_of_what_is_missing_names_no_question_of_the_councils_alone(world: World) -> None:
    plan = begin(world, "sam")
    private = {gap.label for gap in gaps_in(contents_of(plan)) if gap.audience is Audience.COUNCIL}
    assert private
    for name, may in (("anna", False), ("fay", True)):
        page = signed_in(world.people[name]).get(f"/plans/{plan.pk}/").content.decode()
        assert any(label in page for label in private) is may, name
    submit = signed_in(world.people["anna"]).get(f"/plans/{plan.pk}/moves/submit/").content.decode()
    assert not any(label in submit for label in private) and "answers that only the council reads" in submit


def test_each_copy_of_a_plan_carries_the_hash_of_what_it_says(world: World, plan: Plan) -> None:
    """The hash over everything, on the school's copy, would let a reader try out what the council's answers are."""
    bring_to(plan, "complete", world)
    content = PlanSnapshot.objects.get(plan=plan).content
    council, school = (snapshot.readable(content, audience) for audience in (Audience.COUNCIL, Audience.SCHOOL))
    assert council["hash"] == content["hash"] == snapshot.digest(content)
    assert school["hash"] == snapshot.digest(school) != council["hash"]
    assert content["hash"] not in str(school)


# Words that stand in a plan or leave the product


def test_for_whom_a_target_is_removed_is_as_true_as_for_whom_it_is_written(world: World, plan: Plan) -> None:
    moe, target = signed_in(world.people["moe"]), plan.targets.get()
    url, section = f"/plans/{plan.pk}/targets/{target.pk}/remove/", Section.objects.get(plan=plan, key="targets")
    told = {"version": str(section.version), "on_behalf_of": "Anna Example, designated teacher", "learned_by": "telephone"}
    for wrong in ({"learned_by": "telepathy"}, {"learned_by": "y" * 300}, {"learned_by": ""}, {"on_behalf_of": "x" * 201}):
        assert moe.post(url, told | wrong).status_code == 403
    target.refresh_from_db()
    section.refresh_from_db()
    assert not target.removed and str(section.version) == told["version"]
    assert moe.post(url, told).status_code == 302
    section.refresh_from_db()
    assert (section.on_behalf_of, section.learned_by) == (told["on_behalf_of"], "telephone")


def test_no_author_has_learned_something_in_a_way_there_is_not(world: World, plan: Plan) -> None:
    with pytest.raises(PermissionDenied):
        author_for(plan, "targets", world.people["kit"], on=world.today, on_behalf_of="Anna Example", learned_by="telepathy")


def test_the_invitation_of_a_contributor_does_not_say_which_school_it_is(world: World) -> None:
    """D7."""
    typed = {"name": "New Helper", "email": "new.helper@example.test", **posted_date("last_day", world.today + DAY)}
    signed_in(world.people["anna"]).post(f"/children/{world.children['sam'].pk}/contributors/new/", typed)
    mail = compose(Message.objects.get(recipient__email="new.helper@example.test", rule="invitation"))
    assert mail is not None and "The invitation is from Fenshire Virtual School." in mail.body
    assert "Hill" not in f"{mail.body}{mail.subject}"


@pytest.mark.parametrize(
    ("place", "told"),
    [
        *[(place, False) for place in ("Room 3", "The school’s office", "Market Hall, second floor", "Amberley House", "https://meet.test/abc-def")],
        *[(place, False) for place in ("High Street Library", "Same room as last time")],
        *[(place, True) for place in ("Larkmere Academy, office", "the LARKMERE school", "Room 3, Larkmere", "about M.B.", "MB's review")],
        *[(place, True) for place in ("Millies plan", "MillieB", "for Amb's plan", "AmbBrown", "UPN A950000178301", "A9500 0017 8301")],
        *[(place, True) for place in ("case 4711", "F-99-123456", "brown, room 3")],
    ],
)  # fmt: skip
def test_no_place_in_a_calendar_tells_which_child_it_is_about(world: World, place: str, told: bool) -> None:
    """D7. Millie Brown, called Amb, goes to the Larkmere Academy."""
    school = School(urn=900501, name="The Larkmere Academy")
    school.save()
    child = Child(
        authority=world.places["fenshire"].authority, given_name="Millie", family_name="Brown", known_as="Amb",
        date_of_birth=datetime.date(2012, 1, 15), upn="A950000178301", identifier="4711" if "4711" in place else "F-99-123456",
    )  # fmt: skip
    child.save()
    Enrolment(child=child, school=school, kind="main", starts=world.today - 9 * DAY).save()
    assert names_child(place, child) is told


# Money


def test_who_teaches_at_the_school_for_another_council_alone_reads_none_of_the_childs_money(world: World, plan: Plan) -> None:
    """A child moved from Hill to Brook: Bilal of Brook, who also teaches at Hill for Marlow Vale, read what Hill had asked for."""
    sam, bilal = world.children["sam"], signed_in(world.people["bilal"])
    confirmed(world)
    pages = [f"/children/{sam.pk}/", f"/plans/{plan.pk}/read/", f"/children/{sam.pk}/timeline/", f"/plans/{plan.pk}/timeline/"]
    before = [bilal.get(page).content.decode() for page in pages]
    member(world, "Bilal", "designated_teacher", school=world.schools["hill"], authority=world.places["marlow"].authority)
    for page, text in zip(pages, before, strict=True):
        after = bilal.get(page).content.decode()
        assert "CANARY-sam-purpose" not in after and after.count("remium") == text.count("remium"), page


def test_whoever_completes_a_plan_does_not_approve_the_sum_that_follows_from_it(world: World, plan: Plan) -> None:
    policy = Policy.objects.get(authority=world.places["fenshire"].authority)
    policy.flat_sums = {"secondary": 600, "primary": 600}
    policy.save()
    kit, lena = world.people["kit"], world.people["lena"]
    bring_to(plan, "complete", world)
    flat = FundingRequest.objects.get(plan=plan, target=None)
    with pytest.raises(ValidationError, match="You completed the plan"):
        funding.take_step(flat, "approved", by=kit, on=world.today)
    assert funding.take_step(flat, "approved", by=lena, on=world.today).state == "approved"


# Who is told


def test_the_head_alone_lets_somebody_at_the_school_in_to_a_restricted_record(world: World) -> None:
    """G5."""
    sam, anna, lena = world.children["sam"], signed_in(world.people["anna"]), signed_in(world.people["lena"])
    person(world, "Hope")
    member(world, "Hope", "head", virtual_school=world.places["fenshire"].virtual_school)
    url, asked = f"/children/{sam.pk}/contributors/new/", "for the head of the virtual school to decide"
    assert asked not in anna.get(f"/children/{sam.pk}/").content.decode()
    sam.restricted, sam.restricted_because = True, "Threats"
    sam.save()
    typed = {"name": "New Helper", "email": "helper@example.test", **posted_date("last_day", world.today + DAY)}
    assert anna.post(url, typed).status_code == anna.get(url).status_code == 403
    assert not AccessLog.objects.filter(page="pep:contributor-add", allowed=True).exists()
    assert asked in anna.get(f"/children/{sam.pk}/").content.decode()
    assert "must be the same as the designated teacher" in lena.post(url, {**typed, "email": "helper@elsewhere.test"}).content.decode()
    assert lena.post(url, typed).status_code == 302
    named = Allocation.objects.get(worker__email="helper@example.test")
    assert relations_to(named.worker, sam) == {Relation.SCHOOL_CONTRIBUTOR} and named.named_by == world.people["lena"]
    told = Message.objects.filter(rule="contributor_to_restricted")
    assert [message.recipient for message in told] == [world.people["hope"]], "the other head"


def test_who_proposed_a_move_and_who_would_have_confirmed_it_hear_that_it_was_withdrawn(world: World) -> None:
    move = proposed(world, by="kit", starts_on=world.today + 3 * DAY)
    moves.withdraw(move, by=world.people["moe"])
    told = {message.recipient for message in Message.objects.filter(rule="move_withdrawn")}
    assert told == {world.people["kit"], world.people["fay"]}


def test_a_place_is_one_line_in_a_calendar_entry() -> None:
    form = MeetingForm()
    form.cleaned_data = {"place": "Room\x0bSUMMARY:x\x85DESCRIPTION:y\u2028z\u202e"}
    assert form.clean_place() == "Room SUMMARY:x DESCRIPTION:y z"
