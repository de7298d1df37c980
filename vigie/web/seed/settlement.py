"""The directory's rows, made from the plan of the territory, and the view of them that stories need."""

import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cache
from itertools import accumulate
from typing import TypeVar
from uuid import UUID

from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.mfa.utils import encrypt
from django.contrib.auth.hashers import make_password
from django.db.models import Model
from stdnum import luhn

from vigie.accounts.addresses import normal_email
from vigie.accounts.demonstration import DEMO_PASSWORD, DemonstrationAccount, demo_totp_secret
from vigie.accounts.models import TrustedNetwork, User
from vigie.audit.models import Act
from vigie.directory.models import (
    Desk,
    Feature,
    GrantEnd,
    Habilitation,
    LoanCard,
    MedicalIdentity,
    Membership,
    Practitioner,
    PractitionerFeature,
    Role,
    Service,
    ServiceFeature,
    ServiceMembership,
    Site,
    SiteFeature,
    SiteSolution,
    Solution,
    Space,
    SupportGrant,
    Team,
    TeamMember,
)
from vigie.incidents.models import Category, Priority
from vigie.web.seed.dice import Dice
from vigie.web.seed.situations import SITUATIONS, Situation
from vigie.web.seed.territory import (
    AVAILABLE_FEATURES,
    DESKS,
    FIRST_NAMES,
    FUNCTIONS,
    HABILITATIONS,
    LAST_NAMES,
    LENDER,
    LOANS,
    MAIL_DOMAIN,
    PEOPLE,
    PLACE,
    PRACTITIONERS,
    SITES,
    SPACES,
    SUPPORT_GRANTS,
    DeskPlan,
    GrantPlan,
    PersonPlan,
)

Row = TypeVar("Row", bound=Model)

_OFFICES = frozenset({"Bureau des entrées", "Direction des soins"})
_TECHNICIAN_EVERY = 40
"""Among the people who come on top of the planned ones."""
_WITHOUT_APPLICATION_EVERY = 7
"""So many people of whom one receives her codes by e-mail."""
_TELEPHONES = ("Téléphone de service", "Téléphone personnel", "")
_EXTRA_PLACES = ("saint-aubrin", "montfaverolles", "tilleuls", "chu", "vernoy", "bel-orme", "samu-garance", "samu-haut-vernois")


@dataclass(slots=True)
class Person:
    """Somebody, as stories tell of her."""

    id: UUID
    name: str
    address: str
    phone: str
    roles: tuple[Role, ...]
    weight: int


@dataclass(slots=True)
class Place:
    """A site and those of its people who file incidents."""

    key: str
    id: UUID
    name: str
    services: tuple[str, ...]
    weight: int
    requesters: list[Person] = field(default_factory=list)
    cumulated: list[int] = field(default_factory=list)
    referents: list[Person] = field(default_factory=list)


@dataclass(slots=True)
class Product:
    """A solution of a desk, what goes wrong with it, and the sites that use it."""

    id: UUID
    name: str
    situations: tuple[Situation, ...]
    places: list[Place]
    cumulated: list[int]


@dataclass(slots=True)
class Office:
    """A desk at work: its people, its scale, its categories."""

    slug: str
    id: UUID
    name: str
    always_open: bool
    closing_delay: timedelta
    priorities: list[Priority]
    categories: dict[str, UUID]
    agents: list[Person]
    teams: list[tuple[UUID, str]]
    team_of: dict[UUID, tuple[UUID, str]]
    products: list[Product]
    cumulated: list[int]


