"""The form for Years 12 and 13, version 2026.1: courses and their results, resits, money, and the way into adult life."""

import datetime

from pep.forms.declaration import FormVersion, Kind, Option, Owner, Question, Section, Stage, StatutoryHead, When
from pep.forms.sections_2026 import options
from pep.forms.sections_2026.whole import sections_with

LEVELS = (
    Option("3", "Level 3 (A level, T level, BTEC National)"),
    Option("2", "Level 2"),
    Option("1", "Level 1"),
    Option("entry", "Entry level"),
    Option("none", "Not leading to a qualification"),
)

GRADES = (
    *(Option(grade, grade) for grade in ("A*", "A", "B", "C", "D", "E")),
    Option("Dist*", "Distinction*"),
    Option("Dist", "Distinction"),
    Option("Merit", "Merit"),
    Option("Pass", "Pass"),
    *(Option(str(grade), f"GCSE {grade}") for grade in range(9, 0, -1)),
    Option("U", "Not passed"),
    Option("X", "Not assessed yet"),
)

GCSE = (
    Option("passed", "Grade 4 or above"),
    Option("resit", "Below grade 4, and taking it again"),
    Option("functional", "Below grade 4, and taking functional skills"),
    Option("exempt", "Below grade 4, and not asked to"),
    Option("unknown", "Not known"),
)

DOING = (
    Option("sixth_form", "School sixth form or sixth form college"),
    Option("college", "Further education college"),
    Option("apprenticeship", "Apprenticeship"),
    Option("internship", "Training or supported internship"),
    Option("work", "Work with training"),
    Option("none", "Not in education, work or training"),
)
NOT_IN_ANY = When("doing", ("none",))
IN_SOME = When("doing", tuple(option.value for option in DOING if option.value != "none"))

NEXT_STEP = (
    Option("none", "Going on with the same course"),
    Option("joined", "They have just begun"),
    Option("course", "A new course or provider"),
    Option("leaving", "Leaving school or college this year"),
)

AFTERWARDS = (
    Option("university", "University"),
    Option("college", "A further course"),
    Option("apprenticeship", "Apprenticeship"),
    Option("work", "Work"),
    Option("undecided", "Not decided yet"),
)

STARTING_POINTS = Section(
    key="starting_points",
    title="Starting points",
    owner=Owner.SCHOOL,
    stage=Stage.BEFORE,
    rubric_area="attainment",
    questions=(
        Question(
            "gcse_english", "English at the end of Year 11", Kind.CHOICE, options=GCSE, carry_forward=True, heads=(StatutoryHead.HISTORY,)
        ),
        Question("gcse_maths", "Maths at the end of Year 11", Kind.CHOICE, options=GCSE, carry_forward=True),
        Question(
            "results",
            "Other results so far",
            Kind.ROWS,
            row_name="Result",
            required=False,
            carry_forward=True,
            columns=(
                Question("name", "Subject and qualification", Kind.LINE),
                Question("result", "Result", Kind.LINE),
            ),
        ),
        Question(
            "entry_level",
            "What level were they working at when they came into care or joined this course?",
            Kind.TEXT,
            required=False,
            max_length=1000,
            carry_forward=True,
        ),
    ),
)

