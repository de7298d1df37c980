"""The English catalogue of the interface's texts, and what Django reads of it.

Apart from the collection of texts (`messages`), because the package's build compiles catalogues where Django is not installed.
"""

from dataclasses import dataclass
from pathlib import Path

import polib

ROOT = Path(__file__).resolve().parents[1]
CATALOGUE = Path("locale/en/LC_MESSAGES/django.po")
COMPILED = Path("vigie/locale")
PLURALS = {"en": "nplurals=2; plural=(n != 1);", "fr": "nplurals=2; plural=(n > 1);"}


@dataclass(frozen=True, order=True)
class Message:
    """One text to translate, as gettext identifies it."""

    text: str
    plural: str | None = None
    context: str | None = None


def read_catalogue(root: Path = ROOT) -> dict[Message, polib.POEntry]:
    """Return the entries of the English catalogue by message."""
    path = root / CATALOGUE
    entries = polib.pofile(str(path)) if path.exists() else []
    return {Message(e.msgid, e.msgid_plural or None, e.msgctxt): e for e in entries if not e.obsolete}


def is_translated(entry: polib.POEntry) -> bool:
    """Tell whether a translation is complete and certain."""
    forms = entry.msgstr_plural.values() if entry.msgid_plural else [entry.msgstr]
    return bool(forms) and all(forms) and not entry.fuzzy


def compile_catalogues(root: Path = ROOT) -> list[Path]:
    """Write the catalogues that Django reads, English and French; return their paths.

    The French one holds plurals only: without it gettext would take the plural for zero, where French has the singular.
    """
    catalogues = {language: polib.POFile() for language in PLURALS}
    for language, catalogue in catalogues.items():
        catalogue.metadata = {
            "Language": language,
            "Content-Type": "text/plain; charset=UTF-8",
            "Plural-Forms": PLURALS[language],
        }
    for message, entry in read_catalogue(root).items():
        if is_translated(entry):
            catalogues["en"].append(entry)
        if message.plural:
            same = {0: message.text, 1: message.plural}
            catalogues["fr"].append(
                polib.POEntry(msgid=message.text, msgid_plural=message.plural, msgctxt=message.context, msgstr_plural=same)
            )
    written = []
    for language, catalogue in catalogues.items():
        path = root / COMPILED / language / "LC_MESSAGES" / "django.mo"
        path.parent.mkdir(parents=True, exist_ok=True)
        # Renamed into place: a server that starts meanwhile never reads half a file.
        temporary = path.with_suffix(".new")
        temporary.write_bytes(catalogue.to_binary())
        temporary.replace(path)
        written.append(path)
    return written
