"""What the social worker tells about health and wellbeing."""

from pep.forms.declaration import Audience, Kind, Owner, Question, Section, Stage, When
from pep.forms.sections_2026 import options

HEALTH = Section(
    key="health",
    title="Health",
    owner=Owner.SOCIAL_WORKER,
    stage=Stage.BEFORE,
    rubric_area="about_me",
    questions=(
        Question(
            "condition",
            "Do they have a health condition, allergy or disability that matters at school?",
            Kind.YES_NO,
            hint="Sight, hearing and sleep count too.",
            carry_forward=True,
        ),
        Question(
            "condition_help",
            "What is it, and what should staff do?",
            Kind.TEXT,
            max_length=2000,
            applies=When("condition", (True,)),
            carry_forward=True,
        ),
        Question("medicine", "Do they need medicine in the school day?", Kind.YES_NO, carry_forward=True),
        Question(
            "medicine_help",
            "Which medicine, when, and who gives it?",
            Kind.TEXT,
            max_length=1000,
            applies=When("medicine", (True,)),
            carry_forward=True,
        ),
        Question(
            "mental_health",
            "How are they in themselves, and who helps with that?",
            Kind.TEXT,
            hint="Mood, worries and sleep; the service that helps; what school can do as well.",
            max_length=2000,
            carry_forward=True,
        ),
        Question(
            "appointments",
            "Which regular appointments fall in school time?",
            Kind.TEXT,
            required=False,
            max_length=1000,
            carry_forward=True,
        ),
        Question(
            "health_assessment",
            "Date of their last health assessment",
            Kind.DATE,
            past=True,
            required=False,
            audience=Audience.COUNCIL,
            carry_forward=True,
        ),
        Question(
            "health_private",
            "Which health details are for the council alone?",
            Kind.TEXT,
            required=False,
            audience=Audience.COUNCIL,
            carry_forward=True,
        ),
    ),
)

WELLBEING = Section(
    key="wellbeing",
    title="Strengths and difficulties questionnaire",
    owner=Owner.SOCIAL_WORKER,
    stage=Stage.BEFORE,
    rubric_area="about_me",
    intro="The questionnaire (SDQ) is filled in once a year for children aged 4 to 16. "
    "A score of 0 to 13 is usual, 14 to 16 is borderline, and 17 to 40 is a cause for concern.",
    questions=(
        Question("sdq_scored", "Is there a score from the last 12 months?", Kind.YES_NO, carry_forward=True),
        Question(
            "sdq_score",
            "Total score",
            Kind.NUMBER,
            minimum=0,
            maximum=40,
            applies=When("sdq_scored", (True,)),
            carry_forward=True,
        ),
        Question(
            "sdq_date", "Date of the score", Kind.DATE, past=True, within_months=12, applies=When("sdq_scored", (True,)), carry_forward=True
        ),
        Question(
            "sdq_by",
            "Who filled it in?",
            Kind.CHOICE,
            options=options.SDQ_BY,
            applies=When("sdq_scored", (True,)),
            carry_forward=True,
        ),
        Question(
            "sdq_help",
            "What does the score tell us, and what should school do?",
            Kind.TEXT,
            hint="If the score is 17 or more, say which help will follow.",
            max_length=2000,
            applies=When("sdq_scored", (True,)),
            carry_forward=True,
        ),
        Question(
            "sdq_reason",
            "Why is there no score?",
            Kind.CHOICE,
            options=options.SDQ_REASON,
            applies=When("sdq_scored", (False,)),
            carry_forward=True,
        ),
        Question(
            "sdq_private",
            "What about the score is for the council alone?",
            Kind.TEXT,
            required=False,
            max_length=2000,
            audience=Audience.COUNCIL,
            carry_forward=True,
        ),
    ),
)
