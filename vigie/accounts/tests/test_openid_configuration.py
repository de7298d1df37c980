"""The file of identity providers is understood, or refused with every reason and no secret (ACC-2)."""

from pathlib import Path

import pytest

from vigie.accounts.openid.configuration import OpenIDProvider, read_providers

GOOD = """
[pro-sante-connect]
name = "Pro Santé Connect"
issuer = "https://psc.example/realms/wallet"
client_id = "vigie"
client_secret = "very-secret-value"
required_acr = "eidas1"
"""


def read(tmp_path: Path, text: str, *, may_be_plain: bool = False) -> tuple[tuple[OpenIDProvider, ...], list[str]]:
    path = tmp_path / "providers.toml"
    path.write_text(text, encoding="utf-8")
    return read_providers(path, may_be_plain=may_be_plain)


def test_provider_is_understood(tmp_path: Path) -> None:
    (provider,), problems = read(tmp_path, GOOD)
    assert problems == []
    assert provider.discovery_url == "https://psc.example/realms/wallet/.well-known/openid-configuration"
    assert (provider.required_acr, provider.two_factors_acr, provider.identifier_claim) == ("eidas1", "eidas2", None)
    assert "very-secret-value" not in repr(provider)


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ('issuer = "http://psc.example"', "issuer must begin with https://"),
        ('issuer = "https://psc.example?x=1"', "issuer must begin with https://"),
        ('discovery_url = "http://psc.example/d"', "discovery_url must begin with https://"),
        ('required_acr = "eidas9"', "required_acr must be one of acr_levels"),
        ('two_factors_acr = "eidas9"', "two_factors_acr must be one of acr_levels"),
        ('scopes = ["profile"]', "scopes must hold openid"),
        ('scopes = "openid"', "scopes must be a list"),
        ('token_auth_method = "none"', "token_auth_method must be one of"),
        ('trusts_email = "yes"', "trusts_email must be true or false"),
        ("identifier_claim = 3", "identifier_claim must be"),
        ('client_secrt = "x"', "client_secrt is not a known setting"),
        ('client_secret = ""', "client_secret is required"),
    ],
)
def test_each_mistake_is_said_without_quoting_the_secret(tmp_path: Path, wrong: str, said: str) -> None:
    key = wrong.partition(" ")[0]
    kept = [line for line in GOOD.splitlines() if not line.startswith(f"{key} ")]
    providers, problems = read(tmp_path, "\n".join([*kept, wrong]))
    assert providers == ()
    assert any(said in problem for problem in problems), problems
    assert "very-secret-value" not in " ".join(problems)


def test_two_providers_cannot_share_an_issuer(tmp_path: Path) -> None:
    _providers, problems = read(tmp_path, GOOD + GOOD.replace("[pro-sante-connect]", "[another]"))
    assert any("same issuer" in problem for problem in problems)


def test_levels_are_compared_by_rank(tmp_path: Path) -> None:
    (provider,), _problems = read(tmp_path, GOOD)
    assert [provider.reaches(acr, "eidas2") for acr in ("eidas1", "eidas2", "eidas3", "eidas22", None, 3)] == [
        False,
        True,
        True,
        False,
        False,
        False,
    ]


def test_plain_http_is_for_this_machine_in_tests_only(tmp_path: Path) -> None:
    text = GOOD.replace("https://psc.example", "http://127.0.0.1:9000")
    assert read(tmp_path, text, may_be_plain=True)[1] == []
    assert read(tmp_path, text)[1] != []
