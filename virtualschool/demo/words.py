"""What the made-up plans say: for each question some answers, chosen by chance. ``{name}`` is what the child likes to be called."""

from typing import Any

# Texts by the key of their question. Every text is made up.
TEXTS: dict[str, tuple[str, ...]] = {
    "introduction": (
        "{name} is funny, loyal and quick to notice when someone is left out. {name} needs to know the plan for the day and hates surprises. "
        "Please use {name} and not the full first name.",
        "{name} says: “I like it when teachers just talk to me like normal.” Quiet at first, warm once there is trust. Loves animals and anything with wheels.",
        "{name} is a thoughtful young person who works hard and worries about getting things wrong. A calm word before the lesson helps more than help during it.",
    ),
    "language": ("English", "English at home and at school", "English, and another language at home; fluent in both in lessons"),
    "culture": ("", "{name} keeps Ramadan and likes to be asked about it rather than have it assumed.", "Christmas matters a lot to {name}; so does seeing cousins then."),
    "school_needs_to_know": (
        "{name} has moved several times and has learned not to unpack. Trust takes a term. Anniversaries in November and March are hard; please tell the carer if {name} seems low then.",
        "School was hard to think about before {name} came into care. That is behind us now, but some basics were missed and {name} feels it.",
        "{name} does well when the adults talk to each other. Please ring the carer the same day if something goes wrong, and also when something goes right.",
    ),
    "home_change_plan": ("A short stay with another carer in the holidays. School days are not affected.",),
    "care_history": (
        "Came into care after a long time of neglect and of adults who could not keep the home safe. Two moves in the first year; settled since.",
        "Came into care when the parent’s illness became worse. The parent agrees with the care plan and keeps in touch.",
    ),
    "birth_family": (
        "Supervised contact with the mother once a month. A younger brother lives with another carer and goes to a primary school nearby; they meet every second Saturday.",
        "Contact by letter twice a year. A grandmother sees {name} in the holidays.",
    ),
    "placement_address": ("", "As in the record."),
    "collect": ("The carer, or the social worker with a card.", "Only the carer. Ring the social worker if anyone else comes."),
    "no_contact_people": ("An adult from before {name} came into care. Do not let them in, keep {name} inside and ring the police and the social worker.",),
    "permission_notes": ("", "Staying overnight with a school friend is for the carer to decide, like any parent would."),
    "condition_help": ("Mild asthma. The blue inhaler is in the bag, a spare one in the office.", "Short-sighted and does not like to wear glasses: a seat near the front."),
    "medicine_help": ("One tablet at lunch, given and written down by the office.",),
    "mental_health": (
        "Sleep is better than last term. {name} sees a counsellor every second week and finds it useful. School can help by keeping the same key adult.",
        "Worries show as tummy aches on Sunday evenings. The carer and the pastoral team have a shared plan for Monday mornings.",
    ),
    "appointments": ("", "Counselling on alternate Thursdays, last lesson; please do not mark this as unexplained."),
    "health_private": ("", "Details of the therapy are in the care record."),
    "sdq_help": ("The total is usual for the age. The part about friendships is the highest, so the targets begin there.", "Higher than last year, mostly worries. The counsellor has been told, and school will keep the morning check-in."),
    "sdq_private": ("",),
    "sen_support": ("Reading support three times a week in a group of four, and extra time in tests. The reading age has gone up by nine months in a year.",),
    "ehcp_link": ("The targets work towards the aims on speaking up in class and on moving around school alone.",),
    "sen_watch": ("", "Mental arithmetic is far below everything else; we will look at this with the SENCO."),
    "strengths": (
        "Remembers everything that is heard or shown. Excellent at practical work, patient with younger pupils, writes well when the first sentence is there.",
        "A strong reader with a big vocabulary, good at art and design. Learns best in short steps with a clear end.",
        "Quick with numbers, brave in drama, kind to newcomers. Likes to know why before how.",
    ),
    "difficulties": ("Starting a long piece of writing alone, and coming back after a lesson that went wrong.", "Supply teachers and room changes. Group work with people {name} did not choose."),
    "triggers": ("", "Raised voices, being touched on the shoulder, questions about family in front of others. You can tell by the hood going up."),
    "helps": ("The first five minutes: a greeting, the plan on the board, a small first success. A card to leave for five minutes, which is hardly used now.", "Sitting near the door, a printed list of steps, and praise in private."),
    "relationships": ("Two firm friends. Gets on well with adults who are fair and say sorry when they are wrong.", "Widely liked; finds it hard to say no to older pupils. The key adult checks in at lunch."),
    "safe_place": ("The library desk", "The Hub, room 14", "The pastoral office"),
    "interests": ("Football, drawing characters, baking on Sundays with the carer.", "Swimming, cars, and looking after the neighbour’s dog.", "Music: writes lyrics, plays bass at lunchtime club."),
    "proud": ("Captain for a day in the house matches, and not one late mark since half term.", "Read a whole novel for the first time, and then asked for the next one.", "Spoke in assembly about the food bank collection."),
    "would_like": ("", "Scouts or cadets, with a friend.", "A trip to a recording studio."),
    "in_the_way": ("", "The bus goes before the club ends. The carer and the school will share the lift."),
    "waiting": ("", "Waiting for a speech and language assessment for some months. The school is asking each month."),
    "premium_not_used": ("This is the first plan.", "Support came from the school’s own budget this term."),
    "premium_next": ("One-to-one tuition in maths, twice a week for ten weeks, with a check at the start and the end.", "A place in the music project, and a laptop bag so that work gets home and back."),
    "school_budget": ("", "The key adult’s time and the breakfast club."),
    "gaps_details": ("About four months in Year 5, before coming into care. Fractions and joined writing were missed.",),
    "past_attendance": ("Low before coming into care, above 95 per cent in every term since.", "Good on the whole; a difficult winter two years ago after a change of home."),
    "achievements": ("Bronze in the county swimming gala, a reading prize, and four terms with no suspension.", "Met the expected standard in reading and close to it in maths at the end of primary school."),
    "records_missing": ("The special needs file of the last school but one. The SENCO has asked twice.",),
    "no_place_plan": ("A place has been asked for at the nearest good school. Until then fifteen hours of tuition a week at home and at the library.",),
    "key_adult": ("Leila Haddad, pastoral support manager", "The form tutor", "The head of year"),
    "provision": ("Morning check-in with the key adult, a reading group three times a week, seating near the front, and a mentor on Wednesdays.", "Full timetable with small-group maths, a homework club on two days and a named person at lunch."),
    "change_what": ("Choosing subjects for next year; a visit to two colleges.", "A new maths group from next term, because the present one goes too slowly."),
    "change_care": ("The key adult goes along on the visits. The new teacher meets {name} before the holidays.",),
    "attendance_plan": ("Nothing behind it but a cold. Keep going.", "Most absences are on Mondays after contact. The carer and the key adult have agreed a gentle start: breakfast together and the first lesson in the library."),
    "suspension_plan": ("A meeting with {name} after each incident, a way to step out, and staff who know the signs.",),
    "part_time_plan": ("Agreed by everyone for six weeks after a stay in hospital; two more lessons are added each week.",),
    "going_well": (
        "Art is the best. I got a 7 for my drawing and Miss put it on the wall. I have two good friends now.",
        "I’m not late any more. My tutor is sound, she listens first. Football training on Thursdays.",
        "Reading. I finished a book and it wasn’t even for school.",
    ),
    "hard": ("", "Maths goes too fast and I don’t want to ask in front of people.", "Mondays. And when there’s a supply teacher nobody tells them anything."),
    "helpers": ("", "My tutor and my carer. They text each other so I don’t have to explain everything twice.", "Miss in the Hub. And my mate."),
    "wish": ("I want to stay at this school. I want help with maths but not in the classroom.", "I’d like to be a vet nurse or work with horses. Someone should find out how.", "More time for music, and to see my brother more."),
    "asked_before": ("", "I asked for a locker and I got one. I asked for guitar and that’s still waiting."),
    "no_views": ("{name} did not want to say anything this time. The key adult will try again on a walk, without paper.",),
    "feel_more": ("", "It’s okay mostly."),
    "carer_role": ("Reading together, a quiet hour after tea, and every parents’ evening. The carer answers school within the day.", "Helps with the homework app, and practises spellings in the car."),
    "carer_leisure": ("Takes {name} to football twice a week and to the library on Saturdays.", "Found the swimming club and pays for it; camping in summer."),
    "home_learning": ("A desk, a laptop from the school and good internet.", "The kitchen table, a shelf of books, and a tablet with a time limit."),
    "carer_needs": ("", "To know the homework in advance, and someone to ring about the maths."),
    "carer_well": ("Much happier to go to school than a year ago. Talks about lessons at tea.", "Settled, sleeping, and laughing more."),
    "carer_worries": ("", "The phone, and older friends after school."),
    "carer_wish": ("", "That the same key adult stays next year."),
    "carer_none": ("The carer was ill and will send a note.",),
    "parent_says": ("Proud of the reading prize. Would like to be sent the school photograph.",),
    "parent_none": ("Not asked this time because of what the court has decided; the social worker will look at it again next term.",),
    "parent_private": ("",),
    "sw_says": ("Doing better than anyone expected a year ago. What matters most this term is that nothing changes without warning.", "A good term. The link between home and school works; the next step is maths and one activity outside school."),
    "sw_private": ("", "The care plan will be looked at again at the next review; nothing to share with school yet."),
}  # fmt: skip

