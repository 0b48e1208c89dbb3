"""Made-up children in care: who they are, where they live and learn, who works with them, and how far their plan has come."""

from dataclasses import dataclass

NORTH, SOUTH, DISABILITIES, MARLOW = (
    "Children in Care North",
    "Children in Care South",
    "Children with Disabilities",
    "Looked After Children",
)
FOSTER, KIN, HOME, SUPPORTED = "Foster carer", "Family or friend", "Children’s home", "Supported lodgings"

# How far the present plan has come, and the days from today to the day it is due.
DUE_IN: dict[str, int] = {
    "none": 0, "new": 24, "begun": 17, "booked": 11, "meeting_held": 6, "overdue_care": -5, "overdue_school": -12,
    "sign_off": 4, "sign_off_late": -16, "returned_care": 3, "returned_check": -2, "check": 2, "gold": -4, "green": -3, "amber": -6,
    "unsigned": -22, "cancelled": 9, "closed": -20,
}  # fmt: skip


@dataclass(frozen=True)
class Someone:
    """One child. ``past`` counts the complete plans of earlier terms; ``stage`` is how far the present one is."""

    given: str
    family: str
    known_as: str
    sex: str
    year: int
    birthday: tuple[int, int]
    school: str
    team: str
    worker: str
    months_in_care: int
    placement: str = FOSTER
    legal: str = "C2"
    past: int = 0
    stage: str = "none"
    also: tuple[tuple[str, str], ...] = ()  # other places: (kind, school)
    restricted: str = ""
    birth_date_status: str = "recorded"
    override: int | None = None
    contributor: str = ""
    left_care: bool = False
    authority: str = "980"
    temporary_upn: bool = False


