"""Every environment variable Vigie reads, parsed and checked in one place, before anything else starts.

Each variable is documented in `docs/reference/configuration.md`. Nothing else in the project reads `os.environ` for its configuration.
"""

import os
import re
import secrets
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from ipaddress import ip_network
from pathlib import Path
from typing import Any
from urllib.parse import SplitResult, unquote, urlsplit

from psycopg import ProgrammingError
from psycopg.conninfo import conninfo_to_dict

from vigie.accounts.client_certificates import ClientCertificates
from vigie.accounts.openid.configuration import OpenIDProvider, read_providers
from vigie.foundation.bundled_postgres import BundledPostgres

_CHECKOUT = Path(__file__).resolve().parents[2]
_LOOPBACK_NAMES = frozenset({"localhost", "127.0.0.1", "::1"})
_SHORTEST_SECRET = 50
_DATABASE_VARIABLES = (
    "DATABASE_URL",
    "VIGIE_OWNER_DATABASE_URL",
    "VIGIE_MAINTENANCE_DATABASE_URL",
    "VIGIE_DIRECT_DATABASE_URL",
)


class Mode(StrEnum):
    """What this process is for: real use, the demonstration on one's own machine, or the test suite."""

    PRODUCTION = "production"
    DEMO = "demo"
    TEST = "test"


class ConfigurationError(Exception):
    """The environment cannot be used. `problems` lists all that is wrong, so that one start is enough to learn it."""

    def __init__(self, problems: list[str]) -> None:
        """Keep every problem, and show each on its own line."""
        self.problems = problems
        super().__init__("Invalid configuration:\n" + "\n".join(f"  - {problem}" for problem in problems))


@dataclass(frozen=True, kw_only=True)
class MailServer:
    """Where outgoing mail is handed over. `implicit_tls` is smtps:// (465), `starttls` is smtp+starttls:// (587)."""

    host: str
    port: int
    username: str = ""
    password: str = field(default="", repr=False)
    implicit_tls: bool = False
    starttls: bool = False


@dataclass(frozen=True, kw_only=True)
class Environment:
    """The checked configuration. Addresses of databases are libpq URLs and may hold passwords: never print them."""

    mode: Mode
    data_folder: Path
    host: str
    """Address the web server listens on; always loopback in demonstration mode."""
    port: int
    base_url: str
    """What people type, without a final slash."""
    database_url: str = field(repr=False)
    owner_database_url: str | None = field(repr=False)
    """None in a production process that has no need to migrate."""
    maintenance_database_url: str | None = field(repr=False)
    direct_database_url: str = field(repr=False)
    """Never through a transaction pooler: LISTEN and the jobs' worker use it."""
    bundled_postgres: BundledPostgres | None
    """The server to start when no DATABASE_URL was given (demonstration and tests)."""
    secret_key: str = field(repr=False)
    mail_server: MailServer
    mail_from: str
    trusted_proxies: int
    """How many reverse proxies of ours stand in front, for `X-Forwarded-For`."""
    instance: str
    """Suffix of the cookies' names: browsers share cookies between the ports of one host."""
    web_processes: int
    clamav_url: str | None
    """`tcp://host:port` or `unix:///path` of clamd; None: files are not scanned."""
    client_certificates: ClientCertificates | None = None
    """How the reverse proxy tells whose certificate it has checked; None: it does not."""
    openid_providers: tuple[OpenIDProvider, ...] = ()
    """Identity providers to sign in with; their secrets are not shown."""

    @property
    def is_production(self) -> bool:
        """Real use, with real people."""
        return self.mode is Mode.PRODUCTION

    @property
    def files_folder(self) -> Path:
        """Where attachments are stored."""
        return self.data_folder / "files"

    @property
    def mail_folder(self) -> Path:
        """The demonstration's maildir: what its SMTP sink received."""
        return self.data_folder / "mail"

    @property
    def is_https(self) -> bool:
        """People come through TLS, so cookies may be `Secure`."""
        return self.base_url.startswith("https://")

    @property
    def host_name(self) -> str:
        """The name people type, without port."""
        return urlsplit(self.base_url).hostname or "localhost"


