"""Who and where: an invented region, « Val-de-Garance », with its hospitals, a vendor, a SAMU network, their desks and people.

Telephone numbers are of the ranges that ARCEP keeps for fiction; FINESS numbers are well formed under a department
that does not exist (99); addresses of mail end in `.example`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from vigie.directory.models import GrantedCapability, Role, SiteKind, SupportPurpose
from vigie.incidents.models import Tone
from vigie.incidents.scales import FIVE_LEVELS, VENDOR, Step

USER, REFERENT, AGENT, ADMIN = Role.USER, Role.REFERENT, Role.AGENT, Role.ADMIN
PLANNER, EDITOR, OPERATOR = Role.PLANNER, Role.EDITOR, Role.OPERATOR

MAIL_DOMAIN = "demonstration.example"


@dataclass(frozen=True, slots=True, kw_only=True)
class SpacePlan:
    slug: str
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SitePlan:
    key: str
    space: str
    kind: SiteKind
    name: str
    address: str
    city: str
    position: tuple[float, float]
    services: tuple[str, ...] = ()
    weight: int = 0
    """How many of the incidents come from here, beside the others."""
    is_active: bool = True

    @property
    def has_finess(self) -> bool:
        """A number of the national register of health establishments."""
        return self.kind in (SiteKind.HOSPITAL, SiteKind.CLINIC, SiteKind.NURSING_HOME, SiteKind.CRRA)


@dataclass(frozen=True, slots=True, kw_only=True)
class DeskPlan:
    slug: str
    site: str
    name: str
    weight: int
    priorities: tuple[Step, ...]
    categories: tuple[str, ...]
    solutions: Mapping[str, int]
    """By name, how many of the desk's incidents are about it."""
    teams: Mapping[str, tuple[str, ...]]
    """By name, the local parts of their members' addresses."""
    used_by: tuple[str, ...]
    notice: str
    hours: tuple[str, str] | None = ("08:30", "18:00")
    """Of working days; None: open day and night."""
    saturday: tuple[str, str] | None = None
    closing_delay_days: int = 10
    reserved: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Solutions that fewer sites use."""

    def users_of(self, solution: str) -> tuple[str, ...]:
        return self.reserved.get(solution, self.used_by)

    @property
    def opening(self) -> dict[str, list[list[str]]]:
        """Ranges by day of the week, 0 being Monday."""
        if self.hours is None:
            return {}
        week = {str(day): [list(self.hours)] for day in range(5)}
        return week | ({"5": [list(self.saturday)]} if self.saturday else {})


@dataclass(frozen=True, slots=True)
class PersonPlan:
    site: str
    first_name: str
    last_name: str
    function: str
    roles: tuple[Role, ...] = (USER,)
    services: tuple[str, ...] = ()
    secure: bool = False
    """She has a secure health mail address."""
    shown: str = ""
    """What the list of demonstration accounts says of her; those without are not listed."""
    weight: int = 3
    other_sites: Mapping[str, tuple[Role, ...]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class GrantPlan:
    """A site lends its administration to a support site, some days before now, for some days."""

    site: str
    support: str
    by: str
    """The address, before the at sign, of the administrator who lends it."""
    purpose: SupportPurpose
    note: str
    capabilities: tuple[GrantedCapability, ...]
    days_ago: float
    days: float
    withdrawn_after: float = 0
    """Days; 0 when it is in force, or came to its end."""
    helper: str = ""
    """The address of who acted under it."""
    acts: tuple[tuple[str, str, str], ...] = ()
    """What was done: code, kind of object, and its name in the site (a service's, or a member's address)."""


@dataclass(frozen=True, slots=True)
class LoanPlan:
    """A loan card of a site: to whom, how many days ago, for how many days, and after how many days it came back."""

    site: str
    number: str
    borrower: str
    """Local part of her address."""
    days_ago: int
    days: int
    returned_after: int | None = None


@dataclass(frozen=True, slots=True)
class PractitionerPlan:
    site: str
    title: str
    first_name: str
    last_name: str
    specialty: str
    features: tuple[str, ...] = ()
    """Codes of what the operator gave her."""
    acted_for_by: tuple[str, ...] = ()
    """Local parts of the addresses of those who act for her."""
    is_active: bool = True


SPACES = (
    SpacePlan(slug="ormeval", name="Ormeval Santé et ses établissements"),
    SpacePlan(slug="val-de-garance", name="Région Val-de-Garance"),
    SpacePlan(slug="samu", name="Réseau des SAMU du Val-de-Garance"),
)

CARE = ("Cardiologie", "Médecine polyvalente", "Chirurgie ambulatoire", "Pédiatrie", "Gériatrie")
SUPPORT_UNITS = ("Imagerie", "Pharmacie", "Laboratoire")

SITES = (
    SitePlan(
        key="ormeval",
        space="ormeval",
        kind=SiteKind.VENDOR,
        name="Ormeval Santé",
        address="4 allée des Aulnes",
        city="Garance-sur-Vère",
        position=(47.421, 1.862),
        services=("Support", "Projets"),
        weight=1,
    ),
    SitePlan(
        key="saint-aubrin",
        space="ormeval",
        kind=SiteKind.HOSPITAL,
        name="CH de Saint-Aubrin",
        address="12 avenue du Prieuré",
        city="Saint-Aubrin-sur-Vère",
        position=(47.512, 1.704),
        services=(*CARE, *SUPPORT_UNITS, "Urgences", "Bureau des entrées", "Direction des soins"),
        weight=26,
    ),
    SitePlan(
        key="montfaverolles",
        space="ormeval",
        kind=SiteKind.HOSPITAL,
        name="CH de Montfaverolles",
        address="1 rue de l’Hôtel-Dieu",
        city="Montfaverolles",
        position=(47.318, 2.047),
        services=("Médecine polyvalente", "Maternité", "Imagerie", "Urgences", "Bureau des entrées"),
        weight=15,
    ),
    SitePlan(
        key="tilleuls",
        space="ormeval",
        kind=SiteKind.CLINIC,
        name="Clinique des Tilleuls-Blancs",
        address="38 boulevard des Tanneurs",
        city="Garance-sur-Vère",
        position=(47.409, 1.881),
        services=("Chirurgie ambulatoire", "Orthopédie", "Imagerie"),
        weight=8,
    ),
    SitePlan(
        key="glycines",
        space="ormeval",
        kind=SiteKind.NURSING_HOME,
        name="EHPAD Les Glycines-d’Or",
        address="7 chemin de la Fontaine-Close",
        city="Chantebruyère",
        position=(47.566, 1.655),
        services=("Infirmerie", "Unité protégée"),
        weight=4,
    ),
    SitePlan(
        key="appui",
        space="ormeval",
        kind=SiteKind.SUPPORT,
        name="Appui numérique du Val-de-Garance",
        address="9 place du Champ-Clos",
        city="Garance-sur-Vère",
        position=(47.415, 1.870),
        services=("Accompagnement",),
    ),
    SitePlan(
        key="esante",
        space="val-de-garance",
        kind=SiteKind.REGION,
        name="e-Santé Val-de-Garance",
        address="22 rue du Télégraphe",
        city="Garance-sur-Vère",
        position=(47.417, 1.859),
        services=("Exploitation", "Projets régionaux"),
    ),
    SitePlan(
        key="chu",
        space="val-de-garance",
        kind=SiteKind.HOSPITAL,
        name="CHU de Garance",
        address="100 avenue des Quatre-Vents",
        city="Garance-sur-Vère",
        position=(47.401, 1.842),
        services=(*CARE, *SUPPORT_UNITS, "Neurologie", "Réanimation", "Maternité", "Urgences", "Oncologie"),
        weight=20,
    ),
    SitePlan(
        key="vernoy",
        space="val-de-garance",
        kind=SiteKind.HOSPITAL,
        name="CH de Vernoy-les-Étangs",
        address="3 rue du Vieux-Lavoir",
        city="Vernoy-les-Étangs",
        position=(47.188, 1.587),
        services=("Médecine polyvalente", "Gériatrie", "Imagerie", "Urgences"),
        weight=8,
    ),
    SitePlan(
        key="bel-orme",
        space="val-de-garance",
        kind=SiteKind.CLINIC,
        name="Polyclinique du Bel-Orme",
        address="55 route de Chantebruyère",
        city="Saint-Aubrin-sur-Vère",
        position=(47.523, 1.688),
        services=("Chirurgie ambulatoire", "Cardiologie", "Imagerie"),
        weight=5,
    ),
    SitePlan(
        key="clos-tuilier",
        space="val-de-garance",
        kind=SiteKind.NURSING_HOME,
        name="EHPAD du Clos-Tuilier",
        address="18 rue des Potiers",
        city="Montfaverolles",
        position=(47.322, 2.061),
        services=("Infirmerie", "Hébergement"),
        weight=3,
    ),
    SitePlan(
        key="ars",
        space="val-de-garance",
        kind=SiteKind.AUTHORITY,
        name="ARS Val-de-Garance",
        address="1 esplanade de la République",
        city="Garance-sur-Vère",
        position=(47.413, 1.853),
        services=("Cellule de veille", "Offre de soins"),
        weight=2,
    ),
    SitePlan(
        key="exploitation",
        space="val-de-garance",
        kind=SiteKind.OPERATOR,
        name="Vigie – Exploitation",
        address="22 rue du Télégraphe",
        city="Garance-sur-Vère",
        position=(47.417, 1.859),
        services=("Exploitation",),
    ),
    SitePlan(
        key="urgence-numerique",
        space="samu",
        kind=SiteKind.SUPPORT,
        name="Centre numérique de l’urgence",
        address="2 rue du Guet",
        city="Garance-sur-Vère",
        position=(47.404, 1.849),
        services=("Astreinte", "Projets"),
    ),
    SitePlan(
        key="samu-garance",
        space="samu",
        kind=SiteKind.CRRA,
        name="SAMU de Garance",
        address="100 avenue des Quatre-Vents",
        city="Garance-sur-Vère",
        position=(47.400, 1.840),
        services=("Salle de régulation", "Salle de crise"),
        weight=7,
    ),
    SitePlan(
        key="samu-haut-vernois",
        space="samu",
        kind=SiteKind.CRRA,
        name="SAMU du Haut-Vernois",
        address="5 rue du Vieux-Lavoir",
        city="Vernoy-les-Étangs",
        position=(47.187, 1.589),
        services=("Salle de régulation",),
        weight=4,
    ),
    # Merged into the Polyclinique du Bel-Orme: kept, with its journal, out of service.
    SitePlan(
        key="porte-neuve",
        space="val-de-garance",
        kind=SiteKind.CLINIC,
        name="Clinique de la Porte-Neuve",
        address="2 place de la Porte-Neuve",
        city="Saint-Aubrin-sur-Vère",
        position=(47.515, 1.699),
        is_active=False,
    ),
)

HEALTH_SITES = (
    "saint-aubrin",
    "montfaverolles",
    "tilleuls",
    "glycines",
    "chu",
    "vernoy",
    "bel-orme",
    "clos-tuilier",
    "samu-garance",
    "samu-haut-vernois",
)

NOTICE_VENDOR = (
    "Ne citez jamais un patient : ni nom, ni date de naissance, ni numéro de dossier lisible. Masquez ces informations sur vos "
    "captures d’écran avant de les joindre. Un message qui en contient est masqué, et nous vous demandons de le refaire."
)
NOTICE_REGION = (
    "Ce guichet ne traite aucune donnée de santé. Décrivez la panne, le poste et l’heure ; vérifiez vos captures d’écran avant "
    "l’envoi. Les mots de passe ne se communiquent jamais, même à un technicien."
)
NOTICE_CRISIS = (
    "En cas d’événement en cours, appelez d’abord : le formulaire vient ensuite. N’indiquez ni nom ni numéro SINUS d’une victime ; "
    "l’heure et le numéro de poste suffisent à retrouver un appel."
)
NOTICE_OPERATOR = (
    "N’envoyez ni mot de passe, ni code de secours, ni clé de site : l’exploitation ne vous les demandera jamais. Masquez toute "
    "donnée de patient sur vos captures d’écran."
)

DESKS = (
    DeskPlan(
        slug="support-ormeval",
        site="ormeval",
        name="Support Ormeval",
        weight=46,
        priorities=VENDOR,
        categories=(
            "Anomalie logicielle",
            "Droits et comptes",
            "Évolution",
            "Formation et question",
            "Impression",
            "Interfaces",
            "Lenteur",
            "Paramétrage",
        ),
        solutions={
            "Ormeval DPI": 30,
            "Ormeval GAP": 18,
            "Ormeval Étiquettes et bracelets": 16,
            "Ormeval Pharmacie": 14,
            "Ormeval Laboratoire": 10,
            "Ormeval PMSI": 8,
            "Ormeval Bloc": 7,
        },
        teams={
            "Applications cliniques": ("julien.morel", "sophie.garnier", "lea.fournier"),
            "Interfaces et impression": ("baptiste.noel", "farida.mansouri"),
        },
        used_by=("saint-aubrin", "montfaverolles", "tilleuls", "glycines", "chu"),
        reserved={
            "Ormeval GAP": ("saint-aubrin", "montfaverolles", "tilleuls"),
            "Ormeval Étiquettes et bracelets": ("saint-aubrin", "montfaverolles", "tilleuls", "chu"),
            "Ormeval Bloc": ("saint-aubrin", "tilleuls", "chu"),
            "Ormeval Laboratoire": ("saint-aubrin", "chu"),
            "Ormeval PMSI": ("saint-aubrin", "montfaverolles", "tilleuls"),
        },
        notice=NOTICE_VENDOR,
        closing_delay_days=10,
    ),
    DeskPlan(
        slug="assistance-regionale",
        site="esante",
        name="Assistance régionale",
        weight=34,
        priorities=FIVE_LEVELS,
        categories=(
            "Accès et habilitations",
            "Demande de service",
            "Imagerie",
            "Matériel",
            "Messagerie",
            "Panne",
            "Réseau",
            "Téléphonie",
        ),
        solutions={
            "Poste de travail": 24,
            "Comptes et badges": 22,
            "Messagerie sécurisée régionale": 18,
            "PACS régional": 16,
            "Réseau régional": 12,
            "Télé-expertise régionale": 8,
            "Téléphonie": 8,
        },
        teams={
            "Postes et comptes": ("karim.haddad", "melanie.roche"),
            "Réseau et téléphonie": ("simon.aubry",),
            "Imagerie et échanges": ("valerie.prigent",),
        },
        used_by=HEALTH_SITES,
        reserved={
            "PACS régional": ("saint-aubrin", "montfaverolles", "tilleuls", "chu", "vernoy", "bel-orme"),
            "Télé-expertise régionale": ("saint-aubrin", "montfaverolles", "glycines", "chu", "vernoy", "clos-tuilier"),
        },
        notice=NOTICE_REGION,
        hours=("08:00", "19:00"),
        saturday=("09:00", "12:30"),
        closing_delay_days=7,
    ),
    DeskPlan(
        slug="guichet-crise",
        site="urgence-numerique",
        name="Guichet Crise 24/7",
        weight=13,
        priorities=(
            Step(
                name="Immédiate",
                tone=Tone.CRITICAL,
                definition="La prise d’appel, la régulation ou le suivi d’un événement en cours est empêché.",
                response_minutes=10,
                resolution_minutes=120,
            ),
            Step(
                name="Prioritaire",
                tone=Tone.MAJOR,
                definition="La salle fonctionne en secours, ou un exercice approche.",
                response_minutes=60,
                resolution_minutes=720,
            ),
            Step(
                name="Courante",
                tone=Tone.MINOR,
                definition="Demande ou gêne sans effet sur la réponse à l’urgence.",
                response_minutes=480,
                resolution_minutes=2880,
            ),
        ),
        categories=("Accès", "Anomalie", "Exercice", "Indisponibilité", "Matériel de terrain", "Téléphonie"),
        solutions={"Régulation médicale": 36, "Portail de crise": 30, "Téléphonie d’urgence": 22, "Bracelets SINUS": 12},
        teams={"Astreinte régulation": ("nicolas.ferrand", "samira.ouali"), "Terrain": ("loic.herve",)},
        used_by=("samu-garance", "samu-haut-vernois", "chu", "saint-aubrin", "vernoy", "ars"),
        reserved={
            "Régulation médicale": ("samu-garance", "samu-haut-vernois"),
            "Téléphonie d’urgence": ("samu-garance", "samu-haut-vernois"),
        },
        notice=NOTICE_CRISIS,
        hours=None,
        closing_delay_days=5,
    ),
    DeskPlan(
        slug="exploitation-vigie",
        site="exploitation",
        name="Exploitation de Vigie",
        weight=7,
        priorities=(
            Step(
                name="Haute",
                tone=Tone.MAJOR,
                definition="Impossible de se connecter ou de déclarer un incident.",
                response_minutes=60,
                resolution_minutes=480,
            ),
            Step(
                name="Normale",
                tone=Tone.MODERATE,
                definition="Une page ou un réglage ne se comporte pas comme prévu.",
                response_minutes=240,
                resolution_minutes=2400,
            ),
            Step(
                name="Faible",
                tone=Tone.LOW,
                definition="Question ou suggestion sur le portail.",
                response_minutes=480,
                resolution_minutes=9600,
            ),
        ),
        categories=("Affichage", "Comptes", "Connexion", "Notifications", "Suggestion"),
        solutions={"Portail Vigie": 1},
        teams={"Exploitation": ("chloe.masson", "antoine.guerin")},
        used_by=(*HEALTH_SITES, "ars", "ormeval"),
        notice=NOTICE_OPERATOR,
        closing_delay_days=14,
    ),
)

PEOPLE = (
    # CH de Saint-Aubrin
    PersonPlan(
        "saint-aubrin",
        "Camille",
        "Renaud",
        "Cadre de santé",
        services=("Cardiologie", "Médecine polyvalente"),
        secure=True,
        shown="Utilisatrice, cadre de santé",
        weight=9,
    ),
    PersonPlan("saint-aubrin", "Thierry", "Lambert", "Référent informatique", (USER, REFERENT), shown="Référent du site"),
    PersonPlan("saint-aubrin", "Nadia", "Benali", "Directrice des systèmes d’information", (USER, ADMIN), shown="Administratrice du site"),
    PersonPlan("saint-aubrin", "Benoît", "Royer", "Adjoint informatique", (USER, ADMIN), shown="Second administrateur du site"),
    PersonPlan("saint-aubrin", "Inès", "Fabre", "Secrétaire médicale", services=("Imagerie",)),
    PersonPlan("saint-aubrin", "Olivier", "Caron", "Pharmacien", services=("Pharmacie",), secure=True),
    PersonPlan("saint-aubrin", "Laure", "Peltier", "Responsable des admissions", services=("Bureau des entrées",)),
    PersonPlan("saint-aubrin", "Sylvie", "Autret", "Médecin responsable de l’information médicale", secure=True),
    # CH de Montfaverolles
    PersonPlan(
        "montfaverolles",
        "Hélène",
        "Vasseur",
        "Cadre de santé",
        services=("Médecine polyvalente",),
        shown="Utilisatrice d’un autre établissement",
        weight=6,
    ),
    PersonPlan("montfaverolles", "Marc", "Tissier", "Référent informatique", (USER, REFERENT)),
    PersonPlan("montfaverolles", "Claire", "Joubert", "Responsable informatique", (USER, ADMIN)),
    PersonPlan("montfaverolles", "Yann", "Le Bihan", "Manipulateur en électroradiologie", services=("Imagerie",)),
    PersonPlan("montfaverolles", "Amel", "Khelifi", "Sage-femme coordinatrice", services=("Maternité",), secure=True),
    PersonPlan("montfaverolles", "Rémi", "Bodin", "Gestionnaire des admissions", services=("Bureau des entrées",)),
    # Clinique des Tilleuls-Blancs
    PersonPlan("tilleuls", "Florence", "Maillard", "Cadre de bloc", services=("Chirurgie ambulatoire",)),
    PersonPlan("tilleuls", "Cédric", "Pons", "Responsable informatique", (USER, REFERENT, ADMIN)),
    PersonPlan("tilleuls", "Manon", "Ledoux", "Secrétaire médicale", services=("Orthopédie",)),
    # EHPAD Les Glycines-d’Or
    PersonPlan("glycines", "Brigitte", "Sorel", "Infirmière coordinatrice", (USER, REFERENT), ("Infirmerie",), secure=True),
    PersonPlan("glycines", "Denis", "Charpentier", "Directeur", (USER, ADMIN)),
    # Ormeval Santé
    PersonPlan("ormeval", "Julien", "Morel", "Technicien support", (AGENT,), ("Support",), shown="Technicien du support de l’éditeur"),
    PersonPlan(
        "ormeval", "Sophie", "Garnier", "Technicienne support", (AGENT,), ("Support",), shown="Technicienne du support de l’éditeur"
    ),
    PersonPlan("ormeval", "Léa", "Fournier", "Technicienne support", (AGENT,), ("Support",)),
    PersonPlan("ormeval", "Baptiste", "Noël", "Technicien interfaces", (AGENT,), ("Support",)),
    PersonPlan("ormeval", "Farida", "Mansouri", "Responsable du support", (AGENT, PLANNER), ("Support",)),
    PersonPlan("ormeval", "Guillaume", "Petitjean", "Planification des interventions", (USER, PLANNER), ("Projets",)),
    PersonPlan("ormeval", "Patrick", "Lemoine", "Administrateur", (USER, ADMIN, EDITOR)),
    # Appui numérique du Val-de-Garance
    PersonPlan(
        "appui",
        "Agnès",
        "Chevalier",
        "Responsable de l’accompagnement",
        (ADMIN,),
        shown="Administratrice d’une organisation de support",
    ),
    # e-Santé Val-de-Garance
    PersonPlan("esante", "Karim", "Haddad", "Technicien d’assistance", (AGENT,), ("Exploitation",), shown="Technicien régional"),
    PersonPlan("esante", "Mélanie", "Roche", "Technicienne d’assistance", (AGENT, EDITOR), ("Exploitation",)),
    PersonPlan("esante", "Simon", "Aubry", "Ingénieur réseau", (AGENT,), ("Exploitation",)),
    PersonPlan("esante", "Valérie", "Prigent", "Ingénieure imagerie", (AGENT,), ("Exploitation",)),
    PersonPlan("esante", "Gaëlle", "Tanguy", "Responsable de l’assistance", (ADMIN,)),
    PersonPlan("esante", "Étienne", "Baron", "Chef de projet", (EDITOR, PLANNER), ("Projets régionaux",)),
    # CHU de Garance
    PersonPlan("chu", "Anne-Laure", "Duval", "Cadre supérieure de santé", services=("Neurologie",), secure=True, weight=5),
    PersonPlan(
        "chu", "Sébastien", "Gros", "Référent applications", (USER, REFERENT, ADMIN), shown="Second administrateur d’un site sans clé"
    ),
    PersonPlan("chu", "Nawel", "Saïdi", "Responsable du support interne", (USER, ADMIN), shown="Administratrice d’un site sans clé"),
    PersonPlan("chu", "Quentin", "Barbier", "Interne", services=("Réanimation",)),
    PersonPlan("chu", "Dominique", "Verdier", "Technicienne de laboratoire", services=("Laboratoire",)),
    PersonPlan("chu", "Pierre-Yves", "Coudert", "Radiologue", services=("Imagerie",), secure=True),
    PersonPlan("chu", "Justine", "Lacombe", "Infirmière", services=("Oncologie",)),
    # CH de Vernoy-les-Étangs
    PersonPlan("vernoy", "Martine", "Besnard", "Cadre de santé", services=("Gériatrie",), secure=True, weight=5),
    PersonPlan("vernoy", "Fabrice", "Humbert", "Responsable informatique", (USER, REFERENT, ADMIN)),
    PersonPlan("vernoy", "Élise", "Tournier", "Manipulatrice en électroradiologie", services=("Imagerie",)),
    # Polyclinique du Bel-Orme
    PersonPlan("bel-orme", "Christophe", "Navarro", "Directeur des opérations", (USER, ADMIN)),
    PersonPlan("bel-orme", "Laetitia", "Weber", "Cadre de santé", (USER, REFERENT), ("Cardiologie",)),
    # EHPAD du Clos-Tuilier
    PersonPlan("clos-tuilier", "Monique", "Alary", "Infirmière coordinatrice", (USER, REFERENT, ADMIN), ("Infirmerie",)),
    PersonPlan("clos-tuilier", "Jérôme", "Pascal", "Aide-soignant", services=("Hébergement",)),
    # ARS Val-de-Garance
    PersonPlan("ars", "Bénédicte", "Foucault", "Responsable de la veille", services=("Cellule de veille",)),
    PersonPlan("ars", "Arnaud", "Picard", "Chargé de mission", (USER, ADMIN), ("Offre de soins",)),
    # Vigie – Exploitation
    PersonPlan("exploitation", "Paul", "Delorme", "Opérateur", (OPERATOR,), ("Exploitation",), shown="Opérateur de la plateforme"),
    PersonPlan("exploitation", "Chloé", "Masson", "Opératrice", (OPERATOR, AGENT), ("Exploitation",)),
    PersonPlan("exploitation", "Antoine", "Guérin", "Technicien d’exploitation", (AGENT, EDITOR), ("Exploitation",)),
    # Centre numérique de l’urgence
    PersonPlan(
        "urgence-numerique",
        "Nicolas",
        "Ferrand",
        "Technicien d’astreinte",
        (AGENT,),
        ("Astreinte",),
        shown="Technicien du guichet de crise",
    ),
    PersonPlan("urgence-numerique", "Samira", "Ouali", "Technicienne d’astreinte", (AGENT,), ("Astreinte",)),
    PersonPlan("urgence-numerique", "Loïc", "Hervé", "Technicien de terrain", (AGENT, PLANNER), ("Astreinte",)),
    PersonPlan("urgence-numerique", "Isabelle", "Maurin", "Responsable du centre", (ADMIN,)),
    # SAMU
    PersonPlan(
        "samu-garance",
        "Élodie",
        "Marchand",
        "Assistante de régulation médicale",
        services=("Salle de régulation",),
        shown="Régulation d’un SAMU",
        weight=6,
        other_sites={"chu": (USER,)},
    ),
    PersonPlan("samu-garance", "Vincent", "Duhamel", "Médecin régulateur", services=("Salle de régulation",), secure=True),
    PersonPlan("samu-garance", "Joëlle", "Simonet", "Responsable de la salle", (USER, REFERENT, ADMIN), ("Salle de crise",)),
    PersonPlan(
        "samu-haut-vernois", "Pascal", "Leroux", "Médecin régulateur", (USER, REFERENT, ADMIN), ("Salle de régulation",), secure=True
    ),
)

HABILITATIONS: Mapping[str, Mapping[str, tuple[str, ...]]] = {
    "saint-aubrin": {
        "patients.open": ("camille.renaud", "laure.peltier", "sylvie.autret", "ines.fabre"),
        "patients.write": ("camille.renaud", "laure.peltier"),
    },
    "chu": {"patients.open": ("anne-laure.duval", "sebastien.gros"), "patients.write": ("sebastien.gros",)},
}
"""By site and code, the local parts of the addresses of those who hold it."""

# More people, when more are asked for.
AVAILABLE_FEATURES: Mapping[str, Mapping[str, tuple[str, ...]]] = {
    "saint-aubrin": {
        "dpi": ("Cardiologie", "Médecine polyvalente", "Urgences"),
        "dmp": ("Cardiologie", "Gériatrie"),
        "coordonnees-patient": ("Bureau des entrées",),
        "pmsi": (),
    },
    "montfaverolles": {"dpi": ("Médecine polyvalente", "Maternité"), "coordonnees-patient": ("Bureau des entrées",)},
    "tilleuls": {"dpi": ("Orthopédie",), "dmp": ()},
    "chu": {"dpi": ("Neurologie", "Oncologie", "Réanimation"), "dmp": ("Oncologie",), "pmsi": ()},
    "vernoy": {"dmp": ("Gériatrie",)},
}
"""By site and by code, the services for which a feature is activated."""

PRACTITIONERS = (
    PractitionerPlan("saint-aubrin", "Dr", "Hélène", "Lemaire", "Cardiologie", ("dmp", "pmsi"), ("camille.renaud", "ines.fabre")),
    PractitionerPlan("saint-aubrin", "Dr", "Bertrand", "Castel", "Médecine polyvalente", ("pmsi",), ("camille.renaud",)),
    PractitionerPlan("saint-aubrin", "Dr", "Nour", "Abitbol", "Imagerie médicale", (), ("ines.fabre",)),
    PractitionerPlan("saint-aubrin", "Pr", "Solange", "Thévenin", "Gériatrie", ("dmp",), ()),
    PractitionerPlan("saint-aubrin", "Dr", "Alain", "Rigaud", "Chirurgie", ("dpi",), ("ines.fabre",), is_active=False),
    PractitionerPlan("montfaverolles", "Dr", "Maud", "Kervella", "Gynécologie-obstétrique", ("dpi",), ("amel.khelifi",)),
    PractitionerPlan("montfaverolles", "Dr", "Iban", "Etcheverry", "Médecine interne", (), ("helene.vasseur",)),
    PractitionerPlan("tilleuls", "Dr", "Laurent", "Sabatier", "Orthopédie", ("dmp",), ("manon.ledoux",)),
    PractitionerPlan("tilleuls", "Dr", "Aurélie", "Quéré", "Anesthésie-réanimation", (), ("manon.ledoux",)),
    PractitionerPlan("chu", "Pr", "Édouard", "Vasselin", "Neurologie", ("dmp", "pmsi"), ("anne-laure.duval",)),
    PractitionerPlan("chu", "Dr", "Salomé", "Hirsch", "Oncologie", ("dpi", "dmp"), ("justine.lacombe",)),
    PractitionerPlan("chu", "Dr", "Pierre-Yves", "Coudert", "Imagerie médicale"),
    PractitionerPlan("vernoy", "Dr", "Odile", "Marchal", "Gériatrie", ("dmp",), ("martine.besnard",)),
)

_READ, _WRITE, _ACTIVATE = GrantedCapability
APPLICATION = {"name": "Annuaire des gardes", "text": "Qui est de garde, et où. Une application de démonstration."}
APPLICATION_SITES = ("saint-aubrin", "montfaverolles", "tilleuls")
"""Whose people may use the territory’s other application."""

SUPPORT_GRANTS = (
    GrantPlan(
        "saint-aubrin",
        "appui",
        "nadia.benali",
        SupportPurpose.SETUP,
        "Créer les comptes du nouveau pôle de gériatrie et leurs rattachements.",
        (_READ, _WRITE, _ACTIVATE),
        days_ago=2,
        days=7,
        helper="agnes.chevalier",
        acts=(
            ("member.edited", "membership", "camille.renaud"),
            ("member.access_changed", "membership", "ines.fabre"),
            ("service.added", "service", "Gériatrie"),
        ),
    ),
    GrantPlan(
        "saint-aubrin",
        "urgence-numerique",
        "nadia.benali",
        SupportPurpose.TROUBLESHOOTING,
        "",
        (_READ, _WRITE),
        days_ago=24,
        days=1,
        withdrawn_after=0.3,
        helper="isabelle.maurin",
        acts=(("invitation.resent", "membership", "ines.fabre"),),
    ),
    GrantPlan(
        "montfaverolles",
        "appui",
        "claire.joubert",
        SupportPurpose.FORMS,
        "Reprendre les formulaires de demande.",
        (_READ,),
        days_ago=12,
        days=3,
    ),
)

FIRST_NAMES = (
    "Adèle", "Alain", "Alice", "Anouk", "Audrey", "Basile", "Benoît", "Capucine", "Célestin", "Clémence", "Corentin", "Damien",
    "Delphine", "Édith", "Émeline", "Fanny", "Félix", "Gaspard", "Gwenaëlle", "Hakim", "Hortense", "Hugo", "Irène", "Ismaël",
    "Jeanne", "Joris", "Karine", "Kévin", "Leïla", "Lucien", "Lucie", "Magali", "Malik", "Marguerite", "Maxime", "Mina",
    "Nathan", "Noémie", "Odile", "Pauline", "Rachid", "Raphaël", "Romane", "Salomé", "Solène", "Théo", "Tiphaine", "Ugo",
    "Victoire", "Yasmine", "Zoé",
)  # fmt: skip
LAST_NAMES = (
    "Abadie", "Allard", "Bardin", "Bellanger", "Berthelot", "Blondel", "Bouvier", "Cartier", "Chauvin", "Cordier", "Courtois",
    "Dassonville", "Delaunay", "Descamps", "Diallo", "Dubreuil", "Estève", "Faucher", "Ferreira", "Gallois", "Germain", "Gicquel",
    "Goncalves", "Guillet", "Hamon", "Haddou", "Imbert", "Jacquot", "Jolivet", "Keller", "Laborde", "Langlois", "Lefort",
    "Marchal", "Meunier", "Monnier", "Nguyen", "Ollivier", "Parmentier", "Perrot", "Pruvost", "Quéré", "Raynaud", "Rigaud",
    "Sauvage", "Servant", "Tessier", "Thévenot", "Urbain", "Vallet", "Vidal", "Wagner", "Yildiz", "Zimmer",
)  # fmt: skip
FUNCTIONS = (
    "Infirmière", "Infirmier", "Aide-soignante", "Secrétaire médicale", "Cadre de santé", "Interne", "Praticien hospitalier",
    "Kinésithérapeute", "Préparatrice en pharmacie", "Technicien de laboratoire", "Agent des admissions",
)  # fmt: skip

LENDER = "Nadia Benali"
LOANS = (
    LoanPlan("saint-aubrin", "CPS-PRET-01", "ines.fabre", 41, 1, returned_after=1),
    LoanPlan("saint-aubrin", "CPS-PRET-02", "camille.renaud", 16, 2, returned_after=3),
    LoanPlan("saint-aubrin", "CPS-PRET-01", "camille.renaud", 6, 1),
    LoanPlan("saint-aubrin", "CPS-PRET-03", "ines.fabre", 0, 1),
)

PLACE = ("ines.fabre", "Secrétariat d’imagerie, bâtiment B", "203.0.113.16/28", 120)
"""Who may sign in from where without a code, and for how many days; the operator granted it."""
