"""The plan and everything that belongs to it."""

from pep.models.deadlines import Deadline, Recalculation
from pep.models.documents import Document, EarlierPlan, RenderJob
from pep.models.funding import FundingDecision, FundingRequest, PupilPremiumRate
from pep.models.meeting import Attendee, CopyGiven, Meeting, MeetingInvitation
from pep.models.moves import Move
from pep.models.plan import Plan, PlanEvent, PlanSnapshot, SignOff
from pep.models.quality import QualityArea, QualityCheck, Rubric
from pep.models.sections import Draft, Section
from pep.models.targets import Action, Progress, Target, TargetReview

__all__ = [
    "Action",
    "Attendee",
    "CopyGiven",
    "Deadline",
    "Document",
    "Draft",
    "EarlierPlan",
    "FundingDecision",
    "FundingRequest",
    "Meeting",
    "MeetingInvitation",
    "Move",
    "Plan",
    "PlanEvent",
    "PlanSnapshot",
    "Progress",
    "PupilPremiumRate",
    "QualityArea",
    "QualityCheck",
    "Recalculation",
    "RenderJob",
    "Rubric",
    "Section",
    "SignOff",
    "Target",
    "TargetReview",
]
