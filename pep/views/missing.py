"""What a plan still lacks, and whose it is, as each reader may know it."""

from functools import cached_property

from pep.forms.declaration import Audience
from pep.models import Plan, SignOff
from pep.planning import OWNER_NAMES
from pep.sections import Gap, audience_of, writer_of
from pep.views.page import PlanPage


def gaps_for(gaps: list[Gap], audience: Audience) -> list[Gap]:
    """What is missing as this reader may know it: for the school, what the council alone reads is one line, without its questions."""
    if audience is Audience.COUNCIL:
        return gaps
    known = [gap for gap in gaps if gap.audience is Audience.SCHOOL]
    owners = dict.fromkeys(gap.owner for gap in gaps if gap.audience is Audience.COUNCIL)
    return known + [Gap("", OWNER_NAMES[owner], owner, "answers that only the council reads") for owner in owners]


def title_for(plan: Plan, gap: Gap, audience: Audience) -> str:
    """The section something is missing in, as this reader may know it."""
    return gap.section_title if plan.form.section(gap.section).shown_to(audience) else f"the {OWNER_NAMES[gap.owner].lower()}’s own part"


def notes_of(plan: Plan) -> list[SignOff]:
    """What those who submitted and signed the plan wrote to the next, while it waits for them."""
    waits = plan.state in (Plan.State.AWAITING_SIGN_OFF, Plan.State.AWAITING_CHECK)
    return list(plan.sign_offs.filter(voided_at=None).exclude(comment="").select_related("by").order_by("at")) if waits else []


class MissingPage(PlanPage):
    """A page of a plan that says what is missing and whose it is."""

    @cached_property
    def own_sections(self) -> frozenset[str]:
        """The sections that are the reader's own to write; asked once for each section."""
        writers = {section.key: writer_of(self.plan, section.key, self.relations, self.today) for section in self.plan.form.sections}
        # Who could write a section for a named person is still told whom it waits for.
        return frozenset(key for key, writer in writers.items() if writer and not writer.must_name)

    def gap_groups(self, gaps: list[Gap]) -> list[tuple[str, list[Gap]]]:
        """What is missing, the reader's own part first, then the part of each other owner."""
        names, groups = self.owner_names(), dict[str, list[Gap]]()
        for gap in gaps_for(gaps, audience_of(self.verbs)):
            groups.setdefault("For you" if gap.section in self.own_sections else f"For the {names[gap.owner].lower()}", []).append(gap)
        return sorted(groups.items(), key=lambda group: group[0] != "For you")
