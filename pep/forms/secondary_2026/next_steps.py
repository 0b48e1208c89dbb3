"""Hopes, careers and the next step of a secondary-age pupil."""

from pep.forms.declaration import Kind, Owner, Question, Section, Stage, StatutoryHead, When
from pep.forms.secondary_2026 import options as own
from pep.forms.sections_2026 import options

NEXT_STEPS = Section(
    key="next_steps",
    title="Hopes and next steps",
    owner=Owner.SCHOOL,
    stage=Stage.BEFORE,
    rubric_area="aspirations",
    questions=(
        Question("hopes", "What do they hope to do in the future?", Kind.TEXT, hint="In their own words where you can.", max_length=2000),
        Question("careers", "Have they had careers guidance this school year?", Kind.YES_NO),
        Question(
            "careers_plan",
            "What have they had so far, and what comes next?",
            Kind.TEXT,
            hint="Talks with an adviser, work experience, visits to colleges, universities and workplaces.",
            max_length=2000,
        ),
        Question("next_step", "Which step in school life is near?", Kind.CHOICE, options=own.NEXT_STEP),
        Question(
            "subject_choices",
            "Which subjects will they choose, and who advises them?",
            Kind.TEXT,
            max_length=1000,
            applies=When("next_step", ("options",)),
        ),
        Question(
            "after_year_11",
            "What do they plan after Year 11?",
            Kind.CHOICE,
            options=own.AFTER_YEAR_11,
            applies=When("next_step", ("leaving",)),
        ),
        Question(
            "applications",
            "Applications",
            Kind.ROWS,
            row_name="Application",
            required=False,
            applies=When("next_step", ("leaving",)),
            carry_forward=True,
            columns=(
                Question("provider", "School, college or employer", Kind.LINE),
                Question("course", "Course or job", Kind.LINE),
                Question("state", "How far it is", Kind.CHOICE, options=options.APPLICATION),
            ),
        ),
        Question(
            "step_help",
            "What will make it a good step?",
            Kind.TEXT,
            hint="Visits, people who go with them, what the next place needs to know, a second choice.",
            max_length=2000,
            applies=When("next_step", ("joined", "options", "leaving")),
            heads=(StatutoryHead.CHANGES,),
        ),
        Question(
            "independence",
            "Which skills for adult life are they learning?",
            Kind.TEXT,
            hint="Money and saving, travel, cooking, looking after themselves.",
            required=False,
            max_length=1000,
        ),
    ),
)