TEXTS |= {
    "ks2_missing": ("Not sent by the last school. A reading test and a maths paper were used instead.",),
    "entry_level": ("", "About two years behind in reading when first tested; the gap has closed by half."),
    "exam_help": ("", "Twenty-five per cent extra time and a smaller room."),
    "attainment_next": (
        "Art, reading and practical science go well. Number facts and longer writing hold everything else back; the targets begin there.",
        "Steady in every subject and proud of it. The next step is to show working in maths and to revise a little and often.",
    ),
    "hopes": ("To work with animals, perhaps as a veterinary nurse.", "To be an engineer “and build things that don’t fall down”.", "To run a café; the baking is already good.", "Not sure yet, and that is fine."),
    "careers_plan": ("One meeting with the careers lead, who found two open days. The carer goes along.", "Not yet this year; a date is set for next month."),
    "subject_choices": ("Art, food and triple science are on the list. The form tutor and the careers lead advise.",),
    "step_help": ("Two visits with the key adult before the holidays, and a named person on the first day.",),
    "independence": ("", "Cooking once a week, and managing a bus pass."),
    "wider_world": ("", "A visit to the fire station. Next: a walk round the harbour with the class."),
    "next_school": ("Larkmere Academy",),
}  # fmt: skip

# One line answers, also the cells of small tables, by the key of the question or column.
LINES: dict[str, tuple[str, ...]] = {
    "service": ("camhs",),
    "does": ("Meets every second week and sends a short note to school.",),
    "responsible": ("Social worker",),
    "outcome": ("Calmer mornings",),
    "lead": ("The social worker, with the designated teacher",),
    "what": ("Maths tuition, ten sessions", "Mentor, one term"),
    "evidence": ("Test scores before and after",),
    "reason": ("Moved with the family", "Moved up"),
    "place": ("At school",),
    "back": ("Meeting with the head of year",),
    "comment": ("", "Needs help to get going", "A strength"),
    "provider": ("Fenshire Sixth Form College",),
    "course": ("Animal care, level 2",),
    "hours": ("3",),
    "checked_by": ("The designated teacher, by a visit each half term",),
    "subject": ("Catering",),
    "child_writer": ("The key adult",),
    "parent_name": ("The mother, by telephone",),
    "ehcp_authority": ("Fenshire County Council",),
}  # fmt: skip

