"""What one line of the authority's list means for the dated facts around a child: care, placement, social worker, school.

Each function compares one fact with the register and plans, on the line, what follows. What would undo a recorded fact, or give
someone new access to a child, is not done by an import: it becomes a question on the line.
"""

import datetime
from dataclasses import dataclass, field

from accounts.models import User
from accounts.policy import Relation
from children.models import Allocation, CarePeriod, Child, Enrolment, Placement
from pep.planning import turns_short_breaks
from schools.models import School, Team
from virtualschool.register.rows import Line, shown

CLOSED = "Closed"


@dataclass
class Facts:
    """What the register knows about one child: each list in order of its start."""

    care: list[CarePeriod] = field(default_factory=list)
    placements: list[Placement] = field(default_factory=list)
    main_enrolments: list[Enrolment] = field(default_factory=list)
    workers: list[Allocation] = field(default_factory=list)


def in_care(line: Line, child: Child, known: Facts, starts: datetime.date | None, legal_status: str, on: datetime.date) -> None:
    """The care period and its legal status. A different start is asked about, and what turns it into short breaks or back: every date
    that the law sets hangs on the first day.
    """
    latest = known.care[-1] if known.care else None
    if starts is not None and (latest is None or (latest.ends is not None and starts >= latest.ends and starts != latest.starts)):
        period = CarePeriod(child=child, starts=starts, legal_status=legal_status)
        status = f", {period.get_legal_status_display()}" if legal_status else ""
        line.add(period, f"In care from {shown(starts)}{status}")
    elif latest is None:
        return
    elif latest.ends is not None and latest.ends <= on:
        line.asks.append(f"The register says that care ended on {shown(latest.ends)}. If that is wrong, change it on the child's page.")
    elif starts not in (None, latest.starts):
        line.asks.append(
            f"Care began on {shown(starts)} in the file and on {shown(latest.starts)} in the register. "
            "Change it on the child's page if the file is right."
        )
    elif legal_status and turns_short_breaks(latest.legal_status, legal_status):
        says = CarePeriod(legal_status=legal_status).get_legal_status_display()
        line.asks.append(
            f"The legal status is “{says}” in the file; the register has “{latest.get_legal_status_display()}” since "
            f"{shown(latest.starts)}. A time in care that follows short breaks begins on a day of its own: end the short breaks on the "
            "child's page, and add it there."
        )
    elif legal_status and legal_status != latest.legal_status:
        line.edit(latest, {"legal_status": legal_status})


def placed(line: Line, child: Child, known: Facts, kind: str, starts: datetime.date | None, carer: str, on: datetime.date) -> None:
    """Where the child lives. A change without a date holds from the day of the import."""
    if not kind:
        return
    latest = known.placements[-1] if known.placements else None
    begins = starts or on
    new = Placement(child=child, kind=kind, carer=carer, starts=begins)
    sentence = f"Placement from {shown(begins)}: {kind}" + (f", {carer}" if carer else "")
    if latest is None or (latest.ends is not None and begins >= latest.ends):
        line.add(new, sentence)
        return
    same = latest.kind.casefold() == kind.casefold() and carer in ("", latest.carer)
    if same and latest.ends is None and starts in (None, latest.starts):
        return
    if latest.ends is None and begins > latest.starts:
        line.edit(latest, {"ends": begins})
        line.add(new, sentence)
    elif latest.ends is None and begins == latest.starts:
        line.edit(latest, {"kind": kind, "carer": carer or latest.carer})
    else:
        line.asks.append(
            f"The placement ({kind}) began on {shown(begins)} in the file; the register has one from {shown(latest.starts)}"
            + (f" to {shown(latest.ends)}" if latest.ends else "")
            + ". Change it on the child's page if the file is right."
        )


def worked_with(
    line: Line, child: Child, known: Facts, worker: User | None, team: Team | None, on: datetime.date, *, by: User | None = None
) -> None:
    """Who the social worker is, and the team. A change holds from the day of the import; a line that names neither changes nothing.

    Nobody gives themselves a child (``by`` is who imports), and who comes to see a restricted record is decided on its own page.
    """
    last = known.workers[-1] if known.workers else None
    if last is not None and last.ends is not None and last.ends > on:
        line.asks.append(f"The register already plans a change of social worker for {shown(last.ends)}. Decide on the child's page.")
        return
    latest = last if last is not None and last.ends is None else None
    team = team or (latest.team if latest else None)
    if worker is None and (team is None or (latest is not None and latest.team_id == team.pk)):
        if latest is not None and latest.worker is not None and team is not None:
            line.asks.append(
                f"The file names no social worker; the register has {latest.worker}. End it on the child's page if it has ended."
            )
        return
    if team is None:
        line.asks.append(f"{worker} cannot be allocated without a team. Name the team.")
        return
    if latest is not None and (latest.worker_id, latest.team_id) == (worker.pk if worker else None, team.pk):
        return
    if by is not None and worker is not None and worker.pk == by.pk:
        line.asks.append(f"{worker} imports this file, and nobody allocates themselves. Ask a colleague to do it on the child's page.")
        return
    if child.restricted:
        line.asks.append(
            f"The file says {worker or 'no social worker'} ({team}). The record is restricted: the head decides who works with the child."
        )
        return
    sentence = f"{worker} ({team}) is the social worker" if worker else f"No social worker; the case is with {team}"
    if latest is None or latest.starts < on:
        if latest is not None:
            line.edit(latest, {"ends": on})
        line.add(Allocation(child=child, role=Relation.SOCIAL_WORKER, worker=worker, team=team, starts=on), f"{sentence} from {shown(on)}")
    elif latest.starts == on:
        line.edit(latest, {"worker": worker, "team": team})
    else:
        line.asks.append(f"The register already plans a change of social worker for {shown(latest.starts)}. Decide on the child's page.")


def enrolled(line: Line, child: Child, known: Facts, school: School | None, starts: datetime.date | None, on: datetime.date) -> None:
    """The main school. Only a child who never had one is enrolled here: any change is a move, which two people make."""
    latest = known.main_enrolments[-1] if known.main_enrolments else None
    current = latest if latest is not None and (latest.ends is None or latest.ends > on) else None
    if school is None:
        if current is not None:
            line.asks.append(f"Move: the file names no school; the register has {current.school}. If the child has left, record it.")
        return
    if current is not None and current.school_id == school.pk:
        return
    if current is not None and current.school.successor_id == school.pk:
        line.asks.append(f"{current.school} has become {school}. The import of schools carries the child over.")
    elif latest is not None:
        was = f"{current.school}" if current is not None else f"no school (the last was {latest.school})"
        line.asks.append(
            f"Move: the file says {school} (URN {school.urn}); the register has {was}. Propose the move: a second person confirms it."
        )
    elif child.restricted:
        line.asks.append(f"Move: the file says {school} (URN {school.urn}). The record is restricted: the head decides about the school.")
    else:
        begins = starts or on
        line.add(Enrolment(child=child, school=school, kind=Enrolment.Kind.MAIN, starts=begins), f"At {school} from {shown(begins)}")
        if school.status == CLOSED:
            line.warnings.append(f"{school} is closed. Check the URN.")
