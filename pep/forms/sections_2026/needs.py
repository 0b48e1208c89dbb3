"""What the school knows about the learner: special needs, strengths, what helps, and life outside lessons."""

from pep.forms.declaration import Kind, Owner, Question, Section, Stage, StatutoryHead, When
from pep.forms.sections_2026 import options

SUPPORTED = When("sen_status", ("K", "A", "E"))
WITH_PLAN = When("sen_status", ("E",))

SPECIAL_NEEDS = Section(
    key="special_needs",
    title="Special educational needs",
    owner=Owner.SCHOOL,
    stage=Stage.BEFORE,
    rubric_area="education",
    questions=(
        Question(
            "sen_status",
            "Do they have special educational needs?",
            Kind.CHOICE,
            options=options.SEN_STATUS,
            carry_forward=True,
            heads=(StatutoryHead.HISTORY, StatutoryHead.ARRANGEMENTS),
        ),
        Question("sen_primary", "What is their main need?", Kind.CHOICE, options=options.SEN_NEED, applies=SUPPORTED, carry_forward=True),
        Question(
            "sen_secondary",
            "What is their second need, if any?",
            Kind.CHOICE,
            options=options.SEN_NEED,
            required=False,
            applies=SUPPORTED,
            unlike="sen_primary",
            carry_forward=True,
        ),
        Question(
            "sen_support",
            "Which special support do they get?",
            Kind.TEXT,
            hint="What it is, how often, from whom, and whether it works.",
            max_length=3000,
            applies=SUPPORTED,
            carry_forward=True,
            heads=(StatutoryHead.ARRANGEMENTS,),
        ),
        Question("ehcp_authority", "Which council keeps the EHC plan?", Kind.LINE, applies=WITH_PLAN, carry_forward=True),
        Question("ehcp_on", "Date of the final EHC plan", Kind.DATE, past=True, applies=WITH_PLAN, carry_forward=True),
        Question("ehcp_review", "Date the next yearly review is due", Kind.DATE, applies=WITH_PLAN, carry_forward=True),
        Question(
            "ehcp_link",
            "How does this plan fit with the EHC plan?",
            Kind.TEXT,
            hint="Do not copy it. Say which of its aims the new targets work towards.",
            required=False,
            max_length=2000,
            applies=WITH_PLAN,
        ),
        Question(
            "sen_watch",
            "Is there a need that nobody has looked into yet?",
            Kind.TEXT,
            required=False,
            max_length=1000,
            applies=When("sen_status", ("N", "K")),
        ),
    ),
)

STRENGTHS = Section(
    key="strengths",
    title="Strengths and what helps",
    owner=Owner.SCHOOL,
    stage=Stage.BEFORE,
    rubric_area="education",
    intro="A new teacher should be able to begin with these pages tomorrow.",
    questions=(
        Question(
            "strengths",
            "What are they good at, and how do they learn best?",
            Kind.TEXT,
            max_length=2000,
            carry_forward=True,
        ),
        Question("difficulties", "What do they find hard?", Kind.TEXT, max_length=2000, carry_forward=True),
        Question(
            "triggers",
            "What can upset them or set them back?",
            Kind.TEXT,
            hint="Times of day, places, dates, words. Say how you can tell.",
            required=False,
            max_length=2000,
            carry_forward=True,
        ),
        Question(
            "helps",
            "What helps? What has worked?",
            Kind.TEXT,
            hint="Ways of talking, seating, breaks, warnings of change, rewards they like.",
            max_length=3000,
            carry_forward=True,
            heads=(StatutoryHead.ARRANGEMENTS,),
        ),
        Question(
            "relationships",
            "How do they get on with other pupils and with adults?",
            Kind.TEXT,
            hint="Friends, trust, bullying by or of them.",
            max_length=2000,
        ),
        Question("safe_place", "Where can they go when things get too much?", Kind.LINE, required=False, carry_forward=True),
    ),
)

LEISURE = Section(
    key="leisure",
    title="Interests and achievements",
    owner=Owner.SCHOOL,
    stage=Stage.BEFORE,
    rubric_area="aspirations",
    questions=(
        Question(
            "interests",
            "What do they enjoy outside lessons?",
            Kind.TEXT,
            max_length=2000,
            carry_forward=True,
            heads=(StatutoryHead.LEISURE,),
        ),
        Question(
            "activities",
            "Clubs, sport, music and other activities",
            Kind.ROWS,
            row_name="Activity",
            required=False,
            carry_forward=True,
            heads=(StatutoryHead.LEISURE,),
            columns=(
                Question("name", "What", Kind.LINE),
                Question("place", "Where", Kind.LINE, required=False),
                Question("often", "How often", Kind.CHOICE, options=options.HOW_OFTEN),
            ),
        ),
        Question(
            "proud",
            "What can we celebrate since the last plan?",
            Kind.TEXT,
            max_length=2000,
            heads=(StatutoryHead.HISTORY,),
        ),
        Question("would_like", "What would they like to try?", Kind.TEXT, required=False, max_length=1000, heads=(StatutoryHead.LEISURE,)),
        Question(
            "in_the_way",
            "What gets in the way, and who will sort it out?",
            Kind.TEXT,
            hint="Transport, money, permission, time.",
            required=False,
            max_length=1000,
        ),
    ),
)
