"""« Mes données »: everything held about a person, in one archive, for machines and for her (ACC-30, PLA-43)."""

import io
import json
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from django.conf import settings
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import get_language, gettext_lazy
from django.utils.translation import gettext as _

from vigie.accounts import letters
from vigie.accounts.models import User
from vigie.audit.actions import record_act
from vigie.directory.member_errands import working_for
from vigie.errands import kinds
from vigie.errands.kinds import Kind, Product, Task, Tell
from vigie.foundation.personal_data import Section, Value, sections
from vigie.ui import dates

EXPORT: Final = "account.data"
_STYLE: Final = Path(__file__).parent / "personal_data.css"


@dataclass(frozen=True, slots=True)
class Table:
    """One section, as the page of the archive shows it."""

    name: str
    title: str
    labels: list[str]
    rows: list[list[str]]


def register() -> None:
    kinds.register(
        EXPORT,
        Kind(
            title=gettext_lazy("Rassembler mes données"),
            said=lambda _count: _("Vos données sont rassemblées."),
            make=_make,
            after=_announce,
        ),
    )


def _make(task: Task, tell: Tell) -> Product:
    with working_for(task) as actor:
        user = actor.user
        # Written first: the archive tells of itself.
        record_act(
            actor, "account.data_exported", site_id=None, space_id=None, object_kind="account", object_id=user.pk, subject_id=user.pk
        )
        read: dict[str, tuple[Section, list[list[Value]]]] = {}
        for name, section in sections().items():
            read[name] = section, [list(row) for row in section.read(user)]
            tell(len(read))
        made_at = timezone.now()
        return Product(
            name=f"{_('vigie-mes-donnees')}-{timezone.localtime(made_at):%Y-%m-%d}.zip",
            media_type="application/zip",
            data=_archive(user, read, made_at),
            rows=len(read),
        )


def _archive(user: User, read: Mapping[str, tuple[Section, list[list[Value]]]], made_at: datetime) -> bytes:
    document = {
        "made_at": made_at.isoformat(),
        "account": str(user.pk),
        **{
            name: {"title": str(section.title), "rows": [dict(zip(section.columns, map(_machine, row), strict=True)) for row in rows]}
            for name, (section, rows) in read.items()
        },
    }
    tables = [
        Table(
            name, str(section.title), [str(label) for label in section.columns.values()], [[_written(cell) for cell in row] for row in rows]
        )
        for name, (section, rows) in read.items()
    ]
    page = render_to_string(
        "web/personal_data_archive.html",
        {"person": user.full_name, "tables": tables, "made_at": dates.exact(made_at), "language": get_language()},
    )
    output = io.BytesIO()
    with zipfile.ZipFile(output, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(_("mes-donnees.html"), page)
        archive.writestr("style.css", _STYLE.read_text(encoding="utf-8"))
        archive.writestr(_("mes-donnees.json"), json.dumps(document, ensure_ascii=False, indent=2))
    return output.getvalue()


def _announce(task: Task, _count: int) -> None:
    """Tell her by mail, in the transaction that keeps the file: if somebody else asked, she learns of it."""
    with working_for(task) as actor:
        url = settings.VIGIE_BASE_URL + reverse("errand", args=[task.errand_id])
        letters.post(actor.user, "account/email/data_ready", {"url": url})


def _machine(value: Value) -> Any:
    return value.isoformat() if isinstance(value, datetime) else value


def _written(value: Value) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return _("oui") if value else _("non")
    if isinstance(value, datetime):
        return dates.exact(value)
    if isinstance(value, str | int):
        return str(value)
    return ", ".join(value)
