"""What `/kit/` shows: every component in every state. No row is read, no rule is known here."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django import forms
from django.utils import timezone

from vigie.ui.forms import Choice, ChoiceCards, FileDrop, FilesField
from vigie.ui.sealing import SealedField
from vigie.ui.shell import NavItem, Shell, SiteChoice

LONG = (
    "Impossible d’imprimer les bracelets d’identification depuis le poste d’accueil des urgences pédiatriques après la "
    "mise à jour de nuit ; le message « file d’attente_indisponible-0x00000709-PRT_BRACELET_URG_PED_03 » s’affiche"
)
LONG_PLACE = "Hôpital intercommunal du Haut-Anjou et du Pays de Retz · Urgences pédiatriques"


@dataclass(frozen=True, slots=True)
class Row:
    number: str
    title: str
    place: str
    priority: str
    tone: str
    status: str
    assignee: str
    changed: datetime
    is_unread: bool = False


@dataclass(frozen=True, slots=True)
class Tab:
    label: str
    url: str
    current: bool = False
    count: int | None = None


@dataclass(frozen=True, slots=True)
class ActiveFilter:
    label: str
    remove_url: str


class SampleForm(forms.Form):
    """Every kind of field."""

    site = forms.ChoiceField(
        label="Site concerné", choices=[("1", "CHU Nord"), ("2", "Clinique Saint-Luc")], help_text="Vos sites seulement."
    )
    kind = forms.ChoiceField(label="Nature", choices=[("incident", "Incident"), ("request", "Demande")], widget=forms.RadioSelect)
    priority = forms.ChoiceField(
        label="Priorité",
        widget=ChoiceCards,
        choices=[
            ("1", Choice("Bloquant", "Une fonction est inutilisable, mais la structure fonctionne encore.", "critical")),
            ("2", Choice("Urgent", "Une fonction marche mal, mais reste utilisable en mode dégradé.", "major")),
            ("3", Choice("Important", "Un groupe restreint de cas est touché.", "moderate")),
        ],
    )
    subject = forms.CharField(label="Objet", max_length=200)
    description = forms.CharField(
        label="Description",
        widget=forms.Textarea(attrs={"rows": 5}),
        help_text="Ce que vous faisiez, ce qui s’est passé, depuis quand. Aucun nom de patient.",
    )
    files = FilesField(  # type: ignore[assignment]  # the stubs take the name for the form's own files
        label="Pièces jointes",
        required=False,
        widget=FileDrop(extensions=("jpg", "png", "pdf", "docx", "xlsx"), max_bytes=10 * 1024 * 1024, max_files=5),
    )
    due = forms.DateField(label="Souhaité pour le", required=False, widget=forms.DateInput(attrs={"type": "date"}))
    follow = forms.BooleanField(
        label="Informez-moi des suites données", required=False, initial=True, help_text="À claire.moreau@chu-nord.example"
    )


# Nobody holds the key of these: on this page they stay closed.
SEALED_SCOPE = "dat:01a215ec-7b46-7b15-a488-753918b6cbd5"
SEALED_RECORD = "patient:01a215ec-7e25-74f9-b25e-7f8061c9a2e2"
SEALED_VALUE = (
    "s1.1.01a215ec-7e25-7029-aa4f-b3fe7ac75dcf.VmfadcrOBEEmmMlc.d89JuR7rCnmRVxjsOFhuzAx6Z7Pdmzvvn6CynmPOKaU.f3iCabSP3u8GdUznV_4BGg"
)


def rows(now: datetime) -> list[Row]:
    sample = [
        ("Imprimante à bracelets hors service – SAU", "CHU Nord · Urgences", "Bloquant", "critical", "new", "", 3, True),
        ("Accès refusé au dossier patient", "SAMU 44 · Régulation", "Urgent", "major", "assigned", "Ahmed Benali", 10, True),
        ("Écran de régulation figé", "Clinique Saint-Luc · Régulation", "Urgent", "major", "planned", "Julie Le Goff", 17, False),
        ("Ouverture de compte – interne urgences", "CHU Nord · Urgences", "Important", "moderate", "waiting", "Claire Moreau", 95, False),
        (LONG, LONG_PLACE, "Moyenne", "minor", "resolved", "Jean-Baptiste de La Roche-Guyon", 60 * 26, False),
        ("Demande de lot de 50 bracelets QR", "CHU Nord · Urgences", "Basse", "low", "closed", "Ahmed Benali", 60 * 24 * 40, False),
    ]  # fmt: skip
    return [
        Row(f"INC-2026-{1042 - index:06}", title, place, priority, tone, status, who, now - timedelta(minutes=age), unread)
        for index, (title, place, priority, tone, status, who, age, unread) in enumerate(sample)
    ]


def shell() -> Shell:
    return Shell(
        user_name="Claire Moreau",
        user_email="claire.moreau@chu-nord.example",
        initials="CM",
        navigation=(
            NavItem("Accueil", "/", "home"),
            NavItem("Incidents et demandes", "#", "ticket", badge=12),
            NavItem("Composants", "/kit/", "components", active=True),
            NavItem("Administration", "#", "settings"),
        ),
        sites=(SiteChoice("1", "CHU Nord", current=True), SiteChoice("2", "Clinique Saint-Luc"), SiteChoice("3", LONG)),
        waiting_count=3,
        waiting_url="#",
        search_url="/kit/",
        site_url="/kit/",
        language_url="/kit/",
        help_url="#",
        profile_url="#",
        security_url="#",
        sign_out_url="/kit/",
        banner="Démonstration : les données sont inventées et remises à zéro chaque nuit.",
    )


def context() -> dict[str, Any]:
    now = timezone.now()
    wrong = SampleForm({"subject": "x" * 201, "kind": "incident"})
    wrong.is_valid()
    return {
        "shell": shell(),
        "crumbs": [("Accueil", "/"), ("Composants", "")],
        "now": now,
        "rows": rows(now),
        "long": LONG,
        "statuses": ["new", "assigned", "planned", "waiting", "resolved", "closed"],
        "priorities": [
            ("Bloquant", "critical"), ("Urgent", "major"), ("Important", "moderate"), ("Basse", "minor"), ("Très basse", "low"),
        ],
        "severities": ["ua", "ur", "imp", "dcd", "nc"],
        "tones": ["info", "success", "warning", "danger", "neutral"],
        "people": ["Claire Moreau", "Ahmed Benali", "Julie Le Goff", "Nadia Haddad", "Paul Ndiaye", "Zoé Martin", ""],
        "moments": [now - timedelta(**{unit: amount}) for unit, amount in
                    (("seconds", 5), ("minutes", 3), ("hours", 5), ("days", 1), ("days", 3), ("days", 40), ("days", 900))],
        "form": SampleForm(),
        "wrong_form": wrong,
        "tabs": [
            Tab("Mes incidents", "#", current=True, count=8),
            Tab("Que je suis", "#", count=3),
            *(Tab(label, "#") for label in ("À mes sites", "Résolus", "Fermés", "Tous")),
        ],
        "filters": [ActiveFilter("Ouverts", "#"), ActiveFilter("CHU Nord", "#")],
        "columns": range(6),
        "sealed": [(f"P-{number:06}", SEALED_RECORD, SEALED_VALUE) for number in (1, 2, 3)],
        "sealed_scope": SEALED_SCOPE,
        "sealed_page": None,
        "sealed_fields": [
            SealedField("family_name", "Nom", SEALED_SCOPE, SEALED_RECORD, "family_name", token=SEALED_VALUE, is_required=True),
            SealedField("birth_date", "Date de naissance", SEALED_SCOPE, SEALED_RECORD, "birth_date", kind="date"),
        ],
    }  # fmt: skip


class SignInSample(forms.Form):
    email = forms.EmailField(label="Adresse électronique", widget=forms.EmailInput(attrs={"autocomplete": "username"}))
    password = forms.CharField(label="Mot de passe", widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}))
