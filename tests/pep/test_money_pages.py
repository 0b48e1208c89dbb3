"""Money as people write it, and a page that asks only what the next step needs."""

from decimal import Decimal

import pytest
from django import forms

from accounts.fields import MoneyField, PlainWords
from pep.models import FundingRequest
from schools.timetable import financial_year
from tests.world import World, begin, build_world, fill, press, signed_in

pytestmark = pytest.mark.django_db


@pytest.fixture
def world() -> World:
    return build_world()


@pytest.fixture
def money(world: World) -> FundingRequest:
    """Hill School's request for Sam, £480."""
    fill(begin(world, "sam"), "sam")
    request: FundingRequest = FundingRequest.objects.get()
    request.amount = Decimal(480)
    request.save()
    return request


class Asked(PlainWords, forms.Form):
    amount = MoneyField(label="Amount asked for (£)")


@pytest.mark.parametrize(
    ("typed", "amount"), [("1,400", "1400"), ("£1,000.50", "1000.50"), (" £ 54.5 ", "54.5"), ("999,999.99", "999999.99")]
)  # fmt: skip
def test_money_is_taken_as_people_write_it(typed: str, amount: str) -> None:
    form = Asked({"amount": typed})
    assert form.is_valid() and form.cleaned_data["amount"] == Decimal(amount)


@pytest.mark.parametrize(
    ("typed", "message"),
    [
        ("999999999999", "Amount asked for must be between £0.01 and £999,999.99"),
        ("0", "Amount asked for must be between £0.01 and £999,999.99"),
        ("-5", "Amount asked for must be between £0.01 and £999,999.99"),
        ("1,40", "Amount asked for must be an amount of money, like 54.50 or £1,400"),
        ("lots", "Amount asked for must be an amount of money, like 54.50 or £1,400"),
        ("1.234", "Amount asked for must be in whole pence"),
        ("", "Enter amount asked for"),
    ],
)
def test_what_is_no_amount_is_refused_by_the_fields_name_with_its_limits(typed: str, message: str) -> None:
    form = Asked({"amount": typed})
    assert [str(error) for error in form.errors["amount"]][0].startswith(message.removesuffix(" (£)"))


def decide(world: World, money: FundingRequest, by: str = "kit", **posted: str) -> str:
    """What somebody's page says after they sent this; Kit's, unless told."""
    page: str = press(signed_in(world.people[by]), f"/funding/{money.pk}/", posted, follow=True).content.decode()
    return page


@pytest.mark.parametrize(
    ("posted", "messages"),
    [
        ({"step": "agreed", "amount": "300"}, ["You agree in full, which is £480. Leave the amount empty, or choose “Agree in part”"]),
        ({"step": "part", "amount": "900"}, ["It must be less than the £480 asked for", "Say why you agree to a part only"]),
        ({"step": "part"}, ["Enter how much you agree to", "Say why you agree to a part only"]),
        ({"step": "declined", "amount": "5"}, ["“Decline” needs no amount", "Say why you decline"]),
    ],
)
def test_everything_wrong_with_a_decision_is_said_at_once(
    world: World, money: FundingRequest, posted: dict[str, str], messages: list[str]
) -> None:
    page = decide(world, money, **posted)
    assert all(message in page for message in messages)
    assert not money.steps.exists()


def test_each_step_asks_for_what_it_needs_and_says_what_was_done(world: World, money: FundingRequest) -> None:
    client = signed_in(world.people["kit"])
    assert "What do you decide?" in client.get(f"/funding/{money.pk}/").content.decode()
    page = decide(world, money, step="part", amount="£240", reason="Half now")
    assert "You agreed to £240 of £480." in page and "£240 of £480 agreed" in page
    page = signed_in(world.people["lena"]).get(f"/funding/{money.pk}/").content.decode()  # who agreed does not approve
    assert "What is the next step?" in page and "What do you decide?" not in page
    assert "agree in part" not in page.split("<form")[-1] and "Only when you record money spent" in page
    assert "£240 is approved to pay." in decide(world, money, by="lena", step="approved")
    page = decide(world, money, by="lena", step="paid")
    assert "£240 is recorded as paid." in page and "£240 of £480 paid" in page
    assert "£240 of £480 paid" in client.get(f"/children/{money.plan.child_id}/").content.decode()
    spent = decide(world, money, by="anna", step="spent", amount="100")
    assert "£100 is recorded as spent." in spent and "What has happened?" in spent


def test_a_flat_sum_reads_as_a_sentence(world: World, money: FundingRequest) -> None:
    money.target, money.purpose, money.amount = None, "completing the plan", Decimal(1430)
    money.save()
    assert "£1,430 for completing the plan" in signed_in(world.people["kit"]).get(f"/children/{money.plan.child_id}/").content.decode()


def test_the_sums_of_a_year_are_those_of_the_lines_under_it_and_other_years_stand_under_their_own(
    world: World, money: FundingRequest
) -> None:
    year = financial_year(world.today)
    before = f"{int(year[:4]) - 1}-{year[2:4]}"
    for amount, state, target, of in (
        (360, "paid", None, year), (120, "withdrawn", None, year), (90, "paid", None, before), (70, "requested", None, before),
    ):  # fmt: skip
        FundingRequest(
            plan=money.plan, target=target, school=money.school, financial_year=of, purpose="completing the plan", amount=amount,
            agreed_amount=amount if state == "paid" else None, state=state,
        ).save()  # fmt: skip
    money.financial_year = year
    money.save()
    address = f"/children/{money.plan.child_id}/"
    for name in ("kit", "anna"):
        page = signed_in(world.people[name]).get(address).content.decode()
        section = page[page.index("Pupil premium</h2>") :]
        now, then = section.split(f'<h3 class="govuk-heading-s">{before}</h3>')
        assert f'<h3 class="govuk-heading-s">{year}</h3>' in now, name
        assert [amount in now for amount in ("£480 for", "£360 for", "£120 for", "£90 for", "£70 for")] == [True, True, True, False, False]
        assert "£90 for" in then and "£70 for" in then
    assert f"In {year}: asked for £480, £360 by the authority’s policy, paid £360, spent £0." in " ".join(
        signed_in(world.people["kit"]).get(address).content.decode().split()
    )
