"""What a release's assets are, in one signed statement: whoever holds the publisher's public key can check a server.

The statement names each file with the SHA-384 of its bytes as they travel, for each encoding. It is signed with Ed25519
as a compact JWS (RFC 7515, RFC 8037). Knows neither Django nor the configuration: it runs on a machine that the
operator of the server does not hold. See docs/reference/integrite.md.
"""

import base64
import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

FORMAT: Final = 1
TYPE: Final = "vigie-assets+jws"
ENCODINGS: Final = {"identity": "", "gzip": ".gz", "br": ".br"}
"""Names of HTTP's content encodings, and how the built files of each end."""
_NOT_SERVED: Final = "manifest.json"


class UnreadableStatementError(Exception):
    """The statement is not one, or its signature is not that of the key."""


@dataclass(frozen=True, slots=True)
class Statement:
    """The assets of one release: file name → content encoding → `sha384-…`."""

    release: str
    files: Mapping[str, Mapping[str, str]]


def integrity(content: bytes) -> str:
    """Return the digest in the form of an `integrity` attribute."""
    return f"sha384-{base64.b64encode(hashlib.sha384(content).digest()).decode('ascii')}"


def statement_of(folder: Path, *, release: str) -> Statement:
    """Read the built assets of a folder."""
    built = {path.name for path in folder.iterdir() if path.is_file()} - {_NOT_SERVED}
    plain = sorted(name for name in built if not name.endswith((".gz", ".br")))
    return Statement(
        release=release,
        files={
            name: {
                encoding: integrity((folder / f"{name}{ending}").read_bytes())
                for encoding, ending in ENCODINGS.items()
                if f"{name}{ending}" in built
            }
            for name in plain
        },
    )


def new_key() -> bytes:
    """Return a new private key, PEM, to keep away from any server."""
    return Ed25519PrivateKey.generate().private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


def public_key_of(private_pem: bytes) -> bytes:
    """Return the public key, PEM, to publish."""
    return _private(private_pem).public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)


def signed(statement: Statement, private_pem: bytes) -> str:
    """Return the statement as a compact JWS."""
    key = _private(private_pem)
    header = {"alg": "EdDSA", "kid": _thumbprint(key.public_key()), "typ": TYPE}
    payload = {"format": FORMAT, "release": statement.release, "files": statement.files}
    content = f"{_encoded(_json(header))}.{_encoded(_json(payload))}"
    return f"{content}.{_encoded(key.sign(content.encode('ascii')))}"


def read_signed(text: str, public_pem: bytes) -> Statement:
    """Return what was signed with this key. Raises UnreadableStatementError for anything else."""
    key = serialization.load_pem_public_key(public_pem)
    if not isinstance(key, Ed25519PublicKey):
        raise UnreadableStatementError("The public key is not an Ed25519 key.")
    try:
        header, payload, signature = text.strip().split(".")
        stated_header = json.loads(_decoded(header))
        if (stated_header.get("alg"), stated_header.get("typ")) != ("EdDSA", TYPE):
            raise UnreadableStatementError("The file is not a signed list of Vigie's assets.")
        key.verify(_decoded(signature), f"{header}.{payload}".encode("ascii"))
        return _statement(json.loads(_decoded(payload)))
    except InvalidSignature:
        raise UnreadableStatementError("The list was not signed with this key, or it was altered afterwards.") from None
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise UnreadableStatementError("The file is not a signed list of Vigie's assets.") from error


def _statement(payload: Mapping[str, Any]) -> Statement:
    if payload["format"] != FORMAT:
        raise UnreadableStatementError("The list is in a format that this version does not know.")
    return Statement(release=str(payload["release"]), files={str(name): dict(digests) for name, digests in payload["files"].items()})


def _private(pem: bytes) -> Ed25519PrivateKey:
    key = serialization.load_pem_private_key(pem, password=None)
    if not isinstance(key, Ed25519PrivateKey):
        raise UnreadableStatementError("The private key is not an Ed25519 key.")
    return key


def _thumbprint(key: Ed25519PublicKey) -> str:
    """Return the thumbprint of RFC 7638 and 8037."""
    point = key.public_bytes(serialization.Encoding.Raw, serialization.PublicFormat.Raw)
    members = {"crv": "Ed25519", "kty": "OKP", "x": _encoded(point)}
    return _encoded(hashlib.sha256(_json(members)).digest())


def _json(value: object) -> bytes:
    return json.dumps(value, sort_keys=True, separators=(",", ":")).encode("utf-8")


def _encoded(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode("ascii")


def _decoded(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
