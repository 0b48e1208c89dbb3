"""What the child, the carers, the parents and the social worker say, and who wrote it down. Never copied from one term to the next."""

from pep.forms.declaration import Audience, Kind, Owner, Question, Section, Stage, StatutoryHead, When
from pep.forms.sections_2026 import options

SAID = When("child_origin", ("own", "written", "observed"))

CHILD_VIEWS = Section(
    key="child_views",
    title="My views",
    owner=Owner.SCHOOL,
    stage=Stage.BEFORE,
    rubric_area="views",
    intro="These are the child's words, so the questions are put to the child. “I'd rather not say” is an answer too. "
    "Tell them who will read it: the people at the meeting, the school and the council.",
    questions=(
        Question("child_origin", "How were these views given?", Kind.CHOICE, options=options.CHILD_ORIGIN),
        Question(
            "child_writer",
            "Which adult wrote it down?",
            Kind.LINE,
            hint="Name and role.",
            applies=When("child_origin", ("written", "observed")),
        ),
        Question("child_ways", "How did I tell people?", Kind.CHOICES, options=options.WAYS_OF_TELLING, required=False, applies=SAID),
        Question("going_well", "What is going well?", Kind.TEXT, applies=SAID),
        Question("hard", "What is hard, or worries me?", Kind.TEXT, required=False, applies=SAID),
        Question("helpers", "Who helps me, and how?", Kind.TEXT, required=False, max_length=2000, applies=SAID),
        Question("wish", "What do I want to happen next?", Kind.TEXT, applies=SAID),
        Question(
            "asked_before",
            "What happened with the things I asked for last time?",
            Kind.TEXT,
            required=False,
            max_length=2000,
            applies=SAID,
        ),
        Question(
            "no_views",
            "How was I asked, and how will people try again?",
            Kind.TEXT,
            max_length=2000,
            applies=When("child_origin", ("none",)),
        ),
    ),
)

FEELINGS = Section(
    key="feelings",
    title="How school feels to me",
    owner=Owner.SCHOOL,
    stage=Stage.BEFORE,
    rubric_area="views",
    intro="Any of these can be left out.",
    questions=(
        Question("feel_lessons", "Lessons feel", Kind.CHOICE, options=options.FEELING, required=False),
        Question("feel_friends", "Friends and other pupils feel", Kind.CHOICE, options=options.FEELING, required=False),
        Question("feel_adults", "Teachers and other adults feel", Kind.CHOICE, options=options.FEELING, required=False),
        Question("feel_breaks", "Break times and lunch feel", Kind.CHOICE, options=options.FEELING, required=False),
        Question("feel_homework", "Homework feels", Kind.CHOICE, options=options.FEELING, required=False),
        Question("feel_safe", "Being safe at school feels", Kind.CHOICE, options=options.FEELING, required=False),
        Question("feel_more", "What I want to say about this", Kind.TEXT, required=False, max_length=2000),
    ),
)

HOME_SUPPORT = Section(
    key="home_support",
    title="Help at home",
    owner=Owner.SOCIAL_WORKER,
    stage=Stage.BEFORE,
    rubric_area="views",
    questions=(
        Question(
            "carer_role",
            "What do their carers do to help them learn and do well?",
            Kind.TEXT,
            hint="Reading together, homework, talking with school, praise, getting there on time. Name other adults who help.",
            max_length=2000,
            carry_forward=True,
            heads=(StatutoryHead.CARER_ROLE,),
        ),
        Question(
            "carer_leisure",
            "What do their carers do for their interests and free time?",
            Kind.TEXT,
            max_length=2000,
            carry_forward=True,
            heads=(StatutoryHead.CARER_ROLE, StatutoryHead.LEISURE),
        ),
        Question(
            "home_learning",
            "What do they have at home for learning?",
            Kind.TEXT,
            hint="A quiet place, books, a computer, the internet. Say what is missing.",
            max_length=1000,
            carry_forward=True,
        ),
        Question("carer_needs", "What would help their carers?", Kind.TEXT, required=False, max_length=1000),
    ),
)

CARER_VIEWS = Section(
    key="carer_views",
    title="Views of the carers",
    owner=Owner.SOCIAL_WORKER,
    stage=Stage.BEFORE,
    rubric_area="views",
    questions=(
        Question("carer_origin", "How were these views given?", Kind.CHOICE, options=options.ADULT_ORIGIN),
        Question(
            "carer_name",
            "Whose views are they, and who wrote them down?",
            Kind.LINE,
            applies=When("carer_origin", ("own", "written")),
        ),
        Question("carer_well", "What is going well?", Kind.TEXT, applies=When("carer_origin", ("own", "written"))),
        Question("carer_worries", "What worries them?", Kind.TEXT, required=False, applies=When("carer_origin", ("own", "written"))),
        Question(
            "carer_wish",
            "What would they like to happen next?",
            Kind.TEXT,
            required=False,
            max_length=2000,
            applies=When("carer_origin", ("own", "written")),
        ),
        Question(
            "carer_none",
            "Why are there no views, and what will be done?",
            Kind.TEXT,
            max_length=1000,
            applies=When("carer_origin", ("none",)),
        ),
    ),
)

PARENT_VIEWS = Section(
    key="parent_views",
    title="Views of the parents",
    owner=Owner.SOCIAL_WORKER,
    stage=Stage.BEFORE,
    rubric_area="views",
    intro="The school reads the views. Who said them, and why there are none, is for the council alone.",
    questions=(
        Question("parent_origin", "How were these views given?", Kind.CHOICE, options=options.ADULT_ORIGIN),
        Question(
            "parent_name",
            "Whose views are they, and who wrote them down?",
            Kind.LINE,
            applies=When("parent_origin", ("own", "written")),
            audience=Audience.COUNCIL,
        ),
        Question(
            "parent_says",
            "What do they say about school and learning?",
            Kind.TEXT,
            applies=When("parent_origin", ("own", "written")),
        ),
        Question(
            "parent_none",
            "Why are there no views?",
            Kind.TEXT,
            max_length=1000,
            applies=When("parent_origin", ("none",)),
            audience=Audience.COUNCIL,
        ),
        Question(
            "parent_private",
            "What did they say that is for the council alone?",
            Kind.TEXT,
            required=False,
            audience=Audience.COUNCIL,
        ),
    ),
)

SOCIAL_WORKER_VIEWS = Section(
    key="social_worker_views",
    title="Views of the social worker",
    owner=Owner.SOCIAL_WORKER,
    stage=Stage.BEFORE,
    rubric_area="views",
    questions=(
        Question("sw_says", "How are they doing, and what matters most this term?", Kind.TEXT),
        Question("sw_review_on", "Date of the next care plan review", Kind.DATE, coming=True, required=False),
        Question("sw_private", "What is for the council alone?", Kind.TEXT, required=False, audience=Audience.COUNCIL),
    ),
)
