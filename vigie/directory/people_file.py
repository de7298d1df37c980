"""A file of people, as administrators' spreadsheets write them: which columns it has, and what each line says (ACC-10).

It reads text and nothing else: what the lines mean in a site is `people_import`'s.
"""

import csv
import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from vigie.foundation.errors import DomainError

MOST_BYTES: Final = 5 * 1024 * 1024
MOST_LINES: Final = 20_000
_LONGEST_CELL: Final = 2_000
_MOST_COLUMNS: Final = 60
_DELIMITERS: Final = ";,\t"
_ESCAPED_FORMULA: Final = ("'=", "'+", "'-", "'@")

COLUMNS: Final[Mapping[str, str | Promise]] = {
    "email": _("Adresse électronique"),
    "last_name": _("Nom"),
    "first_name": _("Prénom"),
    "function": _("Fonction"),
    "roles": _("Rôles"),
    "services": _("Services"),
    "practitioners": _("RPPS"),
    "habilitations": _("Habilitations"),
}
REQUIRED: Final = ("email", "last_name", "first_name")
_NAMES: Final[Mapping[str, str]] = {
    name: field
    for field, names in {
        "email": "adresseelectronique adressemail adressecourriel courriel mail email emailaddress address adresse",
        "last_name": "nom nomdefamille nomusuel lastname familyname surname name",
        "first_name": "prenom prenoms firstname givenname",
        "function": "fonction poste metier function jobtitle job title",
        "roles": "roles role profil profils profile profiles",
        "services": "services service unite unites unit units ward wards",
        "practitioners": "rpps numerorpps medecin medecins medecinsemetteurs praticien praticiens practitioner practitioners",
        "habilitations": "habilitations habilitation clearances clearance",
    }.items()
    for name in names.split()
}


class UnreadableFile(DomainError):
    """The whole file is refused; the text says what to do."""

    status = 422


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the file: its number, as spreadsheets and editors count, and its cells."""

    number: int
    cells: Sequence[str]


@dataclass(frozen=True, slots=True)
class PeopleFile:
    header: Sequence[str]
    lines: Sequence[Line]


def decoded(data: bytes) -> str:
    """Return the text of a file, in UTF-8 or as Windows writes it. Raises UnreadableFile."""
    if len(data) > MOST_BYTES:
        raise UnreadableFile(_("Ce fichier dépasse 5 Mo. Partagez-le en plusieurs fichiers."))
    if data.startswith((b"PK\x03\x04", b"\xd0\xcf\x11\xe0")):
        raise UnreadableFile(
            _("C’est un classeur. Dans le tableur, choisissez « Enregistrer sous », puis le format CSV, et envoyez ce fichier-là.")
        )
    for encoding in ("utf-16",) if data.startswith((b"\xff\xfe", b"\xfe\xff")) else ("utf-8-sig", "cp1252"):
        try:
            text = data.decode(encoding)
        except UnicodeDecodeError:
            continue
        if "\0" not in text:
            return text
    raise UnreadableFile(_("Ce fichier n’est pas un texte lisible. Enregistrez-le au format CSV, en UTF-8."))


def read(text: str) -> PeopleFile:
    """Return the lines of a file, whatever separates its columns. Raises UnreadableFile."""
    first = text.lstrip("\n\r").partition("\n")[0]
    delimiter = max(_DELIMITERS, key=first.count)
    reader = csv.reader(text.splitlines(keepends=True), delimiter=delimiter, strict=True)
    header: list[str] | None = None
    lines: list[Line] = []
    while True:
        start = reader.line_num + 1
        try:
            cells = next(reader)
        except StopIteration:
            break
        except csv.Error as error:
            raise UnreadableFile(
                _("La ligne %(line)s a un guillemet mal fermé : la suite du fichier ne peut pas être lue.") % {"line": start}
            ) from error
        if not any(cell.strip() for cell in cells):
            continue
        if header is None:
            header = [" ".join(cell.split())[:80] for cell in cells[:_MOST_COLUMNS]]
            continue
        if len(lines) == MOST_LINES:
            raise UnreadableFile(
                _("Ce fichier a plus de %(most)s lignes. Partagez-le en plusieurs fichiers.")
                % {"most": f"{MOST_LINES:_}".replace("_", "\u202f")}
            )
        lines.append(Line(start, [_clean(cell) for cell in cells[:_MOST_COLUMNS]]))
    if header is None or not lines:
        raise UnreadableFile(_("Ce fichier ne contient personne : il faut une ligne de titres, puis une ligne par personne."))
    return PeopleFile(header, lines)


def guessed_columns(header: Sequence[str]) -> dict[str, int]:
    """Return where each field is, from the titles of the columns, in French or in English."""
    found: dict[str, int] = {}
    for position, title in enumerate(header):
        field = _NAMES.get(normal(title).replace(" ", ""))
        if field is not None:
            found.setdefault(field, position)
    return found


def values_of(line: Line, columns: Mapping[str, int]) -> dict[str, str]:
    """Return what a line says, by field; a column that the line has not is empty."""
    return {field: line.cells[at] if (at := columns.get(field, -1)) in range(len(line.cells)) else "" for field in COLUMNS}


def several(cell: str, known: Iterable[str]) -> list[str]:
    """Return the names that a cell holds. One that has a comma in it is known as it is."""
    if not cell:
        return []
    if normal(cell) in known:
        return [cell]
    return [name for part in re.split(r"[|;,\n]", cell) if (name := part.strip())]


def normal(name: str) -> str:
    """Return a name as it is compared: without case, accents, punctuation or spaces around."""
    plain = unicodedata.normalize("NFKD", name.casefold())
    return " ".join(re.sub(r"[^\w]+", " ", "".join(one for one in plain if not unicodedata.combining(one))).replace("_", " ").split())


def _clean(cell: str) -> str:
    text = cell.strip()[:_LONGEST_CELL]
    # Our own exports disarm formulas with an apostrophe.
    return text[1:] if text.startswith(_ESCAPED_FORMULA) else text
