"""The answers that can be chosen in the secondary form alone: subjects, qualifications, grades and steps."""

from pep.forms.declaration import Option, When

TEACHER_ASSESSMENT = (
    Option("GDS", "Greater depth (GDS)"),
    Option("EXS", "Expected standard (EXS)"),
    Option("WTS", "Working towards the expected standard (WTS)"),
    Option("PKS", "Below the standard of the tests (PKS)"),
    Option("NA", "Not assessed"),
)

SUBJECTS = (
    Option("english", "English"),
    Option("maths", "Maths"),
    Option("science", "Science"),
    Option("art", "Art and design"),
    Option("citizenship", "Citizenship"),
    Option("computing", "Computing"),
    Option("dance", "Dance"),
    Option("design", "Design and technology"),
    Option("drama", "Drama"),
    Option("food", "Food"),
    Option("geography", "Geography"),
    Option("history", "History"),
    Option("language", "A modern language", several=True),
    Option("home_language", "Their home language", several=True),
    Option("esol", "English for speakers of other languages"),
    Option("media", "Media"),
    Option("music", "Music"),
    Option("pe", "Physical education"),
    Option("pshe", "Personal, social and health education"),
    Option("re", "Religious education"),
    Option("skills", "Life skills"),
    Option("other", "Another subject", several=True),
)

KS4_SUBJECTS = (
    Option("english_language", "English language"),
    Option("english_literature", "English literature"),
    Option("maths", "Maths"),
    Option("statistics", "Statistics"),
    Option("combined_science", "Combined science"),
    Option("biology", "Biology"),
    Option("chemistry", "Chemistry"),
    Option("physics", "Physics"),
    Option("applied_science", "Applied science"),
    Option("art", "Art and design"),
    Option("business", "Business"),
    Option("child_development", "Child development"),
    Option("citizenship", "Citizenship"),
    Option("computing", "Computer science or IT"),
    Option("construction", "Construction"),
    Option("dance", "Dance"),
    Option("design", "Design and technology"),
    Option("drama", "Drama or performing arts"),
    Option("engineering", "Engineering"),
    Option("esol", "English for speakers of other languages"),
    Option("food", "Food, hospitality and catering"),
    Option("geography", "Geography"),
    Option("hair", "Hair and beauty"),
    Option("health", "Health and social care"),
    Option("history", "History"),
    Option("home_language", "Their home language", several=True),
    Option("language", "A modern language", several=True),
    Option("media", "Media or film"),
    Option("motor", "Motor vehicles"),
    Option("music", "Music"),
    Option("pe", "Physical education or sport"),
    Option("psychology", "Psychology"),
    Option("re", "Religious studies"),
    Option("sociology", "Sociology"),
    Option("skills", "Life skills or employability"),
    Option("other", "Another subject", several=True),
)

QUALIFICATIONS = (
    Option("gcse", "GCSE"),
    Option("vocational", "BTEC, Cambridge National or other vocational"),
    Option("functional", "Functional skills"),
    Option("entry", "Entry level"),
    Option("none", "Not leading to a qualification"),
    Option("other", "Another qualification"),
)

# Combined science is a double award: two grades that are equal or one apart.
DOUBLE_GRADES = tuple(f"{high}-{low}" for high in range(9, 0, -1) for low in (high, high - 1) if low)


def _of_type(*types: str) -> tuple[When, ...]:
    """What goes with these qualifications, and with those that are of no kind in particular."""
    return (When("type", (*types, "none", "other")),)


_SINGLE = When("subject", tuple(option.value for option in KS4_SUBJECTS if option.value != "combined_science"))
_GCSE = (*_of_type("gcse"), _SINGLE)
_VOCATIONAL, _LEVEL_PASS = _of_type("vocational"), _of_type("vocational", "functional")
_ENTRY = _of_type("entry", "vocational", "functional")
_DOUBLE = (When("type", ("gcse",)), When("subject", ("combined_science",)))

GRADES = (
    *(Option(str(grade), str(grade), only=_GCSE) for grade in range(9, 0, -1)),
    Option("U", "U"),
    *(Option(grade, f"{grade} (combined science)", only=_DOUBLE) for grade in DOUBLE_GRADES),
    Option("L2D*", "Level 2 Distinction*", only=_VOCATIONAL),
    Option("L2D", "Level 2 Distinction", only=_VOCATIONAL),
    Option("L2M", "Level 2 Merit", only=_VOCATIONAL),
    Option("L2P", "Level 2 Pass", only=_LEVEL_PASS),
    Option("L1D", "Level 1 Distinction", only=_VOCATIONAL),
    Option("L1M", "Level 1 Merit", only=_VOCATIONAL),
    Option("L1P", "Level 1 Pass", only=_LEVEL_PASS),
    Option("EL3", "Entry level 3", only=_ENTRY),
    Option("EL2", "Entry level 2", only=_ENTRY),
    Option("EL1", "Entry level 1", only=_ENTRY),
    Option("X", "Not assessed yet"),
)

WORKING_AT = (
    Option("above", "Above what is expected for their age"),
    Option("expected", "What is expected for their age"),
    Option("below", "Below what is expected for their age"),
    Option("well_below", "Two years or more below"),
    Option("X", "Not assessed yet"),
)

NEXT_STEP = (
    Option("none", "No step this year"),
    Option("joined", "They have just begun secondary school"),
    Option("options", "Choosing subjects for Key Stage 4"),
    Option("leaving", "Leaving Year 11"),
)

AFTER_YEAR_11 = (
    Option("sixth_form", "Sixth form"),
    Option("college", "College"),
    Option("apprenticeship", "Apprenticeship"),
    Option("traineeship", "Training or supported internship"),
    Option("work", "Work with training"),
    Option("undecided", "Not decided yet"),
)
