"""What a page that shows sealed values tells its elements. `vigie/sealing` fills it; the kit knows no key."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class SealedPage:
    instance: str
    site: str
    ring_url: str
    """Where the browser reads public keys and wrapped data keys."""
    open_url: str
    """The page that opens this workstation, or opens it again after the lock."""
    alarm_url: str
    """Where the browser tells the journal what it refused."""
    idle_minutes: int = 15


@dataclass(frozen=True, slots=True)
class SealedField:
    """A control of a form whose text leaves the browser as ciphertext only (`ui/sealed_field.html`)."""

    name: str
    label: str
    scope: str
    record: str
    field: str
    token: str = ""
    """The stored value."""
    value: str = ""
    """What the form had when it came back, or a draft: ciphertext too. Empty for the stored value."""
    kind: str = "text"
    """The type of `<input>`, or `textarea`."""
    is_required: bool = False
    longest: int = 200
    hint: str = ""

    @property
    def id(self) -> str:
        return f"champ-{self.name}"

    @property
    def sent(self) -> str:
        return self.value or self.token
