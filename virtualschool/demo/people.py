"""Made-up people and the roles they hold."""

from dataclasses import dataclass

# (key, e-mail, name, job title). People without an account are known to the register only.
STAFF: tuple[tuple[str, str, str, str], ...] = (
    ("anna", "anna.bell@larkmere.example", "Anna Bell", "Assistant head teacher"),
    ("tom", "tom.ashby@larkmere.example", "Tom Ashby", "Head of Year 9"),
    ("grace", "grace.obi@osierbank.example", "Grace Obi", "Deputy head teacher"),
    ("imogen", "imogen.castle@osierbank.example", "Imogen Castle", "Head teacher"),
    ("leila", "leila.haddad@larkmere.example", "Leila Haddad", "Pastoral support manager"),
    ("ewa", "ewa.kowalska@withylane.example", "Ewa Kowalska", "SENCO"),
    ("peter", "peter.lunn@mallowroad.example", "Peter Lunn", "Deputy head teacher"),
    ("sunita", "sunita.rao@sallowhill.example", "Sunita Rao", "Assistant head teacher"),
    ("colin", "colin.frost@kilncentre.example", "Colin Frost", "Lead teacher"),
    ("miriam", "miriam.stone@littlereeds.example", "Miriam Stone", "Nursery teacher"),
    ("olu", "olu.adeyemi@marlowvaleacademy.example", "Olu Adeyemi", "Head of inclusion"),
    ("priya", "priya.nair@fenshire.example", "Priya Nair", "Social worker"),
    ("bronwen", "bronwen.rees@fenshire.example", "Bronwen Rees", "Social worker"),
    ("kwame", "kwame.asante@fenshire.example", "Kwame Asante", "Senior social worker"),
    ("lucy", "lucy.hallam@fenshire.example", "Lucy Hallam", "Social worker"),
    ("stefan", "stefan.ionescu@fenshire.example", "Stefan Ionescu", "Social worker"),
    ("martin", "martin.cole@fenshire.example", "Martin Cole", "Team manager"),
    ("ruth", "ruth.farrow@fenshire.example", "Ruth Farrow", "Deputy team manager"),
    ("ines", "ines.duarte@fenshire.example", "Ines Duarte", "Team manager"),
    ("thea", "thea.lindqvist@fenshire.example", "Thea Lindqvist", "Service manager"),
    ("desmond", "desmond.clarke@fenshire.example", "Desmond Clarke", "Independent reviewing officer"),
    ("moira", "moira.tate@fenshire.example", "Moira Tate", "Independent reviewing officer"),
    ("helen", "helen.marsh@fenshire.example", "Helen Marsh", "Education adviser"),
    ("rafael", "rafael.santos@fenshire.example", "Rafael Santos", "Education adviser"),
    ("david", "david.okafor@fenshire.example", "David Okafor", "Virtual school head"),
    ("joan", "joan.pike@fenshire.example", "Joan Pike", "Business support officer"),
    ("sanjay", "sanjay.mehta@fenshire.example", "Sanjay Mehta", "Systems officer"),
    ("carys", "carys.lewis@marlowvale.example", "Carys Lewis", "Education adviser"),
    ("gwil", "gwilym.hughes@marlowvale.example", "Gwilym Hughes", "Virtual school head"),
    ("ade", "ade.bankole@marlowvale.example", "Ade Bankole", "Social worker"),
    ("nora", "nora.finch@marlowvale.example", "Nora Finch", "Team manager"),
)
# Known by name; has never signed in, so the virtual school has to do the school's part.
WITHOUT_ACCOUNT: tuple[tuple[str, str, str, str], ...] = (("alan", "alan.birch@thornfen.example", "Alan Birch", "Assistant head teacher"),)


@dataclass(frozen=True)
class Role:
    """A role of one person; ``place`` is a school's key, a team's name, or empty for the virtual school."""

    person: str
    relation: str
    authority: str
    place: str = ""


ROLES: tuple[Role, ...] = (
    Role("anna", "designated_teacher", "980", "larkmere"),
    Role("anna", "designated_teacher", "981", "larkmere"),
    Role("anna", "designated_teacher", "980", "college"),
    Role("tom", "designated_teacher", "980", "larkmere"),
    Role("grace", "designated_teacher", "980", "osier"),
    Role("imogen", "headteacher", "980", "osier"),
    Role("alan", "designated_teacher", "980", "thornfen"),
    Role("ewa", "designated_teacher", "980", "withy"),
    Role("peter", "designated_teacher", "980", "mallow"),
    Role("sunita", "designated_teacher", "980", "sallow"),
    Role("colin", "designated_teacher", "980", "kiln"),
    Role("miriam", "designated_teacher", "980", "reeds"),
    Role("olu", "designated_teacher", "981", "vale"),
    Role("martin", "team_manager", "980", "Children in Care North"),
    Role("ruth", "deputy_manager", "980", "Children in Care North"),
    Role("ines", "team_manager", "980", "Children in Care South"),
    Role("ines", "team_manager", "980", "Children with Disabilities"),
    Role("thea", "service_manager", "980", "Children in Care North"),
    Role("thea", "service_manager", "980", "Children in Care South"),
    Role("nora", "team_manager", "981", "Looked After Children"),
    Role("helen", "officer", "980"),
    Role("rafael", "officer", "980"),
    Role("david", "head", "980"),
    Role("joan", "business_support", "980"),
    Role("sanjay", "account_administrator", "980"),
    Role("carys", "officer", "981"),
    Role("gwil", "head", "981"),
)
