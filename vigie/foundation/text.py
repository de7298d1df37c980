"""Text typed by people, made safe to store and to show."""

import unicodedata

# They reorder or hide what follows them: the reader would see something else than what is stored.
_DECEIVING = frozenset(
    chr(code) for code in (*range(0x202A, 0x202F), *range(0x2066, 0x206A), 0x200B, 0x200E, 0x200F, 0x061C, 0x2060, 0xFEFF)
)
_CONTROLS = frozenset({"Cc", "Co", "Cs", "Zl", "Zp"})


def clean_text(value: str) -> str:
    """Return the text without control, bidirectional and invisible characters; its lines end with a line feed."""
    unified = value.replace("\r\n", "\n").replace("\r", "\n")
    return "".join(
        character
        for character in unified
        if character in "\n\t" or (character not in _DECEIVING and unicodedata.category(character) not in _CONTROLS)
    ).strip()


def clean_line(value: str) -> str:
    """Return the text on one line, each run of white space made one space."""
    return " ".join(clean_text(value).split())
