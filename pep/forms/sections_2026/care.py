"""What the social worker tells: the child and their care, whom to contact and who may agree to what."""

from pep.forms.declaration import Audience, Kind, Owner, Question, Section, Stage, StatutoryHead, When
from pep.forms.sections_2026 import options

ABOUT_ME = Section(
    key="about_me",
    title="About me and my care",
    owner=Owner.SOCIAL_WORKER,
    stage=Stage.BEFORE,
    rubric_area="about_me",
    intro="The school reads this section. Write it so that the child could read it too.",
    questions=(
        Question(
            "introduction",
            "What should adults at school know about them first?",
            Kind.TEXT,
            hint="What they are like, what they enjoy and what matters to them. Use their own words where you can.",
            max_length=2000,
            carry_forward=True,
        ),
        Question("lives_with", "Who do they live with?", Kind.CHOICE, options=options.LIVES_WITH, carry_forward=True),
        Question("lives_since", "Date they moved there", Kind.DATE, past=True, carry_forward=True),
        Question(
            "language",
            "Which languages do they speak?",
            Kind.LINE,
            hint="If English is not their first language, say how well they use it in lessons.",
            carry_forward=True,
        ),
        Question(
            "culture",
            "Which faith, culture or background should the school respect and celebrate?",
            Kind.TEXT,
            required=False,
            max_length=1000,
            carry_forward=True,
        ),
        Question(
            "school_needs_to_know",
            "What does the school need to know about their past and their care?",
            Kind.TEXT,
            hint="Only what helps the school to look after them well. The full history belongs in the care record.",
            carry_forward=True,
        ),
        Question(
            "home_change",
            "Is a change of home, or of contact with family, planned or likely?",
            Kind.YES_NO,
            heads=(StatutoryHead.CHANGES,),
        ),
        Question(
            "home_change_plan",
            "What will change, when, and how will their learning be protected?",
            Kind.TEXT,
            hint="In Years 10 and 11 the council's nominated officer must first approve a move that would disrupt school.",
            max_length=2000,
            applies=When("home_change", (True,)),
            heads=(StatutoryHead.CHANGES,),
        ),
    ),
)

CARE_RECORD = Section(
    key="care_record",
    title="Care record, for the council alone",
    owner=Owner.SOCIAL_WORKER,
    stage=Stage.BEFORE,
    rubric_area="about_me",
    intro="The school never sees this section, on pages or in documents.",
    questions=(
        Question(
            "legal_position",
            "What is the legal position?",
            Kind.TEXT,
            hint="The order or agreement, and anything a court has decided about school or contact.",
            max_length=2000,
            audience=Audience.COUNCIL,
            carry_forward=True,
        ),
        Question(
            "responsibility",
            "Who holds parental responsibility?",
            Kind.TEXT,
            max_length=1000,
            audience=Audience.COUNCIL,
            carry_forward=True,
        ),
        Question(
            "care_plan",
            "What is the long-term plan for their care?",
            Kind.CHOICE,
            options=options.CARE_PLAN,
            audience=Audience.COUNCIL,
            carry_forward=True,
        ),
        Question(
            "care_history",
            "Why did they come into care, and what has happened since?",
            Kind.TEXT,
            audience=Audience.COUNCIL,
            carry_forward=True,
        ),
        Question(
            "homes",
            "Number of homes since they came into care",
            Kind.NUMBER,
            minimum=1,
            maximum=99,
            audience=Audience.COUNCIL,
            carry_forward=True,
        ),
        Question(
            "birth_family",
            "Who is in their birth family, and what contact is there?",
            Kind.TEXT,
            hint="Parents, brothers and sisters, and other people who matter. Say where brothers and sisters go to school.",
            audience=Audience.COUNCIL,
            carry_forward=True,
        ),
        Question(
            "placement_address",
            "Where do they live, and how can the carers be reached?",
            Kind.TEXT,
            hint="Leave this empty if their record already says so.",
            required=False,
            max_length=500,
            audience=Audience.COUNCIL,
            carry_forward=True,
        ),
        Question(
            "came_alone",
            "Did they come to this country alone, seeking asylum?",
            Kind.YES_NO,
            audience=Audience.COUNCIL,
            carry_forward=True,
        ),
    ),
)

CONTACTS = Section(
    key="contacts",
    title="Who to contact",
    owner=Owner.SOCIAL_WORKER,
    stage=Stage.BEFORE,
    rubric_area="about_me",
    intro="The school reads this section. Name nobody here whom the school should not know about.",
    questions=(
        Question(
            "people",
            "People the school may contact",
            Kind.ROWS,
            row_name="Contact",
            minimum_rows=1,
            carry_forward=True,
            columns=(
                Question("name", "Name", Kind.LINE),
                Question("relation", "Who they are", Kind.CHOICE, options=options.CONTACT_RELATION),
                Question("phone", "Telephone", Kind.LINE, max_length=50),
                Question("reason", "What to contact them about", Kind.CHOICE, options=options.CONTACT_FOR),
            ),
        ),
        Question("collect", "Who may collect them from school?", Kind.TEXT, max_length=500, carry_forward=True),
        Question("no_contact", "Is there anybody who must not contact, visit or collect them?", Kind.YES_NO, carry_forward=True),
        Question(
            "no_contact_people",
            "Who is that, and what should staff do if they come or call?",
            Kind.TEXT,
            max_length=1000,
            applies=When("no_contact", (True,)),
            carry_forward=True,
        ),
        Question("reports_to", "Who gets school reports and letters?", Kind.CHOICES, options=options.WHO_IS_TOLD, carry_forward=True),
        Question("parents_evening", "Who comes to parents’ evenings?", Kind.CHOICES, options=options.WHO_IS_TOLD, carry_forward=True),
    ),
)

PERMISSIONS = Section(
    key="permissions",
    title="Who may agree to things",
    owner=Owner.SOCIAL_WORKER,
    stage=Stage.BEFORE,
    rubric_area="about_me",
    intro="With clear answers here, no child misses a trip because nobody knew who could sign.",
    questions=(
        Question("day_trips", "Who may agree to day trips and clubs?", Kind.CHOICE, options=options.WHO_AGREES, carry_forward=True),
        Question(
            "overnight_trips", "Who may agree to trips with an overnight stay?", Kind.CHOICE, options=options.WHO_AGREES, carry_forward=True
        ),
        Question(
            "trips_abroad", "Who may agree to trips abroad?", Kind.CHOICE, options=options.WHO_AGREES, required=False, carry_forward=True
        ),
        Question(
            "photographs", "Who may agree to photographs and film of them?", Kind.CHOICE, options=options.WHO_AGREES, carry_forward=True
        ),
        Question("treatment", "Who may agree to medical treatment?", Kind.CHOICE, options=options.WHO_AGREES, carry_forward=True),
        Question(
            "permission_notes",
            "Is there anything else about permissions?",
            Kind.TEXT,
            hint="Internet and social media, religious education, work experience, hair cuts, staying with friends.",
            required=False,
            max_length=1000,
            carry_forward=True,
        ),
    ),
)
