"""`vigie sign-assets` and `vigie verify-assets`: neither reads the configuration, nor needs a server of one's own."""

import argparse
import os
import sys
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path
from urllib.error import URLError

from vigie.config import release, verify_assets
from vigie.config.release import Statement, UnreadableStatementError

_BUILT = Path(__file__).resolve().parents[1] / "ui" / "static" / "dist"
_DISTRIBUTION = "vigie-portail"


def sign(arguments: Sequence[str]) -> int:
    """Write the list of this release's assets, signed with the publisher's key; or make such a key."""
    parser = argparse.ArgumentParser(prog="vigie sign-assets", description=sign.__doc__)
    parser.add_argument("--key", type=Path, required=True, help="private key (PEM, Ed25519), which never lies on a server")
    parser.add_argument("--new-key", action="store_true", help="make the key first, and its public part beside it (.pub)")
    parser.add_argument("--output", type=Path, default=Path("assets.jws"), help="where to write the signed list (assets.jws)")
    options = parser.parse_args(arguments)
    try:
        if options.new_key:
            _write_key(options.key)
        private = options.key.read_bytes()
        statement = release.statement_of(_BUILT, release=version(_DISTRIBUTION))
        options.output.write_text(release.signed(statement, private) + "\n", encoding="ascii")
    except (OSError, ValueError, UnreadableStatementError) as error:
        print(error, file=sys.stderr)
        return 2
    print(f"{options.output}: {len(statement.files)} assets of release {statement.release}, signed.")
    return 0


def verify(arguments: Sequence[str]) -> int:
    """Compare the assets and pages of a running server with a release; exit with code 1 when something differs."""
    parser = argparse.ArgumentParser(
        prog="vigie verify-assets",
        description=verify.__doc__,
        epilog="Without --signed, the release is this installation: install the same version yourself, from its source, first.",
    )
    parser.add_argument("url", help="address of the server, such as https://vigie.example.org")
    parser.add_argument("--signed", type=Path, help="signed list of the release's assets (assets.jws), from elsewhere than the server")
    parser.add_argument("--key", type=Path, help="the publisher's public key (PEM), from elsewhere than the server")
    parser.add_argument("--page", action="append", default=[], help="page to read besides the sign-in page, such as / (repeat)")
    parser.add_argument("--cookie-file", type=Path, help="file that holds the Cookie header of a session, for pages behind the sign-in")
    options = parser.parse_args(arguments)
    if (options.signed is None) != (options.key is None):
        parser.error("--signed and --key go together")
    try:
        statement = _statement(options.signed, options.key)
        cookie = options.cookie_file.read_text(encoding="ascii").strip() if options.cookie_file else ""
        findings = verify_assets.verify(options.url, statement, pages=options.page, cookie=cookie)
    except (OSError, ValueError, UnreadableStatementError) as error:
        print(error.reason if isinstance(error, URLError) else error, file=sys.stderr)
        return 2
    for difference in findings.differences:
        print(f"✗ {difference}")
    looked = f"{findings.files} assets of release {statement.release}, {findings.pages} pages"
    print(f"✗ Not as released: {looked}." if findings.differences else f"✓ As released: {looked}.")
    return 1 if findings.differences else 0


def _statement(signed: Path | None, key: Path | None) -> Statement:
    if signed is None or key is None:
        return release.statement_of(_BUILT, release=version(_DISTRIBUTION))
    return release.read_signed(signed.read_text(encoding="ascii"), key.read_bytes())


def _write_key(path: Path) -> None:
    """Never over another key, and readable by its owner alone."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    private = release.new_key()
    with os.fdopen(descriptor, "wb") as file:
        file.write(private)
    Path(f"{path}.pub").write_bytes(release.public_key_of(private))
