"""What is done together: services, pupil premium, targets, actions, the meeting and the signatures."""

from pep.forms.declaration import Body, Kind, Owner, Question, Section, Stage, StatutoryHead, When
from pep.forms.sections_2026 import options

AGENCIES = Section(
    key="agencies",
    title="Services and who is responsible",
    owner=Owner.SOCIAL_WORKER,
    stage=Stage.BEFORE,
    rubric_area="education",
    questions=(
        Question(
            "involved",
            "Does any service outside school work with them?",
            Kind.YES_NO,
            carry_forward=True,
            heads=(StatutoryHead.ARRANGEMENTS,),
        ),
        Question(
            "services",
            "Services that work with them",
            Kind.ROWS,
            row_name="Service",
            minimum_rows=1,
            applies=When("involved", (True,)),
            carry_forward=True,
            heads=(StatutoryHead.ARRANGEMENTS,),
            columns=(
                Question("service", "Service", Kind.CHOICE, options=options.SERVICE),
                Question("does", "What they do, and how often", Kind.TEXT, max_length=500),
                Question("responsible", "Person responsible", Kind.LINE),
                Question("outcome", "What should come of it", Kind.LINE, required=False),
                Question("ends", "Last day, if known", Kind.DATE, required=False),
            ),
        ),
        Question(
            "waiting",
            "Which help is missing or waited for, and who is asking for it?",
            Kind.TEXT,
            required=False,
            max_length=1000,
            carry_forward=True,
        ),
        Question("lead", "Who makes sure that this plan is carried out?", Kind.LINE, hint="Name and role.", carry_forward=True),
        Question("copies", "Who else gets a copy of this plan?", Kind.CHOICES, options=options.COPY_TO, carry_forward=True),
    ),
)

PREMIUM = Section(
    key="premium",
    title="Pupil premium",
    owner=Owner.SCHOOL,
    stage=Stage.BEFORE,
    rubric_area="targets",
    questions=(
        Question("premium_used", "Was pupil premium used for them since the last plan?", Kind.YES_NO),
        Question(
            "premium_spending",
            "What it was used for",
            Kind.ROWS,
            row_name="Item",
            minimum_rows=1,
            applies=When("premium_used", (True,)),
            columns=(
                Question("what", "What was paid for", Kind.LINE),
                Question("kind", "Kind of help", Kind.CHOICE, options=options.SPENDING_KIND),
                Question("cost", "Cost in whole pounds", Kind.NUMBER, minimum=0, maximum=20000, unit="£"),
                Question("difference", "What difference it made", Kind.CHOICE, options=options.DIFFERENCE),
                Question("evidence", "How you know", Kind.LINE, required=False),
            ),
        ),
        Question(
            "premium_not_used",
            "Why was none used?",
            Kind.TEXT,
            max_length=1000,
            applies=When("premium_used", (False,)),
        ),
        Question(
            "premium_next",
            "What should pupil premium do for them next?",
            Kind.TEXT,
            hint="You can ask for money beside each new target.",
            max_length=2000,
        ),
        Question(
            "school_budget",
            "What does the school pay for from its own budget?",
            Kind.TEXT,
            required=False,
            max_length=1000,
        ),
    ),
)

LAST_TARGETS = Section(
    key="last_targets",
    title="Last plan’s targets",
    owner=Owner.SCHOOL,
    stage=Stage.BEFORE,
    body=Body.LAST_TARGETS,
    rubric_area="targets",
    intro="Say how each target went before you set new ones. A target that was not met is better broken into smaller steps than repeated.",
)

TARGETS = Section(
    key="targets",
    title="New targets",
    owner=Owner.SCHOOL,
    stage=Stage.MEETING,
    body=Body.TARGETS,
    rubric_area="targets",
    intro="Set at least one target for learning. Each should be small enough to reach by the next plan, or be marked as longer term.",
)

ACTIONS = Section(
    key="actions",
    title="Actions",
    owner=Owner.SCHOOL,
    stage=Stage.MEETING,
    body=Body.ACTIONS,
    rubric_area="meeting",
    intro="Everything that somebody promised: what, who and by when.",
)

MEETING = Section(
    key="meeting",
    title="Meeting",
    owner=Owner.SCHOOL,
    stage=Stage.MEETING,
    body=Body.MEETING,
    rubric_area="meeting",
)

SIGN_OFF = Section(
    key="sign_off",
    title="Sign-off",
    owner=Owner.SOCIAL_WORKER,
    stage=Stage.AFTER,
    body=Body.SIGN_OFF,
)