ATTAINMENT = Section(
    key="attainment",
    title="Courses and progress",
    owner=Owner.SCHOOL,
    stage=Stage.BEFORE,
    rubric_area="attainment",
    intro="How things stand today; it need not be the end of a term.",
    questions=(
        Question("doing", "What are they doing?", Kind.CHOICE, options=DOING, carry_forward=True),
        Question(
            "courses",
            "Courses",
            Kind.ROWS,
            row_name="Course",
            minimum_rows=1,
            applies=IN_SOME,
            carry_forward=True,
            columns=(
                Question("course", "Course", Kind.LINE, carry_forward=True),
                Question("level", "Level", Kind.CHOICE, options=LEVELS, carry_forward=True),
                Question("target", "Target grade", Kind.CHOICE, options=GRADES, carry_forward=True),
                Question("current", "Working at now", Kind.CHOICE, options=GRADES),
                Question("predicted", "Predicted grade", Kind.CHOICE, options=GRADES, required=False),
                Question("final", "Final grade", Kind.CHOICE, options=GRADES, required=False),
                Question("progress", "Progress", Kind.CHOICE, options=options.PROGRESS),
                Question("comment", "The teacher says", Kind.LINE, required=False),
            ),
        ),
        Question(
            "employer",
            "Employer, and hours of work a week",
            Kind.LINE,
            required=False,
            hint="Of an apprenticeship, work experience or a job beside the course.",
            carry_forward=True,
        ),
        Question("out_since", "Since when are they not in education, work or training?", Kind.DATE, past=True, applies=NOT_IN_ANY),
        Question(
            "out_plan",
            "Why, and who is doing what by when to change it?",
            Kind.TEXT,
            max_length=2000,
            applies=NOT_IN_ANY,
            heads=(StatutoryHead.ARRANGEMENTS,),
        ),
        Question("overall_progress", "Progress altogether", Kind.CHOICE, options=options.PROGRESS),
        Question(
            "exam_help",
            "Which help may they have in exams?",
            Kind.TEXT,
            hint="Extra time, a reader, a smaller room; say whether it has been applied for.",
            required=False,
            max_length=1000,
            carry_forward=True,
        ),
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
        Question("hopes", "What do they hope to do in the future?", Kind.TEXT, hint="In their own words where you can.", max_length=2000),
        Question(
            "careers_plan",
            "What careers guidance and experience of work have they had, and what comes next?",
            Kind.TEXT,
            max_length=2000,
        ),
        Question("next_step", "Which step is near?", Kind.CHOICE, options=NEXT_STEP),
        Question(
            "afterwards",
            "What do they plan to do then?",
            Kind.CHOICE,
            options=AFTERWARDS,
            applies=When("next_step", ("course", "leaving")),
        ),
        Question(
            "applications",
            "Applications",
            Kind.ROWS,
            row_name="Application",
            required=False,
            applies=When("next_step", ("course", "leaving")),
            carry_forward=True,
            columns=(
                Question("provider", "University, college or employer", Kind.LINE),
                Question("course", "Course or job", Kind.LINE),
                Question("state", "How far it is", Kind.CHOICE, options=options.APPLICATION),
            ),
        ),
        Question(
            "step_help",
            "What will make it a good step?",
            Kind.TEXT,
            hint="Visits, help with forms and interviews, where they will live, whom they can ring.",
            max_length=2000,
            applies=When("next_step", ("joined", "course", "leaving")),
            heads=(StatutoryHead.CHANGES,),
        ),
        Question(
            "bursary",
            "Have they the 16 to 19 bursary for young people in care?",
            Kind.CHOICE,
            options=(
                Option("paid", "Yes"),
                Option("asked", "Applied for"),
                Option("no", "Not applied for yet"),
                Option("not_for_them", "They cannot have it on this course"),
            ),
        ),
        Question(
            "pathway",
            "How does this plan fit their pathway plan?",
            Kind.TEXT,
            hint="Who their personal adviser is, and what they agreed about learning and work.",
            max_length=2000,
        ),
        Question(
            "independence",
            "Which skills for adult life are they learning?",
            Kind.TEXT,
            hint="Money, renting, travel, cooking, looking after themselves.",
            required=False,
            max_length=1000,
        ),
    ),
)

POST_16 = FormVersion(
    key="post_16",
    version="2026.1",
    title="Personal Education Plan",
    year_groups=(12, 13),
    starts=datetime.date(2026, 9, 1),
    sections=sections_with(starting_points=STARTING_POINTS, attainment=ATTAINMENT, next_steps=NEXT_STEPS),
)
