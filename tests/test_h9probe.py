from tests.pep.test_saving import *
import pytest
def test_probe(committed_db):
    world = build_world()
    plan = begin(world, "sam"); fill(plan, "x")
    q, version = text_question(plan), Section.objects.get(plan=plan, key=KEY).version
    assert signed_in(world.people["eve"]).post(url(plan), {q: "Late words", "version": str(version), "complete": "yes"}).status_code == 302
    print(perform(plan, "submit", by=world.people["anna"]).state)
