"""A territory for tests, as small as each needs. To be used inside `as_maintenance()`."""

from datetime import timedelta
from typing import Any

import factory
from django.utils import timezone
from factory.django import DjangoModelFactory
from stdnum import luhn

from vigie.accounts.models import User
from vigie.accounts.tests.factories import UserFactory
from vigie.directory.models import (
    Desk,
    Membership,
    Practitioner,
    Role,
    Service,
    Site,
    SiteKind,
    SiteSolution,
    Solution,
    Space,
    SupportGrant,
    Team,
    TeamMember,
)


class SpaceFactory(DjangoModelFactory[Space]):
    class Meta:
        model = Space

    name = factory.Sequence(lambda n: f"Espace {n}")
    slug = factory.Sequence(lambda n: f"espace-{n}")


class SiteFactory(DjangoModelFactory[Site]):
    class Meta:
        model = Site

    space = factory.SubFactory(SpaceFactory)
    name = factory.Sequence(lambda n: f"CH du Bourg-{n}")
    kind = SiteKind.HOSPITAL
    number = factory.Sequence(lambda n: f"S{n:05}")


class ServiceFactory(DjangoModelFactory[Service]):
    class Meta:
        model = Service

    site = factory.SubFactory(SiteFactory)
    name = factory.Sequence(lambda n: f"Service {n}")


def rpps(order: int) -> str:
    """Return a well-formed number that no register gives: real ones do not begin with 99."""
    base = f"99{order:08}"
    return base + str(luhn.calc_check_digit(base))


class PractitionerFactory(DjangoModelFactory[Practitioner]):
    class Meta:
        model = Practitioner

    site = factory.SubFactory(SiteFactory)
    rpps = factory.Sequence(rpps)
    title = "Dr"
    first_name = factory.Sequence(lambda n: f"Prénom {n}")
    last_name = factory.Sequence(lambda n: f"Médecin {n}")


class MembershipFactory(DjangoModelFactory[Membership]):
    class Meta:
        model = Membership

    user = factory.SubFactory(UserFactory)
    site = factory.SubFactory(SiteFactory)
    email = factory.SelfAttribute("user.email")
    first_name = factory.SelfAttribute("user.first_name")
    last_name = factory.SelfAttribute("user.last_name")
    accepted_at = factory.LazyFunction(timezone.now)
    activated_at = factory.SelfAttribute("accepted_at")
    roles = factory.LazyFunction(lambda: [Role.USER.value])


class SupportGrantFactory(DjangoModelFactory[SupportGrant]):
    """A grant in force for eight hours, by an administrator of the supported site. The database writes the names."""

    class Meta:
        model = SupportGrant

    site = factory.SubFactory(SiteFactory)
    support_site = factory.SubFactory(SiteFactory, kind=SiteKind.SUPPORT)
    purpose = "troubleshooting"
    capabilities = factory.LazyFunction(lambda: ["users.read", "users.write"])
    granted_by = factory.LazyAttribute(lambda grant: member(grant.site, Role.ADMIN))
    granted_by_name = factory.SelfAttribute("granted_by.full_name")
    granted_at = factory.LazyFunction(timezone.now)
    expires_at = factory.LazyAttribute(lambda grant: grant.granted_at + timedelta(hours=8))


class BareDeskFactory(DjangoModelFactory[Desk]):
    """A desk without priorities or categories: those belong to `vigie.incidents.tests.factories.BareDeskFactory`."""

    class Meta:
        model = Desk

    site = factory.SubFactory(SiteFactory, kind=SiteKind.VENDOR)
    name = factory.Sequence(lambda n: f"Guichet {n}")
    slug = factory.Sequence(lambda n: f"guichet-{n}")
    always_open = True


class TeamFactory(DjangoModelFactory[Team]):
    """`members=[technician]` puts people in the group."""

    class Meta:
        model = Team
        skip_postgeneration_save = True

    desk = factory.SubFactory(BareDeskFactory)
    name = factory.Sequence(lambda n: f"Groupe {n}")

    @factory.post_generation
    def members(self: Team, create: bool, extracted: list[User] | None, **kwargs: Any) -> None:  # noqa: FBT001
        if create:
            for user in extracted or ():
                TeamMember.objects.create(desk=self.desk, team=self, user=user)


class SolutionFactory(DjangoModelFactory[Solution]):
    """`used_by=[site]` links sites to the product, so that their people may file to its desk."""

    class Meta:
        model = Solution
        skip_postgeneration_save = True

    desk = factory.SubFactory(BareDeskFactory)
    name = factory.Sequence(lambda n: f"Solution {n}")

    @factory.post_generation
    def used_by(self: Solution, create: bool, extracted: list[Site] | None, **kwargs: Any) -> None:  # noqa: FBT001
        if create:
            for site in extracted or ():
                SiteSolution.objects.create(site=site, desk=self.desk, solution=self)


def member(site: Site, *roles: Role, **fields: Any) -> User:
    """Return a new person of this site, a plain user unless roles are given; `fields` are those of `UserFactory`."""
    user: User = UserFactory.create(**fields)
    MembershipFactory.create(user=user, site=site, roles=[role.value for role in roles or (Role.USER,)])
    return user


def technician(desk: Desk, **fields: Any) -> User:
    """Return a new technician of this desk."""
    return member(desk.site, Role.AGENT, **fields)