def read_environment(variables: Mapping[str, str]) -> Environment:
    """Read and check all variables.

    In demonstration and test mode everything has a default; production asks for what it needs.
    The demonstration's secret key is made on first use and kept in the data folder.

    Raises:
        ConfigurationError: with every problem at once.

    """
    reader = _Reader(variables)
    mode = reader.mode()
    data_folder = Path(reader.text("VIGIE_DATA", default=str(_default_data_folder()))).expanduser().resolve()
    port = reader.integer("VIGIE_PORT", default=8000, lowest=1, highest=65535)
    base_url = reader.base_url(mode, port)
    bundled = reader.bundled_postgres(mode, data_folder)
    database_url = reader.database_url("DATABASE_URL", _url(bundled, "vigie_app"))
    owner_database_url = reader.database_url("VIGIE_OWNER_DATABASE_URL", _url(bundled, "vigie_owner"))
    maintenance_database_url = reader.database_url("VIGIE_MAINTENANCE_DATABASE_URL", _url(bundled, "vigie_maintenance"))
    direct_database_url = reader.database_url("VIGIE_DIRECT_DATABASE_URL", database_url)
    host = reader.listening_host(mode)
    mail_server = reader.mail_server(mode, port)
    mail_from = reader.mail_from(mode)
    trusted_proxies = reader.integer("VIGIE_TRUSTED_PROXIES", default=0, lowest=0, highest=10)
    instance = reader.instance(port)
    web_processes = reader.integer("VIGIE_WEB_PROCESSES", default=1, lowest=1, highest=64)
    clamav_url = reader.clamav_url()
    openid_providers = reader.openid_providers(mode)
    client_certificates = reader.client_certificates()
    secret_key = reader.secret_key(mode)
    if mode is Mode.PRODUCTION and database_url is None:
        reader.problems.append("DATABASE_URL is required in production, e.g. postgresql://vigie_app:…@db.example/vigie")
    if reader.problems:
        raise ConfigurationError(reader.problems)
    if not secret_key:
        secret_key = kept_secret_key(data_folder)
    return Environment(
        mode=mode,
        data_folder=data_folder,
        host=host,
        port=port,
        base_url=base_url,
        database_url=database_url or "",
        owner_database_url=owner_database_url,
        maintenance_database_url=maintenance_database_url,
        direct_database_url=direct_database_url or "",
        bundled_postgres=bundled,
        secret_key=secret_key,
        mail_server=mail_server,
        mail_from=mail_from,
        trusted_proxies=trusted_proxies,
        instance=instance,
        web_processes=web_processes,
        clamav_url=clamav_url,
        openid_providers=openid_providers,
        client_certificates=client_certificates,
    )


def django_database(url: str) -> dict[str, Any]:
    """Translate a libpq URL (`postgresql://user:password@host:port/name?host=/socket/folder&sslmode=…`) for Django."""
    parameters: dict[str, Any] = dict(conninfo_to_dict(url))
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": parameters.pop("dbname", ""),
        "USER": parameters.pop("user", ""),
        "PASSWORD": parameters.pop("password", ""),
        "HOST": parameters.pop("host", ""),
        "PORT": str(parameters.pop("port", "")),
        "OPTIONS": parameters,
    }


def kept_secret_key(data_folder: Path) -> str:
    """Return the secret key of this data folder, made once; two first starters agree on one key."""
    kept = data_folder / "secret-key"
    if not kept.exists():
        data_folder.mkdir(parents=True, exist_ok=True)
        # mkstemp makes the file 0600; a hard link never replaces the key of a faster starter.
        descriptor, temporary = tempfile.mkstemp(dir=data_folder, prefix="secret-key-")
        with os.fdopen(descriptor, "w", encoding="ascii") as file:
            file.write(secrets.token_urlsafe(64))
            file.flush()
            os.fsync(file.fileno())
        try:
            kept.hardlink_to(temporary)
        except FileExistsError:
            pass
        finally:
            Path(temporary).unlink()
    return kept.read_text(encoding="ascii")


def _default_data_folder() -> Path:
    """`.data` beside the checkout, or in the current folder when Vigie was installed as a wheel."""
    root = _CHECKOUT if (_CHECKOUT / "pyproject.toml").exists() else Path.cwd()
    return root / ".data"


