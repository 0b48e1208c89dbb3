"""The answers that can be chosen in the forms of 2026. Codes of national returns are kept as values, so that answers can be counted."""

from pep.forms.declaration import Option

LIVES_WITH = (
    Option("foster", "Foster carers"),
    Option("relatives", "Relatives or friends who are their foster carers"),
    Option("home", "A children's home"),
    Option("supported", "Supported lodgings or a place of their own with support"),
    Option("parents", "Their parents, while in care"),
    Option("adopters", "The family that will adopt them"),
    Option("residential_school", "A residential school"),
    Option("secure", "A secure home or custody"),
    Option("other", "Somebody or somewhere else"),
)

CARE_PLAN = (
    Option("return", "Return to their parents"),
    Option("foster", "Long-term foster care"),
    Option("relatives", "Live with relatives or friends"),
    Option("residential", "Long-term residential care"),
    Option("adoption", "Adoption"),
    Option("guardianship", "Special guardianship"),
    Option("independence", "Living independently"),
    Option("undecided", "Not decided yet"),
)

CONTACT_RELATION = (
    Option("carer", "Foster carer"),
    Option("key_worker", "Key worker at the home"),
    Option("social_worker", "Social worker"),
    Option("manager", "Social worker's manager"),
    Option("parent", "Parent"),
    Option("relative", "Other relative"),
    Option("other", "Someone else"),
)

CONTACT_FOR = (
    Option("daily", "Everyday matters"),
    Option("first", "Emergencies: first to call"),
    Option("next", "Emergencies: if the first does not answer"),
)

WHO_IS_TOLD = (
    Option("carer", "Carer or key worker"),
    Option("social_worker", "Social worker"),
    Option("parent", "Parent"),
    Option("virtual_school", "Virtual school"),
)

WHO_AGREES = (
    Option("carer", "The carer may agree"),
    Option("social_worker", "The social worker must agree"),
    Option("parent", "A parent must agree"),
    Option("self", "They decide for themselves"),
    Option("nobody", "Not allowed"),
)

# Reasons why there is no score: codes of the SSDA903 return of children looked after.
SDQ_REASON = (
    Option("SDQ1", "They are under 4 or over 16", not_aged=(4, 16)),
    Option("SDQ2", "The carer did not want to fill it in"),
    Option("SDQ3", "A severe disability makes it unsuitable"),
    Option("SDQ5", "They did not want it filled in"),
    Option("SDQ4", "Another reason"),
)

SDQ_BY = (
    Option("carer", "The carer"),
    Option("teacher", "A teacher"),
    Option("self", "They did it themselves"),
)

PLACE_OF_LEARNING = (
    Option("nursery", "Nursery or childminder"),
    Option("primary", "Primary school"),
    Option("secondary", "Secondary school"),
    Option("special", "Special school"),
    Option("alternative", "Pupil referral unit or alternative provision"),
    Option("tuition", "Tuition"),
    Option("custody", "Custody or secure home"),
    Option("abroad", "School in another country"),
    Option("other", "Somewhere else"),
)

TAUGHT_WHERE = (
    Option("mainstream", "A mainstream school"),
    Option("unit", "A special unit at a mainstream school"),
    Option("special", "A special school"),
    Option("alternative", "A pupil referral unit or alternative provision"),
    Option("tuition", "Tuition at home or elsewhere, not at a school"),
    Option("custody", "A secure home or custody"),
    Option("none", "No school place at the moment"),
)

CHANGE_KIND = (
    Option("school", "A new school or provider"),
    Option("class", "A new class, group or key adult"),
    Option("timetable", "A new timetable or subjects"),
    Option("support", "Support that starts, changes or ends"),
    Option("stage", "The step to the next stage of school"),
)

SUSPENSION_KIND = (
    Option("suspension", "Suspension"),
    Option("permanent", "Permanent exclusion"),
)

# The reasons of the school census, shortened.
SUSPENSION_REASON = (
    Option("PP", "Assault on a pupil"),
    Option("PA", "Assault on an adult"),
    Option("VP", "Verbal abuse or threats to a pupil"),
    Option("VA", "Verbal abuse or threats to an adult"),
    Option("OW", "Weapon or dangerous object"),
    Option("BU", "Bullying"),
    Option("RA", "Racist abuse"),
    Option("LG", "Abuse about sexuality or gender"),
    Option("DS", "Abuse about disability"),
    Option("SM", "Sexual misconduct"),
    Option("DA", "Drugs or alcohol"),
    Option("DM", "Damage"),
    Option("TH", "Theft"),
    Option("MT", "Misuse of social media or the internet"),
    Option("DB", "Repeated disruption"),
    Option("OT", "Another reason"),
)

