"""Names of files that are safe to show, to store and to save on any machine."""

import re
import unicodedata
from typing import Final

_LONGEST: Final = 120
_UNSAFE: Final = frozenset({"Cc", "Cf", "Co", "Cs", "Cn", "Zl", "Zp"})
_EXTENSION: Final = re.compile(r"\.[A-Za-z0-9]{1,5}$")
_RESERVED: Final = frozenset({"con", "prn", "aux", "nul", *(f"com{n}" for n in range(1, 10)), *(f"lpt{n}" for n in range(1, 10))})


def safe_name(given: str, *, extension: str) -> str:
    """Return the name without folders, control or bidirectional characters, with the extension of its true content."""
    name = unicodedata.normalize("NFC", given).replace("\\", "/").rsplit("/", 1)[-1]
    name = "".join("" if unicodedata.category(character) in _UNSAFE else character for character in name)
    name = re.sub(r'[<>:"|?*]', "_", re.sub(r"\s+", " ", name)).strip(" .")
    name = _EXTENSION.sub("", name).strip(" .")
    if name.casefold().endswith(f".{extension}"):
        name = name[: -len(extension) - 1].strip(" .")
    name = name[:_LONGEST].strip(" .")
    if not name or name.casefold() in _RESERVED:
        name = f"fichier {name}".strip()
    return f"{name}.{extension}"


def shown_name(given: str) -> str:
    """Return the name as it may be repeated to the person who gave it, whatever it was."""
    name = unicodedata.normalize("NFC", given).replace("\\", "/").rsplit("/", 1)[-1]
    name = "".join("" if unicodedata.category(character) in _UNSAFE else character for character in name).strip()
    return name[: _LONGEST - 1] + "…" if len(name) > _LONGEST else name or "?"
