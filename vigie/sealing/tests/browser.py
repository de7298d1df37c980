"""A browser for the tests of the server: makes the records that the server checks. What it wraps, nothing could open."""

import hashlib
import json
import os
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature

from vigie.foundation.ids import uuid7
from vigie.sealing.records import encoded

CHECK = "7KQ2-M9XD"


def compact(value: object) -> bytes:
    return json.dumps(value, separators=(",", ":")).encode()


def jwk(key: ec.EllipticCurvePrivateKey) -> dict[str, str]:
    numbers = key.public_key().public_numbers()
    return {"kty": "EC", "crv": "P-256", "x": encoded(numbers.x.to_bytes(32)), "y": encoded(numbers.y.to_bytes(32))}


def jkt(public: dict[str, str]) -> str:
    return encoded(hashlib.sha256(compact({name: public[name] for name in ("crv", "kty", "x", "y")})).digest())


def sealed(size: int) -> dict[str, str]:
    return {"iv": encoded(os.urandom(12)), "ciphertext": encoded(os.urandom(size)), "tag": encoded(os.urandom(16))}


def new() -> ec.EllipticCurvePrivateKey:
    return ec.generate_private_key(ec.SECP256R1())


@dataclass
class MadeKey:
    """One epoch of a site, or of a connector, with its private parts."""

    kid: str
    enc: ec.EllipticCurvePrivateKey = field(default_factory=new)
    sig: ec.EllipticCurvePrivateKey = field(default_factory=new)

    @classmethod
    def of_site(cls, site_id: UUID, epoch: int = 1) -> "MadeKey":
        return cls(f"site:{site_id}#{epoch}")

    @property
    def jkt(self) -> str:
        return jkt(jwk(self.enc))

    @property
    def thumbprint(self) -> str:
        return encoded(hashlib.sha256(f"vigie-key-1|{self.kid}|{self.jkt}|{jkt(jwk(self.sig))}".encode()).digest())

    def sign(self, typ: str, payload: object, **header: str) -> str:
        head = {"alg": "ES256", "typ": typ, "kid": self.kid, **header}
        told = f"{encoded(compact(head))}.{encoded(compact(payload))}"
        r, s = decode_dss_signature(self.sig.sign(told.encode(), ec.ECDSA(hashes.SHA256())))
        return f"{told}.{encoded(r.to_bytes(32) + s.to_bytes(32))}"

    def public_payload(self) -> dict[str, Any]:
        return {"v": 1, "kid": self.kid, "enc": jwk(self.enc), "sig": jwk(self.sig), "check": CHECK, "rev": str(uuid7())}

    def record(self) -> str:
        return self.sign("sealed-key+jws", self.public_payload())

    def wrap(self, method: str, /, **changes: Any) -> dict[str, Any]:
        kdfs: dict[str, dict[str, Any]] = {
            "passphrase": {"alg": "argon2id", "m": 65536, "t": 3, "p": 1, "salt": encoded(os.urandom(16))},
            "passkey": {"alg": "hkdf-sha256", "salt": encoded(os.urandom(32)), "credential": encoded(os.urandom(32))},
            "kit": {"alg": "hkdf-sha256"},
        }
        made: dict[str, Any] = {"v": 1, "id": str(uuid7()), "kid": self.kid, "method": method, "kdf": kdfs.get(method, {})}
        return made | {"enc": sealed(138), "sig": sealed(138)} | changes

    def first_wraps(self) -> list[dict[str, Any]]:
        return [self.wrap("passphrase"), self.wrap("kit")]

    def confirmation_payload(self, by: UUID, of: "MadeKey | None" = None) -> dict[str, Any]:
        of = of or self
        return {"v": 1, "kid": of.kid, "thumbprint": of.thumbprint, "by": str(by), "rev": str(uuid7())}

    def confirmation(self, by: UUID, of: "MadeKey | None" = None) -> str:
        return self.sign("sealed-confirmation+jws", self.confirmation_payload(by, of))

    def succession(self, to: "MadeKey") -> str:
        return self.sign("sealed-succession+jws", {"v": 1, "kid": to.kid, "thumbprint": to.thumbprint, "rev": str(uuid7())})

    def workstation(self, station_id: UUID, name: str = "Accueil 2", method: str = "passphrase", **changes: Any) -> str:
        payload = {"v": 1, "id": str(station_id), "kid": self.kid, "name": name, "method": method, "check": CHECK, "rev": str(uuid7())}
        return self.sign("sealed-workstation+jws", payload | changes)

    def data_key_payload(self, site_id: UUID, number: int, recipients: Sequence["MadeKey"] = ()) -> dict[str, Any]:
        readers = sorted(recipients or [self], key=lambda reader: reader.kid)
        together = hashlib.sha256("\n".join(sorted(reader.jkt for reader in readers)).encode()).digest()
        evk = f"dat:{site_id}#{number}"
        return {
            "protected": encoded(compact({"enc": "A256GCM", "typ": "sealed-evk+jwe", "evk": evk})),
            "aad": encoded(f"{evk}|{encoded(together)}".encode()),
            **sealed(32),
            "recipients": [
                {
                    "header": {"alg": "ECDH-ES+A256KW", "kid": reader.kid, "jkt": reader.jkt, "epk": jwk(new())},
                    "encrypted_key": encoded(os.urandom(40)),
                }
                for reader in readers
            ],
        }

    def data_key(self, site_id: UUID, number: int = 1, recipients: Sequence["MadeKey"] = (), revision: UUID | None = None) -> str:
        payload = self.data_key_payload(site_id, number, recipients)
        return self.sign("sealed-evk+jws", payload, rev=str(revision or uuid7()))


def token(number: int, revision: UUID | None = None) -> str:
    """A value, as far as the server can tell."""
    body = sealed(32)
    return f"s1.{number}.{revision or uuid7()}.{body['iv']}.{body['ciphertext']}.{body['tag']}"


def old_revision(minutes: int) -> str:
    return str(UUID(int=(int((time.time() - minutes * 60) * 1000) << 80) | (uuid7().int & ((1 << 80) - 1))))
