"""The shape of what people send about incidents. Rules are in `actions`."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, cast
from uuid import UUID, uuid4

from django import forms
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from vigie.incidents.actions import LONGEST_SUBJECT, LONGEST_TEXT, MOST_FILES
from vigie.incidents.models import Kind, Status
from vigie.incidents.queries import FilingSite, desk_choices
from vigie.ui.forms import Choice, ChoiceCards, FileDrop, FilesField

EXTENSIONS = ("jpg", "png", "pdf", "docx", "doc", "xlsx", "xls")


class ContentForm(forms.Form):
    """A form whose double sending counts once: `submission` is made with the page."""

    submission = forms.UUIDField(widget=forms.HiddenInput, required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["submission"].initial = uuid4

    def clean_submission(self) -> UUID:
        return self.cleaned_data.get("submission") or uuid4()


def _files(max_bytes: int) -> FilesField:
    return FilesField(
        label=_("Fichiers"),
        required=False,
        widget=FileDrop(extensions=EXTENSIONS, max_bytes=max_bytes, max_files=MOST_FILES),
    )


def _message(label: Any, *, rows: int = 5, required: bool = True, placeholder: Any = "") -> forms.CharField:
    return forms.CharField(
        label=label,
        required=required,
        max_length=LONGEST_TEXT,
        strip=False,
        widget=forms.Textarea(attrs={"rows": rows, "placeholder": placeholder}),
    )


class FilingForm(ContentForm):
    """The declaration (INC-1). Category and priority belong to the solution's desk, so they follow its choice."""

    site = forms.ChoiceField(label=_("Site concerné"))
    solution = forms.ChoiceField(label=_("Solution concernée"))
    kind = forms.ChoiceField(label=_("Nature"), widget=ChoiceCards, initial=Kind.INCIDENT)
    priority = forms.ChoiceField(label=_("Priorité"), widget=ChoiceCards)
    category = forms.ChoiceField(label=_("Catégorie"), required=False)
    subject = forms.CharField(
        label=_("Objet"),
        max_length=LONGEST_SUBJECT,
        strip=False,
        help_text=_("Une phrase qui résume le problème, sans nom de patient."),
    )
    description = _message(
        _("Description"),
        rows=8,
        placeholder=_("Ce que vous faisiez, ce qui s’est passé, depuis quand, qui est gêné…"),
    )
    patients = forms.CharField(
        label=_("Patients concernés"),
        max_length=200,
        required=False,
        help_text=_("Leurs numéros dans le registre de votre site, séparés par des virgules. Jamais de nom."),
        widget=forms.TextInput(attrs={"inputmode": "numeric", "autocomplete": "off"}),
    )
    contact_name = forms.CharField(label=_("Personne à contacter"), max_length=165, required=False)
    contact_phone = forms.CharField(label=_("Téléphone"), max_length=30, required=False)
    notify_requester = forms.BooleanField(label=_("Informez-moi des suites données"), required=False, initial=True)
    filed_after = forms.UUIDField(widget=forms.HiddenInput, required=False)

    def __init__(
        self, *args: Any, sites: list[FilingSite], registers: Mapping[UUID, str], file_limit: int, address: str, **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self.sites = sites
        self.fields["files"] = _files(file_limit)
        self.fields["files"].help_text = _("Masquez toute donnée de patient avant de joindre une capture d’écran.")
        self.fields["notify_requester"].help_text = _("Par courriel à %(address)s") % {"address": address}
        self._field("site").choices = [(str(site.id), site.name) for site in sites]
        self._field("kind").choices = [
            (Kind.INCIDENT, Choice(_("Incident"), _("Quelque chose ne fonctionne pas ou plus."))),
            (Kind.REQUEST, Choice(_("Demande"), _("J’ai besoin de quelque chose : un accès, un réglage, une information."))),
        ]
        site = self._chosen_site()
        if len(sites) == 1:
            self.fields["site"].widget = forms.HiddenInput()
            self.initial["site"] = str(sites[0].id)
        self.opens_registers = bool(registers)
        self.register_number = registers.get(site.id, "") if site else ""
        """Number of the site, when she may open its patient register."""
        if not self.register_number:
            del self.fields["patients"]
        self._field("solution").choices = self._solutions(site)
        self.desk_id = self._chosen_desk(site)
        if self.desk_id is None:
            for name in ("priority", "category"):
                self._field(name).choices = []
            return
        priorities, categories = desk_choices(self.desk_id)
        self._field("priority").choices = [
            (str(priority.id), Choice(priority.name, priority.definition, priority.tone)) for priority in priorities
        ]
        self._field("category").choices = [("", _("Je ne sais pas"))] + [(str(category.id), category.name) for category in categories]

    def clean_patients(self) -> tuple[int, ...]:
        """Read « 12, #15 »; each number once, in the order in which they were written."""
        words = self.cleaned_data["patients"].replace("#", " ").replace(",", " ").replace(";", " ").split()
        if not all(word.isdecimal() and len(word) < 10 for word in words):
            raise forms.ValidationError(_("Donnez seulement des numéros de référence, séparés par des virgules : 12, 15."))
        return tuple(dict.fromkeys(map(int, words)))

    @property
    def site_name(self) -> str:
        """The one site of somebody who has no choice."""
        return self.sites[0].name if len(self.sites) == 1 else ""

    def _chosen_site(self) -> FilingSite | None:
        wanted = self._given("site")
        if len(self.sites) == 1:
            return self.sites[0]
        return next((site for site in self.sites if str(site.id) == wanted), None)

    def _chosen_desk(self, site: FilingSite | None) -> UUID | None:
        wanted = self._given("solution")
        if site is None:
            return None
        if len(site.solutions) == 1:
            return site.solutions[0][2]
        return next((desk for solution, _name, desk, _desk_name in site.solutions if str(solution) == wanted), None)

    @staticmethod
    def _solutions(site: FilingSite | None) -> list[Any]:
        if site is None:
            return [("", _("Choisissez d’abord le site"))]
        desks: dict[str, list[tuple[str, str]]] = {}
        for solution, name, _desk, desk_name in site.solutions:
            desks.setdefault(desk_name, []).append((str(solution), name))
        if len(site.solutions) == 1:
            return next(iter(desks.values()))
        return [("", _("Choisissez…")), *desks.items()]

    def _given(self, name: str) -> str:
        return str(self.data.get(name, "") if self.is_bound else self.initial.get(name, ""))

    def _field(self, name: str) -> forms.ChoiceField:
        return cast("forms.ChoiceField", self.fields[name])


class SeenForm(ContentForm):
    """A form of the record's page: it says what its author had read."""

    seen = forms.IntegerField(widget=forms.HiddenInput, required=False, min_value=0)
    revision = forms.IntegerField(widget=forms.HiddenInput, required=False, min_value=0)


class MessageForm(SeenForm):
    body = _message(_("Votre message"), required=False)

    def __init__(self, *args: Any, file_limit: int, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["files"] = _files(file_limit)


class NoteForm(SeenForm):
    body = _message(_("Note interne"), required=False)
    minutes = forms.IntegerField(label=_("Temps passé (minutes)"), required=False, min_value=0, max_value=6000)

    def __init__(self, *args: Any, file_limit: int, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["files"] = _files(file_limit)


class ReasonForm(SeenForm):
    """A closing, a refusal, a reopening: a text that the action asks for or not."""

    body = _message(_("Pourquoi ?"), rows=3, required=False)


class AssignForm(SeenForm):
    assignee = forms.ChoiceField(label=_("Technicien"), required=False)
    team = forms.ChoiceField(label=_("Groupe"), required=False)

    def __init__(self, *args: Any, technicians: Any, teams: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name, choices in (("assignee", technicians), ("team", teams)):
            cast("forms.ChoiceField", self.fields[name]).choices = [("", _("Personne") if name == "assignee" else _("Aucun groupe"))] + [
                (str(value), label) for value, label in choices
            ]


class PlanForm(SeenForm):
    day = forms.DateField(label=_("Date"), widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"))
    hour = forms.TimeField(label=_("Heure"), widget=forms.TimeInput(attrs={"type": "time"}, format="%H:%M"))
    minutes = forms.IntegerField(label=_("Durée prévue (minutes)"), required=False, min_value=5, max_value=14_400)
    body = _message(_("Message au demandeur"), rows=3, required=False)

    @property
    def moment(self) -> datetime:
        """The moment, in the time zone of the person who plans."""
        return timezone.make_aware(datetime.combine(self.cleaned_data["day"], self.cleaned_data["hour"]))


class StatusForm(SeenForm):
    status = forms.ChoiceField(label=_("Statut"), choices=[(Status.WAITING, Status.WAITING.label)])
    body = _message(_("Message au demandeur"), rows=4, required=False)

    def __init__(self, *args: Any, statuses: list[Status], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        cast("forms.ChoiceField", self.fields["status"]).choices = [(status, status.label) for status in statuses]


class ObserverForm(forms.Form):
    email = forms.EmailField(label=_("Adresse électronique du collègue"), max_length=254)