SEN_STATUS = (
    Option("N", "No special educational needs"),
    Option("K", "SEN support"),
    Option("A", "SEN support, and being assessed for an EHC plan"),
    Option("E", "An education, health and care (EHC) plan"),
)

# The needs of the school census; the last two were added to it in 2025.
SEN_NEED = (
    Option("SPLD", "Specific learning difficulty, such as dyslexia"),
    Option("MLD", "Moderate learning difficulty"),
    Option("SLD", "Severe learning difficulty"),
    Option("PMLD", "Profound and multiple learning difficulty"),
    Option("SEMH", "Social, emotional and mental health"),
    Option("SLCN", "Speech, language and communication"),
    Option("HI", "Hearing impairment"),
    Option("VI", "Vision impairment"),
    Option("MSI", "Multi-sensory impairment"),
    Option("PD", "Physical disability"),
    Option("ASD", "Autism"),
    Option("OTH", "Another need"),
    Option("DS", "Down syndrome"),
    Option("NSA", "SEN support, need not assessed yet"),
)

HOW_OFTEN = (
    Option("weekly", "Every week or more often"),
    Option("monthly", "Every month"),
    Option("sometimes", "Now and then"),
)

CHILD_ORIGIN = (
    Option("own", "In my own words"),
    Option("written", "I said it and an adult wrote it down"),
    Option("observed", "An adult saw how I was and wrote it down"),
    Option("none", "I did not want to give my views"),
)

WAYS_OF_TELLING = (
    Option("talking", "Talking"),
    Option("writing", "Writing"),
    Option("drawing", "Drawing"),
    Option("pictures", "Photos or film"),
    Option("symbols", "Symbols or signs"),
    Option("language", "Another language, or with an interpreter"),
    Option("app", "An app or a form made for children"),
)

FEELING = (
    Option("good", "Good"),
    Option("ok", "OK"),
    Option("hard", "Hard"),
    Option("unsure", "I don't know"),
)

ADULT_ORIGIN = (
    Option("own", "They wrote it themselves"),
    Option("written", "Someone wrote down what they said"),
    Option("none", "There are no views this time"),
)

SERVICE = (
    Option("camhs", "Mental health service (CAMHS)"),
    Option("ep", "Educational psychologist"),
    Option("salt", "Speech and language therapist"),
    Option("ot", "Occupational therapist or physiotherapist"),
    Option("nurse", "Nurse or doctor for children in care"),
    Option("advisory", "Advisory or specialist teacher"),
    Option("counsellor", "Counsellor, therapist or mentor"),
    Option("youth_justice", "Youth justice service"),
    Option("substance", "Drug and alcohol service"),
    Option("early_help", "Youth work or early help"),
    Option("careers", "Careers adviser"),
    Option("advocate", "Advocate or independent visitor"),
    Option("other", "Another service"),
)

COPY_TO = (
    Option("child", "The child or young person"),
    Option("carer", "Carer or key worker"),
    Option("parent", "Parent"),
    Option("reviewing_officer", "Independent reviewing officer"),
    Option("other", "Another service named above"),
)

SPENDING_KIND = (
    Option("one_to_one", "One-to-one tuition"),
    Option("small_group", "Small-group tuition"),
    Option("reading", "Reading, language and talk"),
    Option("numbers", "Number and maths help"),
    Option("mentoring", "Mentoring or a key adult's time"),
    Option("therapy", "Therapy or counselling"),
    Option("attendance", "Coming to school"),
    Option("activities", "Clubs, trips, music, sport and art"),
    Option("things", "Books, equipment or technology"),
    Option("training", "Training for staff"),
    Option("other", "Something else"),
)

DIFFERENCE = (
    Option("significant", "A lot of difference"),
    Option("moderate", "Some difference"),
    Option("minimal", "Little or no difference"),
    Option("early", "Too early to say"),
)

PROGRESS = (
    Option("above", "More than expected from where they started"),
    Option("expected", "As expected from where they started"),
    Option("below", "Less than expected from where they started"),
    Option("unknown", "Too early to say"),
)

APPLICATION = (
    Option("planned", "To be sent"),
    Option("sent", "Sent"),
    Option("interview", "Interview or visit arranged"),
    Option("offer", "Offer"),
    Option("accepted", "Offer accepted"),
    Option("refused", "Turned down"),
)