class Settlement:
    """Everything of the territory but its incidents. `rows` are model instances in an order that foreign keys accept."""

    def __init__(
        self, *, users: int, now: datetime, seed: int, features: Mapping[str, Feature] | None = None, one_site: bool = False
    ) -> None:
        """`features`: those that the database has already, by code; without them the sites have none.

        `one_site` puts everybody on top of the planned ones in the first of the places: a big hospital.
        """
        self._extra_places = _EXTRA_PLACES[:1] if one_site else _EXTRA_PLACES
        self._dice = Dice(f"{seed}:settlement")
        self._founded = now - timedelta(days=500)
        self._password = make_password(DEMO_PASSWORD)
        self.rows: dict[type[Model], list[Model]] = {}
        self.born: dict[type[Model], dict[UUID, datetime]] = {User: {}, Membership: {}}
        """When accounts and memberships were made: their models only know « now »."""
        self.people: dict[str, Person] = {}
        """By address."""
        self.places: dict[str, Place] = {}
        self.offices: list[Office] = []
        self.accounts: list[DemonstrationAccount] = []
        self._sites: dict[str, Site] = {}
        self._agents: dict[str, list[Person]] = {}
        self._features = features or {}
        self._addresses: set[str] = set()
        self._found_sites()
        for plan in self._everybody(users):
            self._settle(plan)
        self._register_practitioners()
        self._entitle()
        self._lend_cards(now)
        self._grant_place(now)
        for place in self.places.values():
            place.cumulated = list(accumulate(person.weight for person in place.requesters))
        for desk_plan in DESKS:
            self._open_desk(desk_plan)
        for order, grant in enumerate(SUPPORT_GRANTS):
            self._confide(grant, now, order)
        self.office_weights = list(accumulate(plan.weight for plan in DESKS))

    def _found_sites(self) -> None:
        spaces = {plan.slug: self._add(Space(id=self._identifier(), name=plan.name, slug=plan.slug)) for plan in SPACES}
        for order, plan in enumerate(SITES, start=1):
            site = self._add(
                Site(
                    id=self._identifier(),
                    space=spaces[plan.space],
                    name=plan.name,
                    kind=plan.kind,
                    number=f"{order:03}0",
                    finess=_finess(order) if plan.has_finess else "",
                    address=plan.address,
                    city=plan.city,
                    latitude=plan.position[0],
                    longitude=plan.position[1],
                    phone=_landline(1000 + order),
                    is_active=plan.is_active,
                )
            )
            self._sites[plan.key] = site
            for name in plan.services:
                self._add(Service(id=self._identifier(), site=site, name=name))
            care = tuple(name for name in plan.services if name not in _OFFICES)
            self.places[plan.key] = Place(plan.key, site.id, plan.name, care or (plan.name,), plan.weight)

    def _everybody(self, count: int) -> Iterator[PersonPlan]:
        yield from PEOPLE
        for order in range(max(0, count - len(PEOPLE))):
            first_name, last_name = self._dice.one_of(FIRST_NAMES), self._dice.one_of(LAST_NAMES)
            if order % _TECHNICIAN_EVERY == _TECHNICIAN_EVERY - 1:
                desk = DESKS[order // _TECHNICIAN_EVERY % len(DESKS)]
                yield PersonPlan(desk.site, first_name, last_name, "Technicien support", (Role.AGENT,))
            else:
                key = self._extra_places[order % len(self._extra_places)]
                roles = (Role.USER, Role.REFERENT) if order % 60 == 0 else (Role.USER,)
                yield PersonPlan(key, first_name, last_name, self._dice.one_of(FUNCTIONS), roles)

    def _settle(self, plan: PersonPlan) -> None:
        """Add one person: account, verified address, second factor, memberships."""
        local_part = self._free_local_part(plan)
        address = normal_email(f"{local_part}@{MAIL_DOMAIN}")
        arrived = self._founded + timedelta(days=self._dice.random() * 120)
        number = 1000 + len(self._addresses)
        user = self._add(
            User(
                id=self._dice.identifier(arrived),
                email=address,
                first_name=plan.first_name,
                last_name=plan.last_name,
                password=self._password,
                phone=_mobile(number) if number % 3 == 0 else _landline(number),
                secure_address=f"{local_part}@mssante.{MAIL_DOMAIN}" if plan.secure else "",
            )
        )
        self.born[User][user.id] = arrived
        self._add(EmailAddress(user=user, email=address, verified=True, primary=True))
        if plan.shown or number % _WITHOUT_APPLICATION_EVERY:
            self._add(
                Authenticator(
                    user=user,
                    type=Authenticator.Type.TOTP,
                    data={"secret": encrypt(demo_totp_secret(address)), "name": _TELEPHONES[number % len(_TELEPHONES)]},
                    created_at=arrived,
                    last_used_at=arrived + timedelta(days=number % 60),
                )
            )
        person = Person(user.id, user.full_name, user.reply_address, user.phone, plan.roles, plan.weight)
        self.people[address] = person
        for key, roles in {plan.site: plan.roles, **plan.other_sites}.items():
            membership = self._join(user, key, roles, function=plan.function, at=arrived)
            self._introduce(person, key, roles, at_home=key == plan.site)
            if key == plan.site:
                self._attach(membership, plan.services)
        if plan.shown:
            self._add(
                Authenticator(
                    user=user,
                    type=Authenticator.Type.RECOVERY_CODES,
                    data={"seed": encrypt(f"{self._dice.getrandbits(320):080x}"), "used_mask": 0},
                    created_at=arrived,
                )
            )
            self.accounts.append(
                DemonstrationAccount(email=address, name=user.full_name, site=self._sites[plan.site].name, role=plan.shown)
            )

    def _join(self, user: User, key: str, roles: tuple[Role, ...], *, function: str, at: datetime) -> Membership:
        membership = self._add(
            Membership.of_account(
                user,
                at=at,
                id=self._dice.identifier(at),
                site=self._sites[key],
                function=function,
                roles=[role.value for role in roles],
            )
        )
        self.born[Membership][membership.id] = at
        return membership

    def _introduce(self, person: Person, key: str, roles: tuple[Role, ...], *, at_home: bool) -> None:
        """Let stories know what she does in this site."""
        place = self.places[key]
        if Role.USER in roles and at_home:
            place.requesters.append(person)
        if Role.REFERENT in roles:
            place.referents.append(person)
        if Role.AGENT in roles:
            self._agents.setdefault(key, []).append(person)

    def _attach(self, membership: Membership, names: tuple[str, ...]) -> None:
        site = membership.site
        units = {service.name: service for service in self._of(Service) if service.site_id == site.id}
        for name in names:
            self._add(ServiceMembership(site=site, membership=membership, service=units[name]))

    def site(self, key: str) -> Site:
        """Return the site of this name in the plan."""
        return self._sites[key]

    def holders(self, site: Site, code: str) -> list[User]:
        """Return those who hold a habilitation in a site."""
        members = {
            habilitation.membership_id
            for habilitation in self._of(Habilitation)
            if (habilitation.site_id, habilitation.code) == (site.id, code)
        }
        users = {member.user_id for member in self._of(Membership) if member.id in members}
        return [user for user in self._of(User) if user.id in users]

    def user(self, address: str) -> User:
        """Return the account of this address."""
        identifier = self.people[address].id
        return next(user for user in self._of(User) if user.id == identifier)

    def _entitle(self) -> None:
        """Give people what their roles alone do not give."""
        members = {(member.site_id, member.user_id): member for member in self._of(Membership)}
        for key, codes in HABILITATIONS.items():
            site = self._sites[key]
            for code, names in codes.items():
                for name in names:
                    member = members[site.id, self.people[f"{name}@{MAIL_DOMAIN}"].id]
                    self._add(Habilitation(site=site, membership=member, code=code))

    def _register_practitioners(self) -> None:
        """Open features to sites, activate them for services, and let people act for practitioners."""
        units = {(service.site_id, service.name): service for service in self._of(Service)}
        members = {(member.site_id, member.user_id): member for member in self._of(Membership)}
        for key, available in AVAILABLE_FEATURES.items():
            site = self._sites[key]
            for code, services in available.items():
                if (feature := self._features.get(code)) is None:
                    continue
                self._add(SiteFeature(site=site, feature=feature))
                for name in services:
                    self._add(ServiceFeature(site=site, feature=feature, service=units[site.id, name]))
        for order, plan in enumerate(PRACTITIONERS, start=1):
            site = self._sites[plan.site]
            practitioner = self._add(
                Practitioner(
                    id=self._identifier(),
                    site=site,
                    rpps=_rpps(order),
                    title=plan.title,
                    first_name=plan.first_name,
                    last_name=plan.last_name,
                    specialty=plan.specialty,
                    is_active=plan.is_active,
                )
            )
            for code in plan.features:
                if (feature := self._features.get(code)) is not None:
                    self._add(PractitionerFeature(site=site, practitioner=practitioner, feature=feature))
            for name in plan.acted_for_by:
                member = members[site.id, self.people[f"{name}@{MAIL_DOMAIN}"].id]
                self._add(MedicalIdentity(site=site, membership=member, practitioner=practitioner))

    def _lend_cards(self, now: datetime) -> None:
        members = {(member.site_id, member.user_id): member for member in self._of(Membership)}
        for plan in LOANS:
            site, lent_at = self._sites[plan.site], now - timedelta(days=plan.days_ago, hours=1)
            back = plan.returned_after
            self._add(
                LoanCard(
                    id=self._dice.identifier(lent_at),
                    site=site,
                    number=plan.number,
                    membership=members[site.id, self.people[f"{plan.borrower}@{MAIL_DOMAIN}"].id],
                    lent_at=lent_at,
                    due_on=(lent_at + timedelta(days=plan.days)).date(),
                    lent_by_name=LENDER,
                    returned_at=lent_at + timedelta(days=back) if back is not None else None,
                    returned_to_name=LENDER if back is not None else "",
                )
            )

    def _grant_place(self, now: datetime) -> None:
        local_part, name, network, days = PLACE
        self._add(
            TrustedNetwork(
                id=self._identifier(),
                user_id=self.people[f"{local_part}@{MAIL_DOMAIN}"].id,
                name=name,
                network=network,
                expires_at=now + timedelta(days=days),
                granted_by_name="Opérateur de la plateforme",
            )
        )

    def _open_desk(self, plan: DeskPlan) -> None:
        site = self._sites[plan.site]
        desk = self._add(
            Desk(
                id=self._identifier(),
                site=site,
                name=plan.name,
                slug=plan.slug,
                phone=_landline(2000 + len(self.offices)),
                email=f"{plan.slug}@{MAIL_DOMAIN}",
                opening=plan.opening,
                always_open=plan.hours is None,
                notice=plan.notice,
                closing_delay_days=plan.closing_delay_days,
            )
        )
        priorities = [
            self._add(
                Priority(
                    id=self._identifier(),
                    desk=desk,
                    name=str(step.name),
                    definition=str(step.definition),
                    rank=rank,
                    tone=step.tone,
                    response_minutes=step.response_minutes,
                    resolution_minutes=step.resolution_minutes,
                )
            )
            for rank, step in enumerate(plan.priorities, start=1)
        ]
        categories = {name: self._add(Category(id=self._identifier(), desk=desk, name=name)).id for name in plan.categories}
        office = Office(
            slug=plan.slug,
            id=desk.id,
            name=desk.name,
            always_open=desk.always_open,
            closing_delay=timedelta(days=plan.closing_delay_days),
            priorities=priorities,
            categories=categories,
            agents=self._agents[plan.site],
            teams=[],
            team_of={},
            products=[],
            cumulated=list(accumulate(plan.solutions.values())),
        )
        for name, members in plan.teams.items():
            self._form_team(office, desk, name, [f"{member}@{MAIL_DOMAIN}" for member in members])
        for name in plan.solutions:
            office.products.append(self._supply(desk, name, plan.users_of(name)))
        self.offices.append(office)

    def _confide(self, plan: GrantPlan, now: datetime, order: int) -> None:
        """Lend a site to a support site, and write what was done: by the site, then under the grant."""
        site, support = self._sites[plan.site], self._sites[plan.support]
        users = {user.email: user for user in self._of(User)}
        giver = users[f"{plan.by}@{MAIL_DOMAIN}"]
        # At ten in the morning, as people do.
        given = (now - timedelta(days=plan.days_ago)).replace(hour=9, minute=5 * (order + 1), second=0, microsecond=0)
        expires = given + timedelta(days=plan.days)
        ended = given + timedelta(days=plan.withdrawn_after) if plan.withdrawn_after else expires if expires <= now else None
        grant = self._add(
            SupportGrant(
                id=self._dice.identifier(given),
                site=site,
                support_site=support,
                purpose=plan.purpose,
                note=plan.note,
                capabilities=[capability.value for capability in plan.capabilities],
                granted_by=giver,
                granted_by_name=giver.full_name,
                granted_at=given,
                expires_at=expires,
                ended_at=ended,
                ended_by_name=giver.full_name if plan.withdrawn_after else "",
                end=GrantEnd.WITHDRAWN if plan.withdrawn_after else GrantEnd.EXPIRED if ended else "",
            )
        )
        told: list[tuple[datetime, str, User | None, str, UUID, str, UUID | None]] = [
            (given, "support.granted", giver, "support_grant", grant.id, support.name, None)
        ]
        helper = users.get(f"{plan.helper}@{MAIL_DOMAIN}")
        for step, (code, kind, name) in enumerate(plan.acts, start=1):
            identifier, shown, subject = self._named(site, kind, name)
            told.append((given + timedelta(minutes=25 * step), code, helper, kind, identifier, shown, subject))
        if ended is not None:
            code, author = ("support.withdrawn", giver) if plan.withdrawn_after else ("support.expired", None)
            told.append((ended, code, author, "support_grant", grant.id, support.name, None))
        for at, code, author, kind, identifier, shown, subject in told:
            is_helper = author is not None and author is helper
            name = author.full_name if author is not None else "Vigie"
            self._add(
                Act(
                    id=self._dice.identifier(at),
                    space_id=site.space_id,
                    site_id=site.id,
                    at=at,
                    actor_id=author.id if author is not None else None,
                    actor_name=f"{name} (support {support.name})" if is_helper else name,
                    code=code,
                    object_kind=kind,
                    object_id=str(identifier),
                    object_name=shown,
                    subject_id=subject,
                    details={"grant": str(grant.id), "support": str(support.id)} if is_helper else {},
                )
            )

    def _named(self, site: Site, kind: str, name: str) -> tuple[UUID, str, UUID | None]:
        """Return the identifier of a service or a member of a site, what it is called, and whose account it is."""
        if kind == "service":
            service = next(one for one in self._of(Service) if one.site_id == site.id and one.name == name)
            return service.id, service.name, None
        member = next(one for one in self._of(Membership) if one.site_id == site.id and one.email == f"{name}@{MAIL_DOMAIN}")
        return member.id, member.full_name, member.user_id

    def _form_team(self, office: Office, desk: Desk, name: str, addresses: Iterable[str]) -> None:
        team = self._add(Team(id=self._identifier(), desk=desk, name=name))
        office.teams.append((team.id, name))
        for address in addresses:
            person = self.people[address]
            self._add(TeamMember(desk=desk, team=team, user_id=person.id))
            office.team_of[person.id] = (team.id, name)

    def _supply(self, desk: Desk, name: str, used_by: Iterable[str]) -> Product:
        solution = self._add(Solution(id=self._identifier(), desk=desk, name=name))
        places = []
        for key in used_by:
            self._add(SiteSolution(site=self._sites[key], desk=desk, solution=solution))
            place = self.places[key]
            if place.weight and place.requesters:
                places.append(place)
        return Product(solution.id, name, SITUATIONS[name], places, list(accumulate(place.weight for place in places)))

    def _free_local_part(self, plan: PersonPlan) -> str:
        wanted = ".".join(map(ascii_letters, (plan.first_name, plan.last_name)))
        free, number = wanted, 1
        while free in self._addresses:
            number += 1
            free = f"{wanted}{number}"
        self._addresses.add(free)
        return free

    def _identifier(self) -> UUID:
        return self._dice.identifier(self._founded)

    def _add(self, row: Row) -> Row:
        self.rows.setdefault(type(row), []).append(row)
        return row

    def _of(self, model: type[Row]) -> Iterator[Row]:
        yield from (row for row in self.rows.get(model, ()) if isinstance(row, model))


@cache
def ascii_letters(name: str) -> str:
    """Return the name for an address: « Le Bihan » → « lebihan », « Anne-Laure » → « anne-laure »."""
    return unicodedata.normalize("NFD", name.casefold()).encode("ascii", "ignore").decode().replace(" ", "")


def _finess(order: int) -> str:
    base = f"99{order:06}"
    return base + luhn.calc_check_digit(base)


def _rpps(order: int) -> str:
    """Return a well-formed number that no register gives: real ones do not begin with 99."""
    base = f"99{order:08}"
    return base + luhn.calc_check_digit(base)


def _landline(number: int) -> str:
    """Return a number of the range 02 61 91, kept for fiction by ARCEP."""
    return f"02 61 91 {number % 10_000 // 100:02} {number % 100:02}"


def _mobile(number: int) -> str:
    """Return a number of the range 06 39 98, kept for fiction by ARCEP."""
    return f"06 39 98 {number % 10_000 // 100:02} {number % 100:02}"
