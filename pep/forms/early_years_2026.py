"""The form for children before Year 1, version 2026.1: areas of learning, the check at two, starting school, and a young child's voice."""

import datetime

from pep.forms.declaration import FormVersion, Kind, Option, Owner, Question, Section, Stage, StatutoryHead, When
from pep.forms.sections_2026 import options
from pep.forms.sections_2026.whole import sections_with

# The seven areas of learning and development of the early years foundation stage, the three prime ones first.
AREAS = (
    Option("communication", "Communication and language"),
    Option("physical", "Physical development"),
    Option("social", "Personal, social and emotional development"),
    Option("literacy", "Literacy"),
    Option("maths", "Maths"),
    Option("world", "Understanding the world"),
    Option("arts", "Expressive arts and design"),
)

ON_TRACK = (
    Option("ahead", "Ahead of most children of this age"),
    Option("on_track", "On track for this age"),
    Option("nearly", "A little behind"),
    Option("behind", "Well behind, and extra help is needed"),
    Option("X", "Not looked at yet"),
)

CHECK_AT_TWO = (
    Option("done", "Done"),
    Option("due", "Not due yet"),
    Option("missed", "Not done, though the child is over two and a half"),
    Option("unknown", "Not known"),
)

KNOWN = (Option("yes", "Yes"), Option("no", "No"), Option("unknown", "Not known yet"))

NEXT_STEP = (
    Option("none", "No step this year"),
    Option("joined", "They have just joined this setting"),
    Option("nursery", "Starting nursery"),
    Option("reception", "Starting school in Reception"),
    Option("year1", "Moving from Reception to Year 1"),
)

STARTING_POINTS = Section(
    key="starting_points",
    title="Starting points",
    owner=Owner.SCHOOL,
    stage=Stage.BEFORE,
    rubric_area="attainment",
    questions=(
        Question(
            "check_at_two",
            "Progress check between two and three",
            Kind.CHOICE,
            options=CHECK_AT_TWO,
            carry_forward=True,
            heads=(StatutoryHead.HISTORY,),
        ),
        Question("check_on", "Date of the check", Kind.DATE, past=True, applies=When("check_at_two", ("done",)), carry_forward=True),
        Question(
            "check_says",
            "What did the check say?",
            Kind.TEXT,
            hint="What went well, where help was needed, and what the health visitor said.",
            max_length=2000,
            applies=When("check_at_two", ("done",)),
            carry_forward=True,
        ),
        Question(
            "funded_hours",
            "Funded hours a week",
            Kind.NUMBER,
            hint="0 if they have none.",
            minimum=0,
            maximum=50,
            unit="hours",
            carry_forward=True,
        ),
        Question(
            "entry_level",
            "What could they do when they came into care or joined this setting?",
            Kind.TEXT,
            required=False,
            max_length=1000,
            carry_forward=True,
        ),
    ),
)

ATTAINMENT = Section(
    key="attainment",
    title="Learning and development",
    owner=Owner.SCHOOL,
    stage=Stage.BEFORE,
    rubric_area="attainment",
    intro="How things stand today, as those who see the child every day know them.",
    questions=(
        Question(
            "areas",
            "Areas of learning",
            Kind.ROWS,
            hint="Give the first three at least: they are the ones that all the others build on.",
            row_name="Area",
            minimum_rows=3,
            carry_forward=True,
            distinct=("area",),
            columns=(
                Question("area", "Area", Kind.CHOICE, options=AREAS, carry_forward=True),
                Question("current", "How they are doing now", Kind.CHOICE, options=ON_TRACK),
                Question("progress", "Progress", Kind.CHOICE, options=options.PROGRESS),
                Question("comment", "What they can do now", Kind.LINE, required=False),
            ),
        ),
        Question(
            "good_level",
            "Are they on course for a good level of development at the end of Reception?",
            Kind.CHOICE,
            options=KNOWN,
            hint="At the end of Reception: did they reach it?",
        ),
        Question(
            "learns_best",
            "How do they like to play and learn?",
            Kind.TEXT,
            hint="What holds their attention, with whom, and how long.",
            max_length=2000,
        ),
        Question(
            "attainment_next",
            "What is going well, where are the gaps, and what comes next?",
            Kind.TEXT,
            max_length=3000,
        ),
    ),
)

FEELINGS = Section(
    key="feelings",
    title="How my day feels to me",
    owner=Owner.SCHOOL,
    stage=Stage.BEFORE,
    rubric_area="views",
    intro="Ask with pictures or toys, or write what somebody who knows the child well has seen. Any of these can be left out.",
    questions=(
        Question("feel_arriving", "Arriving feels", Kind.CHOICE, options=options.FEELING, required=False),
        Question("feel_play", "Playing feels", Kind.CHOICE, options=options.FEELING, required=False),
        Question("feel_friends", "Other children feel", Kind.CHOICE, options=options.FEELING, required=False),
        Question("feel_adults", "The grown-ups feel", Kind.CHOICE, options=options.FEELING, required=False),
        Question("feel_meals", "Eating and resting feel", Kind.CHOICE, options=options.FEELING, required=False),
        Question("feel_more", "What I want to say about this", Kind.TEXT, required=False, max_length=2000),
    ),
)

NEXT_STEPS = Section(
    key="next_steps",
    title="Hopes and next steps",
    owner=Owner.SCHOOL,
    stage=Stage.BEFORE,
    rubric_area="aspirations",
    questions=(
        Question(
            "hopes",
            "What do they love, and what do the adults around them hope for them?",
            Kind.TEXT,
            max_length=2000,
        ),
        Question(
            "wider_world",
            "What have they seen of the wider world, and what comes next?",
            Kind.TEXT,
            hint="The library, the park, the sea, a farm, music and stories.",
            required=False,
            max_length=2000,
        ),
        Question("next_step", "Which step is near?", Kind.CHOICE, options=NEXT_STEP),
        Question(
            "next_school",
            "Where will they go?",
            Kind.LINE,
            hint="Say whether the place has been applied for; school places are applied for by 15 January.",
            applies=When("next_step", ("nursery", "reception")),
        ),
        Question(
            "step_help",
            "What will make it a good step?",
            Kind.TEXT,
            hint="Visits, a photo book, the adult who meets them, what the next key person needs to know.",
            max_length=2000,
            applies=When("next_step", ("joined", "nursery", "reception", "year1")),
            heads=(StatutoryHead.CHANGES,),
        ),
        Question(
            "independence",
            "What are they learning to do by themselves?",
            Kind.TEXT,
            hint="Dressing, the toilet, asking for help, waiting for a turn.",
            required=False,
            max_length=1000,
        ),
    ),
)

EARLY_YEARS = FormVersion(
    key="early_years",
    version="2026.1",
    title="Personal Education Plan",
    year_groups=(-4, -3, -2, -1, 0),
    starts=datetime.date(2026, 9, 1),
    sections=sections_with(starting_points=STARTING_POINTS, attainment=ATTAINMENT, next_steps=NEXT_STEPS, feelings=FEELINGS),
)
