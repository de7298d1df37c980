"""Names of files: shown, stored and saved without surprise."""

import pytest

from vigie.attachments.names import safe_name, shown_name


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("capture.png", "capture.png"),
        ("Capture d’écran 2026-11-22.PNG", "Capture d’écran 2026-11-22.png"),
        ("../../etc/passwd", "passwd.png"),
        ("C:\\Users\\camille\\photo.jpeg", "photo.png"),
        ("facture\u202egnp.exe", "facturegnp.png"),
        ("a\x00b\r\nc.png", "abc.png"),
        ("rapport.png.exe", "rapport.png"),
        ("", "fichier.png"),
        ("...", "fichier.png"),
        ("con.png", "fichier con.png"),
        ('a<b>"c|.png', "a_b__c_.png"),
        ("e\u0301cran.png", "écran.png"),
        ("x" * 500 + ".png", "x" * 120 + ".png"),
    ],
)
def test_a_name_is_made_safe_and_takes_the_extension_of_the_content(given: str, expected: str) -> None:
    assert safe_name(given, extension="png") == expected


def test_a_refused_name_is_repeated_without_control_characters() -> None:
    assert shown_name("/tmp/mo\u202et\x07if.exe") == "motif.exe"
    assert len(shown_name("x" * 500)) <= 120
