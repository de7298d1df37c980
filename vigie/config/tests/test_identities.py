"""Who vouches for people is configured, or refused with every reason and no secret (ACC-2, ACC-3)."""

from pathlib import Path

import pytest

from vigie.config.environment import ConfigurationError, read_environment


def test_start_is_refused_with_what_is_wrong_in_the_file_of_providers(tmp_path: Path) -> None:
    path = tmp_path / "providers.toml"
    path.write_text('[psc]\nname = "PSC"\nissuer = "https://psc.example"\nclient_secret = "very-secret-value"\n', encoding="utf-8")
    with pytest.raises(ConfigurationError) as refusal:
        read_environment({"VIGIE_MODE": "test", "VIGIE_OIDC_PROVIDERS": str(path)})
    assert any(problem.startswith("VIGIE_OIDC_PROVIDERS") and "client_id is required" in problem for problem in refusal.value.problems)
    assert "very-secret-value" not in str(refusal.value)


def test_start_is_refused_without_the_file_of_providers(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError):
        read_environment({"VIGIE_MODE": "test", "VIGIE_OIDC_PROVIDERS": str(tmp_path / "absent.toml")})


@pytest.mark.parametrize(
    ("header", "proxies"),
    [
        ("X-Subject", ""),
        ("X-Subject", "everybody"),
        ("X-Subject", "0.0.0.0/0"),
        ("Host", "10.1.2.3"),
        ("X_Subject", "10.1.2.3"),
        ("", "10.1.2.3"),
    ],
)
def test_start_is_refused_when_the_header_could_be_anybodys(header: str, proxies: str) -> None:
    variables = {"VIGIE_MODE": "test", "VIGIE_CLIENT_CERTIFICATE_HEADER": header, "VIGIE_CLIENT_CERTIFICATE_PROXIES": proxies}
    with pytest.raises(ConfigurationError) as refusal:
        read_environment(variables)
    assert "VIGIE_CLIENT_CERTIFICATE" in refusal.value.problems[0]


def test_configuration_is_understood() -> None:
    variables = {
        "VIGIE_MODE": "test",
        "VIGIE_CLIENT_CERTIFICATE_HEADER": "X-Client-Certificate-Subject",
        "VIGIE_CLIENT_CERTIFICATE_PROXIES": "127.0.0.1, 10.1.2.0/29",
        "VIGIE_CLIENT_CERTIFICATE_FACTORS": "2",
    }
    found = read_environment(variables).client_certificates
    assert found is not None
    assert (len(found.proxies), found.are_two_factors) == (2, True)