# What hangs on the legal status, by its code; the others under "".
BY_LEGAL_STATUS: dict[str, dict[str, str]] = {
    "legal_position": {
        "C1": "An interim care order is in force until the final hearing. The court has set no limits on schooling.",
        "C2": "A full care order is in force. The court has set no limits on schooling.",
        "E1": "A placement order is in force. The school must not tell anybody where the child will live.",
        "V2": "Accommodated by agreement with the parents under section 20. They may end it at any time.",
        "": "A court decides within days. Until then nothing about school is changed.",
    },
    "responsibility": {
        "V2": "Both parents. The authority has none: they agreed that it looks after the child.",
        "E1": "The authority, with the parents, whose say the authority may limit.",
        "": "The authority and both parents share it.",
    },
}

# Answers that are not free text, by the key of their question; several are chances.
CHOSEN: dict[str, tuple[Any, ...]] = {
    "home_change": (False, False, False, True),
    "came_alone": (False,),
    "homes": (1, 2, 2, 3),
    "no_contact": (False, False, True),
    "reports_to": (["carer", "social_worker"], ["carer", "social_worker", "virtual_school"]),
    "parents_evening": (["carer"], ["carer", "social_worker"]),
    "day_trips": ("carer",),
    "overnight_trips": ("carer", "social_worker"),
    "photographs": ("social_worker", "parent"),
    "treatment": ("social_worker", "carer"),
    "condition": (False, True),
    "medicine": (False,),
    "sdq_scored": (True, True, False),
    "sdq_score": (9, 12, 14, 16, 18),
    "sdq_by": ("carer", "teacher"),
    "sdq_reason": ("SDQ2",),
    "sen_status": ("N", "N", "K", "E"),
    "sen_primary": ("SEMH", "SLCN", "MLD", "SPLD"),
    "sen_secondary": ("", "", "SEMH", "SLCN"),
    "involved": (False, True),
    "copies": (["child", "carer", "reviewing_officer"],),
    "premium_used": (False, True),
    "gaps": (False, True),
    "records": (True, True, False),
    "taught_where": ("mainstream",),
    "elsewhere": (False,),
    "change": (False, False, True),
    "change_kinds": (["class"], ["support"]),
    "suspended": (False, False, False, True),
    "part_time": (False,),
    "child_origin": ("own", "written", "own"),
    "child_ways": (["talking"], ["talking", "drawing"], ["writing"]),
    "carer_origin": ("written", "own"),
    "parent_origin": ("none", "written"),
    "feel_lessons": ("good", "ok"),
    "feel_friends": ("good", "ok", "hard"),
    "feel_adults": ("ok", "good"),
    "feel_breaks": ("ok", "good"),
    "feel_homework": ("hard", "ok"),
    "feel_safe": ("good", "ok"),
    "ks2_known": (True, True, False),
    "careers": (True, False),
    "good_level": ("yes", "no"),
    "phonics": ("WA",),
    "next_step": ("none",),
    "premium_spending": ([{"what": "Maths tuition, ten sessions", "kind": "one_to_one", "cost": 240, "difference": "moderate"}],),
}

