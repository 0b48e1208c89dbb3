"""The people a visitor of the demonstration can be. Plain data: settings read it before any model exists."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Persona:
    """One made-up person with one button on the demonstration's first page."""

    email: str
    name: str
    label: str  # the role, as people say it
    shows: str  # what there is to see as this person


PERSONAS: tuple[Persona, ...] = (
    Persona(
        "anna.bell@larkmere.example", "Anna Bell", "Designated teacher",
        "Works at two schools and for two councils with one account.",
    ),
    Persona("tom.ashby@larkmere.example", "Tom Ashby", "Second designated teacher at the same school", "Shares the school’s children."),
    Persona("grace.obi@osierbank.example", "Grace Obi", "Designated teacher at another school", "Sees other children, and none of Anna’s."),
    Persona(
        "imogen.castle@osierbank.example", "Imogen Castle", "Headteacher",
        "Is told when plans of the school are late; sees no child.",
    ),
    Persona("leila.haddad@larkmere.example", "Leila Haddad", "School contributor", "Helps with chosen children, and cannot submit."),
    Persona("priya.nair@fenshire.example", "Priya Nair", "Social worker", "Writes the care side and signs off."),
    Persona("martin.cole@fenshire.example", "Martin Cole", "Team manager", "Looks after the team’s children, also those with no worker yet."),
    Persona("ruth.farrow@fenshire.example", "Ruth Farrow", "Deputy team manager", "Signs when the social worker is away."),
    Persona("thea.lindqvist@fenshire.example", "Thea Lindqvist", "Service manager", "Reads the teams’ plans, and is told when one is very late."),
    Persona("desmond.clarke@fenshire.example", "Desmond Clarke", "Independent reviewing officer", "Reads the plans of the children they review."),
    Persona("helen.marsh@fenshire.example", "Helen Marsh", "Virtual school officer", "Checks plans, chases late ones, decides on money."),
    Persona("david.okafor@fenshire.example", "David Okafor", "Virtual school head", "All of it, and who looked at which record."),
    Persona("joan.pike@fenshire.example", "Joan Pike", "Virtual school business support", "Keeps the register; does not grade or decide on money."),
    Persona("sanjay.mehta@fenshire.example", "Sanjay Mehta", "Account administrator", "Manages people; sees no child."),
    Persona("carys.lewis@marlowvale.example", "Carys Lewis", "Virtual school officer of another council", "Sees nothing of the first one."),
)  # fmt: skip

DEMO_PERSONAS: list[tuple[str, str]] = [(persona.email, persona.label) for persona in PERSONAS]
