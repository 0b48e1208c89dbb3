"""Where a secondary-age pupil started, stands and is heading in each subject."""

from pep.forms.declaration import Kind, Option, Owner, Question, Section, Stage, StatutoryHead, When
from pep.forms.secondary_2026 import options as own
from pep.forms.sections_2026 import options

KEY_STAGE_3 = When("key_stage", ("ks3",))
KEY_STAGE_4 = When("key_stage", ("ks4",))
HAS_RESULTS = When("ks2_known", (True,))

STARTING_POINTS = Section(
    key="starting_points",
    title="Starting points",
    owner=Owner.SCHOOL,
    stage=Stage.BEFORE,
    rubric_area="attainment",
    questions=(
        Question(
            "ks2_known",
            "Do you have their Key Stage 2 results?",
            Kind.YES_NO,
            hint="Test scores run from 80 to 120; 100 is the expected standard. Leave a test empty if it was not taken.",
            carry_forward=True,
            heads=(StatutoryHead.HISTORY,),
        ),
        Question(
            "ks2_reading",
            "Reading test score",
            Kind.NUMBER,
            required=False,
            minimum=80,
            maximum=120,
            applies=HAS_RESULTS,
            carry_forward=True,
        ),
        Question(
            "ks2_gps",
            "Grammar, punctuation and spelling test score",
            Kind.NUMBER,
            required=False,
            minimum=80,
            maximum=120,
            applies=HAS_RESULTS,
            carry_forward=True,
        ),
        Question(
            "ks2_maths", "Maths test score", Kind.NUMBER, required=False, minimum=80, maximum=120, applies=HAS_RESULTS, carry_forward=True
        ),
        Question(
            "ks2_writing",
            "Writing, judged by the teacher",
            Kind.CHOICE,
            options=own.TEACHER_ASSESSMENT,
            required=False,
            applies=HAS_RESULTS,
            carry_forward=True,
        ),
        Question(
            "ks2_missing",
            "Why not, and what did you use instead?",
            Kind.TEXT,
            max_length=1000,
            applies=When("ks2_known", (False,)),
            carry_forward=True,
        ),
        Question(
            "tests",
            "Other tests, such as reading age or cognitive abilities",
            Kind.ROWS,
            row_name="Test",
            required=False,
            carry_forward=True,
            columns=(
                Question("name", "Test", Kind.LINE),
                Question("on", "Date of the test", Kind.DATE, past=True, required=False),
                Question("result", "Result", Kind.LINE),
            ),
        ),
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
            "key_stage", "Which courses do they follow?", Kind.CHOICE, options=(Option("ks3", "Key Stage 3"), Option("ks4", "Key Stage 4"))
        ),
        Question(
            "ks3_subjects",
            "Subjects",
            Kind.ROWS,
            row_name="Subject",
            minimum_rows=2,
            applies=KEY_STAGE_3,
            carry_forward=True,
            distinct=("subject",),
            columns=(
                Question("subject", "Subject", Kind.CHOICE, options=own.SUBJECTS, carry_forward=True),
                Question("current", "Working at now", Kind.CHOICE, options=own.WORKING_AT),
                Question("target", "Target for the end of Year 9", Kind.CHOICE, options=own.WORKING_AT, carry_forward=True),
                Question("predicted", "On course for", Kind.CHOICE, options=own.WORKING_AT, required=False),
                Question("progress", "Progress", Kind.CHOICE, options=options.PROGRESS),
                Question("comment", "The teacher says", Kind.LINE, required=False),
            ),
        ),
        Question(
            "ks4_subjects",
            "Qualifications",
            Kind.ROWS,
            row_name="Qualification",
            minimum_rows=2,
            applies=KEY_STAGE_4,
            carry_forward=True,
            distinct=("subject", "type"),
            columns=(
                Question("subject", "Subject", Kind.CHOICE, options=own.KS4_SUBJECTS, carry_forward=True),
                Question("type", "Type", Kind.CHOICE, options=own.QUALIFICATIONS, carry_forward=True),
                Question("target", "Target grade", Kind.CHOICE, options=own.GRADES, carry_forward=True),
                Question("current", "Working at now", Kind.CHOICE, options=own.GRADES),
                Question("predicted", "Predicted grade", Kind.CHOICE, options=own.GRADES, required=False),
                Question("final", "Final grade", Kind.CHOICE, options=own.GRADES, required=False),
                Question("progress", "Progress", Kind.CHOICE, options=options.PROGRESS),
                Question("comment", "The teacher says", Kind.LINE, required=False),
            ),
        ),
        Question("english_progress", "Progress in English", Kind.CHOICE, options=options.PROGRESS),
        Question("maths_progress", "Progress in maths", Kind.CHOICE, options=options.PROGRESS),
        Question("overall_progress", "Progress in all subjects together", Kind.CHOICE, options=options.PROGRESS),
        Question(
            "exam_help",
            "Which help may they have in exams?",
            Kind.TEXT,
            hint="Extra time, a reader, a smaller room; say whether it has been applied for.",
            required=False,
            max_length=1000,
            applies=KEY_STAGE_4,
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