CHILDREN: tuple[Someone, ...] = (
    Someone("Jayden", "Thorpe", "Jay", "M", 9, (10, 14), "larkmere", NORTH, "priya", 31, past=3, stage="begun", contributor="leila"),
    Someone("Amelia Rose", "Hartwell", "Millie", "F", 8, (2, 3), "larkmere", NORTH, "priya", 20, past=2, stage="booked", contributor="leila"),
    Someone("Yusuf", "Rahimi", "", "M", 10, (6, 21), "larkmere", NORTH, "priya", 14, HOME, "V2", past=2, stage="sign_off", birth_date_status="assessed"),
    Someone("Zofia", "Wrona", "Zosia", "F", 7, (9, 30), "larkmere", NORTH, "priya", 9, stage="check", past=1),
    Someone("Nguyễn Minh", "Anh", "Minh", "M", 11, (12, 5), "larkmere", NORTH, "kwame", 26, HOME, "V2", past=2, stage="meeting_held", birth_date_status="claimed"),
    Someone("Callum", "Prewett", "", "M", 11, (4, 17), "larkmere", NORTH, "kwame", 40, past=3, stage="gold", also=(("alternative", "kiln"),)),
    Someone("Tegan", "Oldroyd", "", "F", 9, (7, 8), "larkmere", SOUTH, "bronwen", 17, KIN, "E1", past=2, stage="returned_check"),
    Someone("محمد", "الأحمدي", "Mohamed", "M", 10, (1, 19), "larkmere", SOUTH, "bronwen", 8, SUPPORTED, "V2", past=1, stage="new", birth_date_status="claimed"),
    Someone("Isla", "Garrick", "", "F", 8, (11, 26), "larkmere", NORTH, "", 4, stage="overdue_care"),
    Someone("Kacper", "Żak", "", "M", 7, (3, 12), "larkmere", NORTH, "priya", 0, legal="C1", stage="new"),
    Someone("Freya", "Lindqvist", "", "F", 10, (5, 2), "osier", NORTH, "priya", 22, past=2, stage="returned_care"),
    Someone("Олександр", "Коваль", "Sasha", "M", 9, (8, 24), "osier", SOUTH, "bronwen", 12, past=1, stage="sign_off_late"),
    Someone("Chidi", "Nwosu", "", "M", 11, (10, 1), "osier", SOUTH, "lucy", 34, past=3, stage="check"),
    Someone("Ruby", "Stannard", "", "F", 8, (1, 29), "osier", SOUTH, "lucy", 19, past=2, stage="green"),
    Someone("Ellis", "Mowbray", "", "M", 7, (6, 6), "osier", SOUTH, "lucy", 6, past=1, stage="overdue_school"),
    Someone("Siân", "Prytherch", "", "F", 9, (3, 1), "osier", NORTH, "kwame", 28, past=1, stage="amber", also=(("tuition", "brightwater"),)),
    Someone("Deniz", "Aydın", "", "M", 10, (12, 18), "osier", NORTH, "", 5, stage="new"),
    Someone("Hallie", "Cross", "", "F", 11, (2, 14), "thornfen", SOUTH, "bronwen", 15, past=1, stage="begun"),
    Someone("Reuben", "Falk", "", "M", 9, (9, 9), "thornfen", SOUTH, "stefan", 23, past=1, stage="check"),
    Someone("Aaliyah", "Dixon", "", "F", 8, (5, 27), "thornfen", NORTH, "kwame", 11, stage="overdue_school"),
    Someone("ሰላም", "ተስፋዬ", "Selam", "F", 10, (7, 30), "", SOUTH, "stefan", 3, SUPPORTED, "V2", stage="new", birth_date_status="claimed", temporary_upn=True),
    Someone("Kian", "Rudge", "", "M", 11, (8, 3), "", SOUTH, "stefan", 18, HOME, past=1, stage="booked", also=(("tuition", "brightwater"),)),
    Someone("Poppy", "Varley", "", "F", 9, (4, 4), "", NORTH, "priya", 7, HOME, stage="overdue_school"),
    Someone("Mason", "Teale", "", "M", 5, (10, 22), "withy", SOUTH, "lucy", 24, past=1, stage="check"),
    Someone("Orla", "Keane", "", "F", 3, (2, 19), "withy", SOUTH, "lucy", 13, KIN, past=1, stage="begun"),
    Someone("Ibrahim", "Sesay", "", "M", 2, (11, 11), "withy", NORTH, "kwame", 10, past=1, stage="green"),
    Someone("Niamh", "Tolland", "", "F", 6, (1, 8), "withy", NORTH, "priya", 16, past=1, stage="unsigned"),
    Someone("Theo", "Marchetti", "", "M", 4, (6, 15), "mallow", SOUTH, "stefan", 12, past=1, stage="sign_off"),
    Someone("Lily-Mae", "Brook", "", "F", 1, (3, 22), "mallow", SOUTH, "stefan", 5, legal="C1", stage="begun"),
    Someone("Kofi", "Mensah", "", "M", 6, (9, 17), "mallow", NORTH, "kwame", 21, past=1, stage="amber"),
    Someone("Daisy", "Holt", "", "F", 8, (12, 30), "sallow", DISABILITIES, "", 30, past=1, stage="booked", override=7),
    Someone("Jonas", "Ferreira", "", "M", 5, (7, 19), "sallow", DISABILITIES, "lucy", 27, past=1, stage="green"),
    Someone("Alfie", "Sutcliff", "", "M", 0, (10, 3), "withy", SOUTH, "lucy", 3, legal="E1", stage="new",
            restricted="Placed for adoption. Nothing goes to another school without the head’s decision."),
    Someone("Summer", "Quill", "", "F", 10, (4, 28), "osier", NORTH, "kwame", 9, HOME, stage="begun", past=1,
            restricted="At risk of harm if the address or school becomes known."),
    Someone("Wren", "Calloway", "", "U", -1, (1, 31), "reeds", SOUTH, "lucy", 4, legal="C1", stage="begun"),
    Someone("Tariq", "Bashir", "", "M", 12, (5, 9), "college", NORTH, "kwame", 33, SUPPORTED, past=1, stage="green"),
    Someone("Imogen", "Slade", "Immy", "F", 12, (8, 12), "college", NORTH, "priya", 29, past=1, stage="closed"),
    Someone("Leo", "Winterbourne", "", "M", 8, (11, 2), "larkmere", NORTH, "priya", 25, past=2, stage="none", left_care=True),
    Someone("Maya", "Trent", "", "F", 11, (3, 15), "sluice", SOUTH, "bronwen", 36, past=1, stage="cancelled"),
    Someone("Bertie", "Knott", "", "M", 7, (2, 26), "thornfen", NORTH, "", 1, legal="L2", stage="none"),
    Someone("Ffion", "Maddox", "", "F", 9, (6, 11), "larkmere", MARLOW, "ade", 13, past=1, stage="begun", authority="981"),
    Someone("Harvey", "Quarrie", "", "M", 8, (9, 25), "vale", MARLOW, "ade", 18, past=1, stage="check", authority="981"),
    Someone("Nadia", "Petrov", "", "F", 10, (12, 12), "vale", MARLOW, "ade", 7, past=1, stage="booked", authority="981"),
    Someone("Sonny", "Eames", "", "M", 4, (4, 9), "", MARLOW, "", 2, stage="new", authority="981"),
)  # fmt: skip
