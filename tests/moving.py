"""Moving a child in tests: proposed by the social worker, confirmed by the virtual school's officer."""

import datetime

from accounts.models import Message
from pep import moves
from pep.deadlines import refresh
from pep.models import Move
from tests.remembered import remembered
from tests.world import World, build_world


@remembered
def world_with_dates() -> World:
    """The cast, with every child's dates computed."""
    world = build_world()
    for child in world.children.values():
        refresh(child, on=world.today)
    allocation = world.children["wes"].allocations.get(role="social_worker")
    allocation.worker = world.people["fay"]
    allocation.save()
    return world


def proposed(world: World, *, starts_on: datetime.date | None = None, to: str | None = "brook", key: str = "sam", by: str = "fay") -> Move:
    """A change of school that waits for a second person."""
    return moves.propose(
        world.children[key],
        to_school=world.schools[to] if to else None,
        starts_on=starts_on or world.today,
        reason="New placement",
        by=world.people[by],
    )


def confirmed(world: World, *, starts_on: datetime.date | None = None, to: str | None = "brook", key: str = "sam", by: str = "fay") -> Move:
    """A change of school that the officer has confirmed."""
    return moves.confirm(proposed(world, starts_on=starts_on, to=to, key=key, by=by), by=world.people["kit"])


def told(rule: str) -> set[str]:
    """Who was told, by first name."""
    messages = Message.objects.filter(rule=rule).select_related("recipient")
    return {message.recipient.name.split()[0].lower() for message in messages if message.recipient}
