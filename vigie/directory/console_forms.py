"""The shape of what administrators send about members. Rules are in `member_actions` and `invitations`."""

from collections.abc import Iterable, Mapping
from typing import Any, cast
from uuid import UUID

from django import forms
from django.http import QueryDict
from django.utils.translation import gettext_lazy as _

from vigie.directory.member_actions import LONGEST_FUNCTION, LONGEST_NAME
from vigie.directory.models import Role
from vigie.directory.people_file import normal, several

_ROLE_HELP = {
    Role.USER: _("déclare et suit ses propres incidents"),
    Role.REFERENT: _("voit et relance tous les incidents du site"),
    Role.AGENT: _("traite les incidents des guichets du site"),
    Role.PLANNER: _("publie les documents du site"),
    Role.EDITOR: _("écrit les articles et les annonces du site"),
    Role.ADMIN: _("gère les personnes du site ; ne lit pas les incidents pour autant"),
}
Choices = Iterable[tuple[str, Any]]


def role_choices(roles: Iterable[Role]) -> list[tuple[str, str]]:
    return [(role.value, f"{role.label} – {_ROLE_HELP[role]}" if role in _ROLE_HELP else str(role.label)) for role in roles]


def _boxes(label: Any, *, required: bool = False) -> forms.MultipleChoiceField:
    return forms.MultipleChoiceField(label=label, required=required, widget=forms.CheckboxSelectMultiple)


class IdentityForm(forms.Form):
    first_name = forms.CharField(label=_("Prénom"), max_length=LONGEST_NAME)
    last_name = forms.CharField(label=_("Nom"), max_length=LONGEST_NAME)
    function = forms.CharField(label=_("Fonction"), max_length=LONGEST_FUNCTION, required=False)


class RevisedIdentityForm(IdentityForm):
    revision = forms.IntegerField(widget=forms.HiddenInput, min_value=0)


class AccessForm(forms.Form):
    """Roles, services and habilitations together: they are saved, or refused, at once. What has no choice is not shown."""

    roles = _boxes(_("Rôles"))
    services = _boxes(_("Services"))
    habilitations = _boxes(_("Habilitations"))
    revision = forms.IntegerField(widget=forms.HiddenInput, min_value=0)

    def __init__(self, *args: Any, roles: Iterable[Role], services: Choices, habilitations: Choices, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        given = {"roles": role_choices(roles), "services": list(services), "habilitations": list(habilitations)}
        for name, choices in given.items():
            if choices:
                cast("forms.MultipleChoiceField", self.fields[name]).choices = choices
            else:
                del self.fields[name]


class InviteForm(IdentityForm):
    """A person to add (ACC-10)."""

    email = forms.EmailField(
        label=_("Adresse électronique"), max_length=254, help_text=_("L’invitation y est envoyée ; elle servira à se connecter.")
    )
    roles = _boxes(_("Rôles"), required=True)
    services = _boxes(_("Services"))
    practitioners = forms.CharField(
        label=_("Agit au nom de"),
        max_length=2_000,
        required=False,
        help_text=_("Médecins émetteurs du site, par leur nom ou leur numéro RPPS, séparés par des virgules."),
    )
    habilitations = _boxes(_("Habilitations"))
    field_order = ("email", "first_name", "last_name", "function", "roles", "services", "practitioners", "habilitations")

    def __init__(
        self,
        *args: Any,
        roles: Iterable[Role],
        services: Choices,
        habilitations: Choices,
        practitioners: Mapping[str, UUID],
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        cast("forms.MultipleChoiceField", self.fields["roles"]).choices = role_choices(roles)
        self.initial.setdefault("roles", [Role.USER.value])
        self._practitioners = practitioners
        if not practitioners:
            del self.fields["practitioners"]
        for name, choices in (("services", list(services)), ("habilitations", list(habilitations))):
            if choices:
                cast("forms.MultipleChoiceField", self.fields[name]).choices = choices
            else:
                del self.fields[name]

    def clean_practitioners(self) -> list[UUID]:
        named = several(self.cleaned_data["practitioners"], self._practitioners)
        if unknown := [one for one in named if normal(one) not in self._practitioners]:
            raise forms.ValidationError(
                _("Aucun médecin en exercice de ce site ne se nomme ainsi, ou plusieurs : %(names)s. Donnez son numéro RPPS."),
                params={"names": ", ".join(unknown)},
            )
        return [self._practitioners[normal(one)] for one in named]


def stated_before(form: type[forms.Form], typed: QueryDict | None) -> dict[str, Any] | None:
    """Return as first values of a form what had been sent to it."""
    if typed is None:
        return None
    return {
        name: typed.getlist(name) if isinstance(field, forms.MultipleChoiceField) else typed.get(name, "")
        for name, field in form.base_fields.items()
    }
