"""The rungs of the ladder: after how many working days who is told of what is late, and who stands above whoever holds a part.

Who holds a part already is nobody's superior in it: where nobody else stands on a rung, the next one is told at once, and not again later.
"""

import datetime
import uuid
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from accounts.policy import Relation
from accounts.relations import in_force
from children.models import Allocation
from pep.forms.declaration import Owner
from pep.planning import AGES, Ages
from pep.reminders import Parts, People, parts_of, people_of_teams, staff_of
from schools.models import Policy


@dataclass(frozen=True)
class Rung:
    """One step of the ladder: after which figure of the policy, and who is told of what waits for the social worker and of the rest.

    Where a team has nobody in the relation, the virtual school's people are told. One that stands ``beside`` the ladder tells the
    headteacher of what waits for the school, and takes no other's place; a figure of 0 is nobody.
    """

    key: str
    rule: str
    figure: str
    in_the_team: Relation | None = None
    in_the_virtual_school: tuple[Relation, ...] = ()
    beside: bool = False


HEADTEACHERS_RULE = "plan_late_to_headteacher"
RUNGS: tuple[Rung, ...] = (
    Rung("manager", "plan_late_to_manager", "manager_working_days", Relation.TEAM_MANAGER, (Relation.OFFICER, Relation.HEAD)),
    Rung("headteacher", HEADTEACHERS_RULE, "headteacher_working_days", beside=True),
    Rung("head", "plan_late_to_head", "head_working_days", Relation.SERVICE_MANAGER, (Relation.HEAD, Relation.OFFICER)),
)


def rung_figures(on: datetime.date, only: Policy | None) -> tuple[dict[uuid.UUID | None, list[int]], Ages]:
    """Of each authority with a policy the working days of every rung, under None the customary ones; and at which ages there are plans."""
    fields = [rung.figure for rung in RUNGS]
    if only:
        return {None: [getattr(only, name) for name in fields]}, Ages.of([(only.authority_id, only.to_year_13, only.plans_from_age)])
    rows = list(Policy.objects.filter(in_force(on)).values_list(*AGES, *fields))
    nothing_decided = Policy()
    figures: dict[uuid.UUID | None, list[int]] = {None: [getattr(nothing_decided, name) for name in fields]}
    figures |= {authority: days for authority, _, _, *days in rows}
    return figures, Ages.of((authority, to_year_13, age) for authority, to_year_13, age, *_ in rows)


@dataclass(frozen=True)
class Above:
    """Who stands above whoever holds a part of some children's plans on a day, and who holds it."""

    parts: Parts
    teams: Mapping[uuid.UUID, uuid.UUID]
    managers: Mapping[Rung, People]
    staff: Mapping[Rung, People]

    def on_rung(self, rung: Rung, owner: str, child_id: uuid.UUID, virtual_school_id: uuid.UUID) -> list[uuid.UUID]:
        """Who is told on a rung of what waits for this owner."""
        team = self.teams.get(child_id) if owner == Owner.SOCIAL_WORKER else None
        above = self.managers[rung].get(team, []) if team else []
        return above or self.staff[rung].get(virtual_school_id, [])

    def told(
        self, rungs: Sequence[Rung], owner: str, child_id: uuid.UUID, virtual_school_id: uuid.UUID
    ) -> tuple[Rung, list[uuid.UUID]]:  # fmt: skip
        """Of the rung that is reached and those further up the first on which somebody stands who does not hold the part, and they.

        Where there is nobody up to the top, those of the rung that is reached: better they hear of it again than nobody.
        """
        holding = self.parts.held(owner, child_id, virtual_school_id)
        for rung in rungs:
            others = [one for one in self.on_rung(rung, owner, child_id, virtual_school_id) if one not in holding]
            if others:
                return rung, others
        return rungs[0], self.on_rung(rungs[0], owner, child_id, virtual_school_id)


def above_of(children: Collection[uuid.UUID], on: datetime.date) -> Above:
    """Who stands above the holders of these children's plans: a fixed number of queries."""
    managers = {rung: people_of_teams(rung.in_the_team, on) for rung in RUNGS if rung.in_the_team}
    staff = {rung: staff_of(on, *rung.in_the_virtual_school) for rung in RUNGS if not rung.beside}
    return Above(parts_of(children, on), teams_of(children, on), managers, staff)


def rungs_from(figures: Sequence[int], days: int) -> tuple[Rung, ...]:
    """The last rung of the ladder that is reached so many working days late, then those further up; empty where none is reached."""
    ladder = [(rung, figure <= days) for rung, figure in zip(RUNGS, figures, strict=True) if figure > 0 and not rung.beside]
    reached = [number for number, (_, is_reached) in enumerate(ladder) if is_reached]
    return tuple(rung for rung, _ in ladder[reached[-1] :]) if reached else ()


def teams_of(children: Iterable[uuid.UUID], on: datetime.date) -> dict[uuid.UUID, uuid.UUID]:
    """The social work team of each child."""
    rows = Allocation.objects.filter(in_force(on), role=Allocation.Role.SOCIAL_WORKER, child__in=list(children), team__isnull=False)
    return dict(rows.order_by().values_list("child_id", "team_id"))