def _url(bundled: BundledPostgres | None, role: str) -> str | None:
    return bundled.url(role) if bundled else None


class _Reader:
    """Reads variables one by one and gathers what is wrong with them."""

    def __init__(self, variables: Mapping[str, str]) -> None:
        self.variables = variables
        self.problems: list[str] = []

    def text(self, name: str, *, default: str = "") -> str:
        return self.variables.get(name, "").strip() or default

    def integer(self, name: str, *, default: int, lowest: int, highest: int) -> int:
        raw = self.text(name, default=str(default))
        if not re.fullmatch(r"\d{1,9}", raw) or not lowest <= int(raw) <= highest:
            self.problems.append(f"{name} must be a whole number from {lowest} to {highest}, not {raw!r}")
            return default
        return int(raw)

    def mode(self) -> Mode:
        raw = self.text("VIGIE_MODE", default=Mode.PRODUCTION)
        try:
            return Mode(raw)
        except ValueError:
            self.problems.append(f"VIGIE_MODE must be one of {', '.join(Mode)}, not {raw!r}")
            return Mode.PRODUCTION

    def base_url(self, mode: Mode, port: int) -> str:
        if mode is not Mode.PRODUCTION:
            # Passkeys refuse bare addresses, hence localhost and not 127.0.0.1.
            return self.text("VIGIE_BASE_URL", default=f"http://localhost:{port}").rstrip("/")
        raw = self.text("VIGIE_BASE_URL").rstrip("/")
        parts = self._split("VIGIE_BASE_URL", raw)
        if not raw or parts is None or not parts.hostname or parts.path or parts.query:
            self.problems.append("VIGIE_BASE_URL is required in production, e.g. https://vigie.example (no path)")
        elif parts.scheme != "https" and not (parts.scheme == "http" and parts.hostname in _LOOPBACK_NAMES):
            self.problems.append(f"VIGIE_BASE_URL must begin with https:// in production, not {parts.scheme}://")
        return raw

    def listening_host(self, mode: Mode) -> str:
        host = self.text("VIGIE_HOST", default="127.0.0.1")
        if mode is Mode.DEMO and host not in _LOOPBACK_NAMES:
            self.problems.append("VIGIE_HOST must stay on loopback (127.0.0.1) in demonstration mode: its accounts are public")
        return host

    def bundled_postgres(self, mode: Mode, data_folder: Path) -> BundledPostgres | None:
        given = [name for name in _DATABASE_VARIABLES if self.text(name)]
        if mode is Mode.PRODUCTION or (mode is Mode.TEST and given):
            return None
        if given:
            self.problems.append(f"The demonstration uses its own database only: unset {', '.join(given)} or set VIGIE_MODE=production")
            return None
        return BundledPostgres(data_folder / "postgres")

    def database_url(self, name: str, default: str | None) -> str | None:
        raw = self.text(name)
        if not raw:
            return default
        try:
            parameters = conninfo_to_dict(raw)
        except ProgrammingError as error:
            self.problems.append(f"{name} is not a PostgreSQL address (postgresql://user:password@host:5432/vigie): {error}")
            return None
        if not parameters.get("dbname") or not parameters.get("user"):
            self.problems.append(f"{name} must name a role and a database: postgresql://user:password@host:5432/vigie")
        return raw

    def mail_server(self, mode: Mode, port: int) -> MailServer:
        # Beside the web port, so that demonstrations on several ports do not meet.
        sink = f"smtp://127.0.0.1:{port + 1000 if port < 64000 else port - 1000}"
        raw = self.text("VIGIE_SMTP_URL", default="" if mode is Mode.PRODUCTION else sink)
        nowhere = MailServer(host="", port=0)
        if not raw:
            self.problems.append("VIGIE_SMTP_URL is required in production, e.g. smtp+starttls://user:password@mail.example:587")
            return nowhere
        parts = self._split("VIGIE_SMTP_URL", raw)
        default_ports = {"smtp": 25, "smtp+starttls": 587, "smtps": 465}
        if parts is None or parts.scheme not in default_ports or not parts.hostname:
            self.problems.append("VIGIE_SMTP_URL must look like smtp://host:25, smtp+starttls://… or smtps://…")
            return nowhere
        return MailServer(
            host=parts.hostname,
            port=parts.port or default_ports[parts.scheme],
            username=unquote(parts.username or ""),
            password=unquote(parts.password or ""),
            implicit_tls=parts.scheme == "smtps",
            starttls=parts.scheme == "smtp+starttls",
        )

    def mail_from(self, mode: Mode) -> str:
        address = self.text("VIGIE_MAIL_FROM", default="" if mode is Mode.PRODUCTION else "Vigie <vigie@demonstration.example>")
        if not re.fullmatch(r"([^<>\r\n]*<)?[^@\s<>]+@[^@\s<>]+>?", address):
            self.problems.append("VIGIE_MAIL_FROM must be an address such as: Vigie <vigie@example.org>")
        return address

    def instance(self, port: int) -> str:
        instance = self.text("VIGIE_INSTANCE", default=str(port))
        if not re.fullmatch(r"[A-Za-z0-9_-]{1,32}", instance):
            self.problems.append("VIGIE_INSTANCE may hold letters, digits, - and _ only (32 at most): it ends cookies' names")
        return instance

    def clamav_url(self) -> str | None:
        raw = self.text("VIGIE_CLAMAV_URL")
        if not raw:
            return None
        parts = self._split("VIGIE_CLAMAV_URL", raw)
        is_tcp = parts is not None and parts.scheme == "tcp" and parts.hostname
        is_unix = parts is not None and parts.scheme == "unix" and parts.path
        if not (is_tcp or is_unix):
            self.problems.append("VIGIE_CLAMAV_URL must look like tcp://127.0.0.1:3310 or unix:///run/clamav/clamd.ctl")
        return raw

    def openid_providers(self, mode: Mode) -> tuple[OpenIDProvider, ...]:
        raw = self.text("VIGIE_OIDC_PROVIDERS")
        if not raw:
            return ()
        providers, problems = read_providers(Path(raw).expanduser(), may_be_plain=mode is not Mode.PRODUCTION)
        self.problems += [f"VIGIE_OIDC_PROVIDERS: {raw} {problem}" for problem in problems]
        return providers

    def client_certificates(self) -> ClientCertificates | None:
        header, proxies = self.text("VIGIE_CLIENT_CERTIFICATE_HEADER"), self.text("VIGIE_CLIENT_CERTIFICATE_PROXIES")
        factors = self.integer("VIGIE_CLIENT_CERTIFICATE_FACTORS", default=1, lowest=1, highest=2)
        if not header and not proxies:
            return None
        if not re.fullmatch(r"[Xx](-[A-Za-z0-9]+)+", header):
            self.problems.append("VIGIE_CLIENT_CERTIFICATE_HEADER must be a header of your own, such as X-Client-Certificate-Subject")
        try:
            networks = tuple(ip_network(part.strip()) for part in proxies.split(",") if part.strip())
        except ValueError:
            networks = ()
        if not networks or any(network.prefixlen == 0 for network in networks):
            self.problems.append(
                "VIGIE_CLIENT_CERTIFICATE_PROXIES must list the addresses of the reverse proxies that check certificates, "
                "separated by commas: 127.0.0.1,10.0.0.0/29"
            )
        return ClientCertificates(header=header, proxies=networks, are_two_factors=factors == 2)

    def secret_key(self, mode: Mode) -> str:
        """Return the given key; empty in demonstration mode, where the data folder keeps one."""
        raw = self.text("VIGIE_SECRET_KEY")
        if mode is Mode.TEST:
            return raw or "only-for-tests-" * 4
        if mode is Mode.PRODUCTION and (len(raw) < _SHORTEST_SECRET or len(set(raw)) < _SHORTEST_SECRET // 5):
            self.problems.append(
                f"VIGIE_SECRET_KEY is required in production: at least {_SHORTEST_SECRET} random characters, "
                "e.g. from: python3 -c 'import secrets; print(secrets.token_urlsafe(64))'"
            )
        return raw

    def _split(self, name: str, raw: str) -> SplitResult | None:
        try:
            parts = urlsplit(raw)
            _ = parts.port  # Raises on a port that is not a number.
        except ValueError as error:
            self.problems.append(f"{name} cannot be read: {error}")
            return None
        return parts