# Targets: area, need, where they are now, aim, success, help, who, how often, amount and purpose of the money asked for (or 0).
TARGETS: tuple[tuple[str, str, str, str, str, str, str, str, int, str], ...] = (
    (
        "maths", "Gaps in number from changing schools", "Scores 11 of 30 in the number test; does not ask for help in class",
        "Work with fractions and percentages without a helper", "24 of 30 in the same test, and two questions asked in class each week",
        "One-to-one tuition after school, following the class topics", "Maths tutor, with the class teacher", "Twice a week for ten weeks",
        480, "Twenty sessions of one-to-one maths tuition at £24",
    ),
    (
        "english", "Writing stops after a few lines", "Writes half a page in thirty minutes; spelling is sound",
        "Plan and write two full pages in a lesson", "Three pieces of two pages by the end of term, marked against the class standard",
        "Planning frames, and a writing group of four", "English teacher and the writing group’s leader", "Once a week", 0, "",
    ),
    (
        "semh", "Leaves lessons when upset", "Left eleven lessons in the last half term",
        "Use the agreed signal and be back within five minutes", "Fewer than three lessons left in a half term",
        "Mentor on Wednesdays, and a card known to all staff", "Mentor and key adult", "Once a week for twelve weeks",
        360, "Twelve sessions with a mentor at £30",
    ),
    (
        "attendance", "Mondays after contact are hard", "91 per cent this term; six of eight absences on Mondays",
        "Come in on every Monday", "Above 96 per cent by the next plan", "Breakfast with the key adult, first lesson in the library",
        "Key adult and carer", "Every Monday", 0, "",
    ),
    (
        "aspiration", "Has an idea for a job and knows nobody who does it", "Has never visited a workplace",
        "Know what a veterinary nurse does and which subjects lead there", "A visit made, and a page written about it",
        "A day at the county’s animal centre, with transport", "Careers lead", "Once, before half term", 120, "A visit with transport and supervision",
    ),
    (
        "independence", "Has never travelled alone", "Goes everywhere by taxi", "Take the bus to school with a friend",
        "Four weeks by bus without being late", "Travel training by the key adult, three practice journeys", "Key adult and carer",
        "Three times, then each day", 0, "",
    ),
)  # fmt: skip

REVIEWS: tuple[tuple[str, str, str, str], ...] = (
    ("met", "The test at the end showed it, and the class teacher sees it in lessons.", "significant", "end"),
    ("partly", "Better than before; the tutor’s notes show where it still sticks.", "moderate", "continue"),
    ("not_met", "The help began late because of a staff change.", "minimal", "change"),
)

ACTIONS: tuple[tuple[str, str], ...] = (
    ("Send the special needs file to the SENCO", "Social worker"),
    ("Find a music project with a place after half term", "Designated teacher"),
    ("Agree lifts for the Thursday club", "Carer and school"),
    ("Write to the reviewing officer about the date of the next review", "Social worker"),
)

RETURNED: dict[str, str] = {
    "returned_care": "The school part is good. The health section still has last year’s medicine; please put it right so that nobody gives the wrong one.",
    "returned_check": "The targets do not say how we will know. Please add a measure to each, and say in the child’s views what was done about them.",
}
GRADE_COMMENTS: dict[str, str] = {
    "gold": "A plan that anyone could pick up and use tomorrow. The child’s words run right through it.",
    "green": "A clear, useful plan. Next time, tie the money more closely to each target.",
    "amber": "Good on voice and attendance; the targets need a starting point. Please mend this in the next plan.",
}
