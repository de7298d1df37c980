"""Configuration is refused with every reason at once, or understood."""

import stat
from pathlib import Path

import pytest

from vigie.config.environment import ConfigurationError, Mode, django_database, kept_secret_key, read_environment

PRODUCTION = {
    "VIGIE_BASE_URL": "https://vigie.example",
    "DATABASE_URL": "postgresql://vigie_app:s%40cret@db.example:5433/vigie?sslmode=verify-full",
    "VIGIE_SECRET_KEY": "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ",
    "VIGIE_SMTP_URL": "smtp+starttls://user:pass%3Aword@mail.example",
    "VIGIE_MAIL_FROM": "Vigie <vigie@vigie.example>",
}


def test_production_says_all_that_is_missing_at_once() -> None:
    with pytest.raises(ConfigurationError) as refusal:
        read_environment({})
    for name in ("DATABASE_URL", "VIGIE_BASE_URL", "VIGIE_SECRET_KEY", "VIGIE_SMTP_URL", "VIGIE_MAIL_FROM"):
        assert any(problem.startswith(name) for problem in refusal.value.problems), name


def test_production_is_understood() -> None:
    environment = read_environment(PRODUCTION)
    assert environment.is_production
    assert environment.is_https
    assert environment.bundled_postgres is None
    assert environment.direct_database_url == PRODUCTION["DATABASE_URL"]
    assert environment.owner_database_url is None
    assert (environment.mail_server.port, environment.mail_server.password, environment.mail_server.starttls) == (587, "pass:word", True)


def test_address_of_a_database_is_translated_for_django() -> None:
    database = django_database(PRODUCTION["DATABASE_URL"])
    assert database == {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": "vigie",
        "USER": "vigie_app",
        "PASSWORD": "s@cret",
        "HOST": "db.example",
        "PORT": "5433",
        "OPTIONS": {"sslmode": "verify-full"},
    }


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("VIGIE_MODE", "prod"),
        ("VIGIE_PORT", "99999"),
        ("VIGIE_PORT", "eight"),
        ("VIGIE_BASE_URL", "http://vigie.example"),
        ("VIGIE_BASE_URL", "https://vigie.example/portal"),
        ("VIGIE_BASE_URL", "vigie.example"),
        ("DATABASE_URL", "mysql://vigie@db/vigie"),
        ("DATABASE_URL", "postgresql://db.example"),
        ("VIGIE_SECRET_KEY", "short"),
        ("VIGIE_SECRET_KEY", "a" * 80),
        ("VIGIE_SMTP_URL", "http://mail.example"),
        ("VIGIE_SMTP_URL", "smtp://mail.example:port"),
        ("VIGIE_MAIL_FROM", "vigie\r\nBcc: everybody@example.org"),
        ("VIGIE_TRUSTED_PROXIES", "-1"),
        ("VIGIE_INSTANCE", "a b;"),
        ("VIGIE_WEB_PROCESSES", "0"),
        ("VIGIE_CLAMAV_URL", "clamav"),
    ],
)
def test_wrong_value_is_refused_by_name(name: str, value: str) -> None:
    with pytest.raises(ConfigurationError) as refusal:
        read_environment(PRODUCTION | {name: value})
    assert [problem for problem in refusal.value.problems if problem.startswith(name)], refusal.value.problems


def test_secrets_are_not_in_the_representation() -> None:
    shown = repr(read_environment(PRODUCTION))
    for secret in ("s%40cret", "pass:word", PRODUCTION["VIGIE_SECRET_KEY"]):
        assert secret not in shown


def test_demonstration_needs_nothing_and_keeps_its_key(tmp_path: Path) -> None:
    variables = {"VIGIE_MODE": "demo", "VIGIE_DATA": str(tmp_path / "data"), "VIGIE_PORT": "8123"}
    first, second = read_environment(variables), read_environment(variables)
    assert first.mode is Mode.DEMO
    assert first.base_url == "http://localhost:8123"
    assert first.instance == "8123"
    assert first.secret_key == second.secret_key
    assert first.bundled_postgres is not None
    assert stat.S_IMODE((tmp_path / "data" / "secret-key").stat().st_mode) == 0o600


@pytest.mark.parametrize("name", ["DATABASE_URL", "VIGIE_OWNER_DATABASE_URL", "VIGIE_MAINTENANCE_DATABASE_URL"])
def test_demonstration_refuses_an_external_database(name: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=name):
        read_environment({"VIGIE_MODE": "demo", "VIGIE_DATA": str(tmp_path), name: PRODUCTION["DATABASE_URL"]})


def test_demonstration_listens_to_this_machine_only(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="VIGIE_HOST"):
        read_environment({"VIGIE_MODE": "demo", "VIGIE_DATA": str(tmp_path), "VIGIE_HOST": "0.0.0.0"})  # noqa: S104


def test_two_first_starters_agree_on_one_key(tmp_path: Path) -> None:
    assert kept_secret_key(tmp_path) == kept_secret_key(tmp_path)
    assert [file.name for file in tmp_path.iterdir()] == ["secret-key"]
