"""The identity providers of an instance, read from the TOML file named by `VIGIE_OIDC_PROVIDERS`.

Knows neither Django nor the database: `vigie.config.environment` calls it before anything else starts.
"""

import re
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

EIDAS: Final = ("eidas1", "eidas2", "eidas3")
_LOOPBACK: Final = frozenset({"localhost", "127.0.0.1", "::1"})
_LONGEST_ISSUER: Final = 200
_KEYS: Final = frozenset(
    {
        "name",
        "issuer",
        "discovery_url",
        "client_id",
        "client_secret",
        "scopes",
        "token_auth_method",
        "acr_levels",
        "required_acr",
        "two_factors_acr",
        "identifier_claim",
        "trusts_email",
    }
)
_REQUIRED: Final = ("name", "issuer", "client_id", "client_secret")
_ADDRESS: Final = "must begin with https:// and hold neither query nor fragment"
_AUTH_METHODS: Final = ("client_secret_basic", "client_secret_post")


@dataclass(frozen=True, kw_only=True)
class OpenIDProvider:
    """One identity provider, as configured. What it asserts is believed as far as this says."""

    slug: str
    """Names it in our addresses."""
    name: str
    """What people read on the button."""
    issuer: str
    """Pinned: neither the discovery document nor a token may name another."""
    client_id: str
    client_secret: str = field(repr=False)
    discovery_url: str
    scopes: tuple[str, ...] = ("openid", "profile", "email")
    token_auth_method: str = "client_secret_basic"  # noqa: S105 - the name of a method, not a secret.
    acr_levels: tuple[str, ...] = EIDAS
    """Weakest first."""
    required_acr: str | None = None
    two_factors_acr: str | None = "eidas2"
    """From this level on, the provider's sign-in counts as two factors; None: never."""
    identifier_claim: str | None = None
    """The claim that holds the professional's national identifier (RPPS), for providers that vouch for it."""
    trusts_email: bool = True
    """Whether an address that it says it has verified finds an account."""

    def reaches(self, acr: object, level: str) -> bool:
        """Tell whether an `acr` is at least this level. One that is not in the list reaches nothing."""
        return isinstance(acr, str) and acr in self.acr_levels and self.acr_levels.index(acr) >= self.acr_levels.index(level)

    def states_two_factors(self, acr: object) -> bool:
        """Tell whether this `acr` says that two factors were shown."""
        return self.two_factors_acr is not None and self.reaches(acr, self.two_factors_acr)


def read_providers(path: Path, *, may_be_plain: bool) -> tuple[tuple[OpenIDProvider, ...], list[str]]:
    """Return the providers of a file, and what is wrong with it. Problems never quote a value: one of them is a secret.

    `may_be_plain`: providers on this machine may be reached without TLS (demonstration and tests).
    """
    try:
        tables = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        return (), [f"cannot be read: {error.strerror}"]
    except (tomllib.TOMLDecodeError, UnicodeDecodeError):
        return (), ["is not a TOML file: each provider is a table such as [pro-sante-connect]"]
    providers, problems = [], []
    for slug, table in tables.items():
        wrong = _problems_of(slug, table, may_be_plain=may_be_plain)
        problems += [f"[{slug}] {problem}" for problem in wrong]
        if not wrong:
            providers.append(_provider(slug, table))
    issuers = [provider.issuer for provider in providers]
    if len(set(issuers)) < len(issuers):
        problems.append("names the same issuer twice: subjects would be confused")
    return tuple(providers), problems


def _problems_of(slug: str, table: object, *, may_be_plain: bool) -> list[str]:
    if not isinstance(table, dict):
        return ["must be a table"]
    levels = table.get("acr_levels", list(EIDAS))

    def is_level(value: object) -> bool:
        return value == "" or (isinstance(levels, list) and value in levels)

    checks: list[tuple[str, Callable[[Any], bool], str]] = [
        *((key, _is_text, "is required") for key in _REQUIRED),
        *((key, lambda value: _is_safe(value, may_be_plain=may_be_plain), _ADDRESS) for key in ("issuer", "discovery_url")),
        ("issuer", lambda value: len(str(value)) <= _LONGEST_ISSUER, f"must not exceed {_LONGEST_ISSUER} characters"),
        *((key, _is_list, "must be a list of texts") for key in ("scopes", "acr_levels")),
        ("scopes", lambda value: isinstance(value, list) and "openid" in value, "must hold openid"),
        ("token_auth_method", lambda value: value in _AUTH_METHODS, f"must be one of {', '.join(_AUTH_METHODS)}"),
        *((key, is_level, "must be one of acr_levels") for key in ("required_acr", "two_factors_acr")),
        ("identifier_claim", lambda value: isinstance(value, str), "must be the name of a claim"),
        ("trusts_email", lambda value: isinstance(value, bool), "must be true or false"),
    ]
    problems = [f"{key} is not a known setting" for key in sorted(set(table) - _KEYS)]
    problems += [f"{key} is required" for key in _REQUIRED if key not in table]
    problems += [f"{key} {said}" for key, is_right, said in checks if key in table and not is_right(table[key])]
    if not re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", slug):
        problems.append("must be named with small letters, digits and hyphens")
    return problems


def _is_text(value: object) -> bool:
    return isinstance(value, str) and bool(value.strip())


def _is_list(value: object) -> bool:
    return isinstance(value, list) and bool(value) and all(_is_text(item) for item in value)


def _is_safe(value: object, *, may_be_plain: bool) -> bool:
    return isinstance(value, str) and is_safe_address(value, may_be_plain=may_be_plain)


def _provider(slug: str, table: Mapping[str, Any]) -> OpenIDProvider:
    levels = tuple(table.get("acr_levels", EIDAS))
    default_two_factors = "eidas2" if "eidas2" in levels else None
    return OpenIDProvider(
        slug=slug,
        name=table["name"].strip(),
        issuer=table["issuer"],
        client_id=table["client_id"],
        client_secret=table["client_secret"],
        discovery_url=table.get("discovery_url") or f"{table['issuer'].rstrip('/')}/.well-known/openid-configuration",
        scopes=tuple(table.get("scopes", ("openid", "profile", "email"))),
        token_auth_method=table.get("token_auth_method", _AUTH_METHODS[0]),
        acr_levels=levels,
        required_acr=table.get("required_acr") or None,
        two_factors_acr=(table["two_factors_acr"] or None) if "two_factors_acr" in table else default_two_factors,
        identifier_claim=table.get("identifier_claim") or None,
        trusts_email=table.get("trusts_email", True),
    )


def is_safe_address(address: str, *, may_be_plain: bool) -> bool:
    """Tell whether secrets may go to this address: TLS, or this very machine where that is allowed."""
    try:
        parts = urlsplit(address)
        host = parts.hostname
    except ValueError:
        return False
    if not host or parts.query or parts.fragment or parts.username:
        return False
    return parts.scheme == "https" or (may_be_plain and parts.scheme == "http" and host in _LOOPBACK)
