"""Half past midnight of a summer's night is still yesterday in UTC: whatever is named or listed by its day has the London day."""

import datetime

import pytest

from accounts.fields import DateField
from accounts.rules import check_facts
from pep.models import Document, FundingRequest, PlanSnapshot
from tests.pep.test_workflow import bring_to
from tests.world import begin, build_world, fill, signed_in
from virtualschool.views.desk import money_cells

NIGHT = datetime.datetime(2026, 6, 14, 23, 30, tzinfo=datetime.UTC)  # 00:30 on 15 June in London
DAY = datetime.date(2026, 6, 15)


@pytest.mark.django_db
def test_the_list_of_money_and_the_name_of_a_document_have_the_london_day() -> None:
    world = build_world()
    plan = begin(world, "sam")
    fill(plan, "sam")
    request = FundingRequest.objects.get(plan=plan)
    request.created_at = NIGHT
    vars(request)["in_care"] = True  # as the list asks for it
    assert DAY in money_cells(request)
    plan = bring_to(plan, "complete", world)
    plan.completed_at = NIGHT
    plan.save()
    document = Document.objects.create(
        snapshot=PlanSnapshot.objects.get(plan=plan), audience="school", content=b"%PDF-", size=5, sha256="x"
    )
    answer = signed_in(world.people["kit"]).get(f"/documents/{document.pk}/")
    assert f"-{DAY:%Y%m%d}-v1-school.pdf" in answer["Content-Disposition"]


def test_a_moment_put_into_a_box_for_a_day_or_into_a_messages_facts_is_its_london_day() -> None:
    assert DateField().to_python(NIGHT) == DAY
    assert check_facts({"on": NIGHT}) == {"on": "2026-06-15"}
