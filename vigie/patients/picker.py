"""What a page needs to let somebody cite a patient of a register: other applications ask for it."""

from dataclasses import dataclass

from django.urls import reverse

from vigie.directory.actors import Actor
from vigie.patients.policies import access_register
from vigie.sealing.pages import scope_of, sealed_page
from vigie.ui.sealing import SealedPage


@dataclass(frozen=True, slots=True)
class RegisterPicker:
    """A register that this person opens (`patients/_picker.html`)."""

    url: str
    scope: str
    sealed_page: SealedPage | None
    """None where the site has no key: numbers are then typed."""


def register_picker(actor: Actor, number: str, *, back: str) -> RegisterPicker:
    site = access_register(actor, number).site
    return RegisterPicker(reverse("patients:batch", args=[number]), scope_of(site), sealed_page(site, back=back))
