"""E-mail addresses: the one form under which each is stored and compared, and what may be one."""

import unicodedata
from contextlib import suppress
from typing import Final

from django.core.exceptions import ValidationError
from django.core.validators import validate_email

from vigie.foundation.text import clean_line

_PUNYCODE: Final = "xn--"


def normal_email(address: str) -> str:
    """Return the one form of an address: NFKC, no case, nothing invisible, no white space around, its domain in letters.

    « hôpital.example » and « xn--hpital-ixa.example » are one domain, and must not make two persons.
    """
    text = clean_line(unicodedata.normalize("NFKC", address)).casefold()
    local, at, domain = text.rpartition("@")
    if not domain.isascii() or _PUNYCODE in domain:
        with suppress(UnicodeError):
            domain = domain.encode("idna").decode("idna")
    return f"{local}{at}{domain}"


def check_email(address: str) -> None:
    """Raise ValidationError unless mail can be sent to this address, which `normal_email` returned.

    Django's check ignores case, under which the dotless « ı » is an « i »: an address that looks like somebody else's.
    """
    validate_email(address)
    if not address.rpartition("@")[0].isascii():
        raise ValidationError("The part before the at sign holds a letter that mail servers do not take.", code="invalid")
