"""The form for Years 1 to 6, version 2026.1: what differs from the secondary form is attainment and the next step."""

import datetime

from pep.forms.declaration import FormVersion, Kind, Option, Owner, Question, Section, Stage, StatutoryHead, When
from pep.forms.sections_2026 import options
from pep.forms.sections_2026.whole import sections_with

TEACHER_ASSESSMENT = (
    Option("GDS", "Greater depth (GDS)"),
    Option("EXS", "Expected standard (EXS)"),
    Option("WTS", "Working towards the expected standard (WTS)"),
    Option("PKS", "Below the standard of the tests (PKS)"),
    Option("BLW", "Below the pre-key stage standards (BLW)"),
    Option("NA", "Not assessed"),
)

PHONICS = (
    Option("WA", "Met the standard (WA)"),
    Option("WT", "Did not meet the standard (WT)"),
    Option("NA", "Not taken yet"),
)

SUBJECTS = (
    Option("reading", "Reading"),
    Option("writing", "Writing"),
    Option("spelling", "Grammar, punctuation and spelling"),
    Option("maths", "Maths"),
    Option("science", "Science"),
    Option("other", "Another subject", several=True),
)

NEXT_STEP = (
    Option("none", "No step this year"),
    Option("joined", "They have just joined this school"),
    Option("juniors", "Moving from infant to junior classes"),
    Option("secondary", "Moving to secondary school"),
)

STARTING_POINTS = Section(
    key="starting_points",
    title="Starting points",
    owner=Owner.SCHOOL,
    stage=Stage.BEFORE,
    rubric_area="attainment",
    questions=(
        Question(
            "good_level",
            "Did they reach a good level of development at the end of Reception?",
            Kind.CHOICE,
            options=(Option("yes", "Yes"), Option("no", "No"), Option("unknown", "Not known")),
            carry_forward=True,
            heads=(StatutoryHead.HISTORY,),
        ),
        Question("phonics", "Phonics check", Kind.CHOICE, options=PHONICS, carry_forward=True),
        Question("phonics_mark", "Phonics mark", Kind.NUMBER, required=False, minimum=0, maximum=40, carry_forward=True),
        Question(
            "ks1_reading", "Reading at the end of Year 2", Kind.CHOICE, options=TEACHER_ASSESSMENT, required=False, carry_forward=True
        ),
        Question(
            "ks1_writing", "Writing at the end of Year 2", Kind.CHOICE, options=TEACHER_ASSESSMENT, required=False, carry_forward=True
        ),
        Question("ks1_maths", "Maths at the end of Year 2", Kind.CHOICE, options=TEACHER_ASSESSMENT, required=False, carry_forward=True),
        Question("tables_check", "Times tables check in Year 4", Kind.NUMBER, required=False, minimum=0, maximum=25, carry_forward=True),
        Question(
            "entry_level",
            "What level were they working at when they came into care or joined this school?",
            Kind.TEXT,
            required=False,
            max_length=1000,
            carry_forward=True,
        ),
    ),
)

ATTAINMENT = Section(
    key="attainment",
    title="Attainment and progress",
    owner=Owner.SCHOOL,
    stage=Stage.BEFORE,
    rubric_area="attainment",
    intro="How things stand today; it need not be the end of a term.",
    questions=(
        Question(
            "subjects",
            "Subjects",
            Kind.ROWS,
            hint="Give reading, writing and maths at least.",
            row_name="Subject",
            minimum_rows=3,
            carry_forward=True,
            distinct=("subject",),
            columns=(
                Question("subject", "Subject", Kind.CHOICE, options=SUBJECTS, carry_forward=True),
                Question("current", "Working at now", Kind.CHOICE, options=TEACHER_ASSESSMENT),
                Question("target", "Target for the end of the year", Kind.CHOICE, options=TEACHER_ASSESSMENT, carry_forward=True),
                Question("predicted", "On course for", Kind.CHOICE, options=TEACHER_ASSESSMENT, required=False),
                Question("progress", "Progress", Kind.CHOICE, options=options.PROGRESS),
                Question("comment", "The teacher says", Kind.LINE, required=False),
            ),
        ),
        Question("reading_progress", "Progress in reading", Kind.CHOICE, options=options.PROGRESS),
        Question("writing_progress", "Progress in writing", Kind.CHOICE, options=options.PROGRESS),
        Question("maths_progress", "Progress in maths", Kind.CHOICE, options=options.PROGRESS),
        Question("ks2_reading", "Year 6 reading test score", Kind.NUMBER, required=False, minimum=80, maximum=120),
        Question("ks2_gps", "Year 6 grammar, punctuation and spelling test score", Kind.NUMBER, required=False, minimum=80, maximum=120),
        Question("ks2_maths", "Year 6 maths test score", Kind.NUMBER, required=False, minimum=80, maximum=120),
        Question(
            "attainment_next",
            "What is going well, where are the gaps, and what comes next?",
            Kind.TEXT,
            max_length=3000,
        ),
    ),
)

NEXT_STEPS = Section(
    key="next_steps",
    title="Hopes and next steps",
    owner=Owner.SCHOOL,
    stage=Stage.BEFORE,
    rubric_area="aspirations",
    questions=(
        Question("hopes", "What do they hope to do or be one day?", Kind.TEXT, hint="In their own words where you can.", max_length=2000),
        Question(
            "wider_world",
            "What have they seen of the wider world, and what comes next?",
            Kind.TEXT,
            hint="Trips, visitors, museums, workplaces, a visit to a college or university.",
            required=False,
            max_length=2000,
        ),
        Question("next_step", "Which step in school life is near?", Kind.CHOICE, options=NEXT_STEP),
        Question("next_school", "Which school will they go to?", Kind.LINE, applies=When("next_step", ("juniors", "secondary"))),
        Question(
            "step_help",
            "What will make it a good step?",
            Kind.TEXT,
            hint="Visits, friends who go too, the adult who meets them, what the next teacher needs to know.",
            max_length=2000,
            applies=When("next_step", ("joined", "juniors", "secondary")),
            heads=(StatutoryHead.CHANGES,),
        ),
        Question(
            "independence",
            "What are they learning to do by themselves?",
            Kind.TEXT,
            required=False,
            max_length=1000,
        ),
    ),
)

PRIMARY = FormVersion(
    key="primary",
    version="2026.1",
    title="Personal Education Plan",
    year_groups=(1, 2, 3, 4, 5, 6),
    starts=datetime.date(2026, 9, 1),
    sections=sections_with(starting_points=STARTING_POINTS, attainment=ATTAINMENT, next_steps=NEXT_STEPS),
)
