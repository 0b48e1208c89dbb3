"""Who stands how to whose child, and which canaries they may therefore read nowhere. Written by hand, so that code and table must agree."""

from accounts.policy import RELATION_VERBS, Relation, Verb
from tests.matrix.story import CHILDREN

R = Relation
STANDING: dict[str, dict[str, Relation]] = {
    "anna": {"sam": R.DESIGNATED_TEACHER},
    "bilal": {"tia": R.DESIGNATED_TEACHER},
    "cora": {"vic": R.DESIGNATED_TEACHER},
    "pru": {"sam": R.PROVIDER_TEACHER, "tia": R.PROVIDER_TEACHER},  # of the tuition centre, for Fenshire
    "finn": {"sam": R.FORMER_SCHOOL},
    "uri": {},
    "hedy": {},
    "eve": {"sam": R.SCHOOL_CONTRIBUTOR},
    "fay": {"sam": R.SOCIAL_WORKER},
    "gus": {"tia": R.SOCIAL_WORKER},
    "hana": {"sam": R.TEAM_MANAGER, "tia": R.TEAM_MANAGER},
    "ian": {"sam": R.DEPUTY_MANAGER, "tia": R.DEPUTY_MANAGER},
    "rosa": {"sam": R.SERVICE_MANAGER, "tia": R.SERVICE_MANAGER},
    "jo": {"sam": R.REVIEWING_OFFICER},
    "kit": {"sam": R.OFFICER, "tia": R.OFFICER},
    "lena": {"sam": R.HEAD, "tia": R.HEAD},
    "moe": {"sam": R.BUSINESS_SUPPORT, "tia": R.BUSINESS_SUPPORT},
    "nia": {},
    "oli": {"vic": R.OFFICER},
    "pia": {"vic": R.HEAD},
    "stan": {},
}
# Wes has no school and no social worker: the managers of his team and the virtual school see him, and nobody else.
SEE_WES = ("hana", "ian", "rosa", "kit", "lena", "moe")

# Of what is said about money the council reads everything, and of a school its designated teacher, when the school asked for it; so it
# is no word for the others. A contributor writes targets, and the money asked for stands in the same form.
MONEY = "purpose"
TYPISTS = ("anna", "bilal", "cora", "fay", "gus")


def verbs_of(name: str, key: str) -> frozenset[Verb]:
    """What someone may do with one child's record."""
    relation = STANDING[name].get(key)
    return RELATION_VERBS[relation] if relation else frozenset()


def forbidden_words(name: str, *, writes_targets: bool = False) -> list[bytes]:
    """Canaries that may stand nowhere on this person's pages; ``writes_targets``: on a page where a school's targets are written."""
    words = [f"CANARY-{key}" for key in CHILDREN if key not in STANDING[name]]
    words += [] if name in SEE_WES else ["CANARY-wes"]
    words += [] if name == "kit" else ["CANARY-batch"]  # the file that Kit has uploaded
    for key, relation in STANDING[name].items():
        # What somebody types is theirs alone until they save it.
        words += [f"CANARY-{key}-typed-{typist}" for typist in TYPISTS if typist != name]
        if Verb.VIEW_COUNCIL not in RELATION_VERBS[relation]:
            words.append(f"CANARY-{key}-council")
            if relation is not R.DESIGNATED_TEACHER and not (writes_targets and relation is R.SCHOOL_CONTRIBUTOR):
                words.append(f"CANARY-{key}-{MONEY}")
    return [word.encode() for word in words]
