"""Reading the records that browsers make: exact form, canonical encodings, signatures. Nothing here can be opened.

The formats are those of docs/reference/scellement.md. A browser trusts none of this: it checks each record again for
itself. The server refuses early what no browser would accept, and what would go backwards.
"""

import base64
import binascii
import hashlib
import json
import re
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, NoReturn
from uuid import UUID

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from django.utils.translation import gettext_lazy as _

from vigie.foundation.errors import Invalid
from vigie.foundation.ids import moment_of
from vigie.sealing.models import Method, SiteKey
from vigie.sealing.registry import Resealed

LARGEST: Final = 64 * 1024
"""Bytes of a record."""
MOST_RECIPIENTS: Final = 64
LONGEST_VALUE: Final = 16384
"""Bytes of the ciphertext of a value, padding included."""
CLOCKS_MINUTES: Final = 15
"""How far the clock of a browser may be wrong when it signs that something happened now."""
_HIGHEST: Final = 2147483647
_UUID7 = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}")
_UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
_KID = re.compile(rf"(site|con):({_UUID.pattern})#([1-9][0-9]{{0,9}})")
_CHECK = re.compile(r"[0-9A-HJKMNP-TV-Z]{4}-[0-9A-HJKMNP-TV-Z]{4}")
_BASE32: Final = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_KDF: Final[Mapping[str, Mapping[str, Any]]] = {
    "passphrase": {"alg": "argon2id", "m": 65536, "t": 3, "p": 1, "salt": 16},
    "passkey": {"alg": "hkdf-sha256", "salt": 32, "credential": None},
    "kit": {"alg": "hkdf-sha256"},
}
"""By method, the parameters and no others: a number stands for so many bytes at random."""


@dataclass(frozen=True, slots=True)
class PublicKey:
    """A public record: the two keys of an epoch of a site, or of a connector."""

    record: str
    kid: str
    owner_id: UUID
    epoch: int
    thumbprint: str
    jkt: str
    check: str


@dataclass(frozen=True, slots=True)
class Wrap:
    id: UUID
    method: str
    record: dict[str, Any]


@dataclass(frozen=True, slots=True)
class SignedWorkstation:
    record: str
    id: UUID
    name: str
    method: str


@dataclass(frozen=True, slots=True)
class SignedDataKey:
    record: str
    number: int
    revision: UUID
    recipients: tuple[tuple[str, str], ...]
    """kid and jkt of each reader."""


# --- What is read ----------------------------------------------------------------------------------------------------
def site_key(value: object, site_id: UUID) -> PublicKey:
    """Read the public record of an epoch of this site."""
    return _public_key(value, "site", site_id)


def connector_key(value: object) -> PublicKey:
    """Read the public record of a connector."""
    return _public_key(value, "con", None)


def succession(value: object, *, former: SiteKey, successor: PublicKey) -> str:
    """Read what the former epoch says of its successor."""
    signed = _Signed(value)
    signed.verify(former.record, typ="sealed-succession+jws", kid=former.kid)
    payload = _members(signed.payload, "v", "kid", "thumbprint", "rev")
    _version(payload)
    _revision(payload["rev"])
    if (payload["kid"], payload["thumbprint"]) != (successor.kid, successor.thumbprint):
        refuse("succession")
    return signed.text


def wrap(value: object, kid: str) -> Wrap:
    """Read the private parts of a key, encrypted for one method."""
    found = _members(value, "v", "id", "kid", "method", "kdf", "enc", "sig")
    _version(found)
    if found["kid"] != kid or found["method"] not in Method.values:
        refuse("wrap")
    wanted = _KDF[found["method"]]
    kdf = _members(found["kdf"], *wanted)
    for name, parameter in wanted.items():
        if name == "credential":
            if not 16 <= len(decoded(kdf[name])) <= 1023:
                refuse("credential")
        elif name == "salt":
            _sized(kdf[name], parameter)
        elif kdf[name] != parameter or isinstance(kdf[name], bool):
            refuse("kdf")
    for half in ("enc", "sig"):
        sealed = _members(found[half], "iv", "ciphertext", "tag")
        _sized(sealed["iv"], 12)
        _sized(sealed["tag"], 16)
        # PKCS #8 of a P-256 key: a little more or less, as browsers write it.
        if not 100 <= len(decoded(sealed["ciphertext"])) <= 200:
            refuse(half)
    return Wrap(_revision(found["id"]), found["method"], found)


def workstation(value: object, *, signer: SiteKey) -> SignedWorkstation:
    """Read what a browser signed with the key that it has just unwrapped."""
    signed = _Signed(value)
    signed.verify(signer.record, typ="sealed-workstation+jws", kid=signer.kid)
    payload = _members(signed.payload, "v", "id", "kid", "name", "method", "check", "rev")
    _version(payload)
    _recent(payload["rev"])
    if payload["kid"] != signer.kid or payload["check"] != signer.check_value or payload["method"] not in Method.values:
        refuse("workstation")
    if not isinstance(payload["name"], str) or len(payload["name"]) > 200:
        refuse("name")
    return SignedWorkstation(signed.text, _revision(payload["id"]), payload["name"], payload["method"])


def confirmation(value: object, *, signer: SiteKey, kid: str, thumbprint: str, by: UUID) -> str:
    """Read that an administrator compared a fingerprint: signed a moment ago, of that key, by her."""
    signed = _Signed(value)
    signed.verify(signer.record, typ="sealed-confirmation+jws", kid=signer.kid)
    payload = _members(signed.payload, "v", "kid", "thumbprint", "by", "rev")
    _version(payload)
    _recent(payload["rev"])
    if (payload["kid"], payload["thumbprint"], payload["by"]) != (kid, thumbprint, str(by)):
        refuse("confirmation")
    return signed.text


def data_key(value: object, *, signer: SiteKey, recipients: Sequence[tuple[str, str]]) -> SignedDataKey:
    """Read a data key of the signer's site, wrapped for exactly these readers (kid and jkt)."""
    signed = _Signed(value)
    revision = _revision(signed.verify(signer.record, typ="sealed-evk+jws", kid=signer.kid, extra=("rev",))["rev"])
    jwe = _members(signed.payload, "protected", "aad", "iv", "ciphertext", "tag", "recipients")
    header = _members(parse(decoded(jwe["protected"])), "enc", "typ", "evk")
    scope, separator, number = str(header["evk"]).partition("#")
    if header["enc"] != "A256GCM" or header["typ"] != "sealed-evk+jwe" or scope != f"dat:{signer.site_id}" or not separator:
        refuse("protected")
    _sized(jwe["iv"], 12)
    _sized(jwe["tag"], 16)
    _sized(jwe["ciphertext"], 32)
    listed = jwe["recipients"]
    if not isinstance(listed, list) or not 1 <= len(listed) <= MOST_RECIPIENTS:
        refuse("recipients")
    found = tuple(_recipient(one) for one in listed)
    if [kid for kid, _jkt in found] != sorted({kid for kid, _jkt in found}):
        refuse("recipients")
    if set(found) != set(recipients):
        raise Invalid({"record": _("Les lecteurs de cette clé ne sont pas ceux du site. Rechargez la page et recommencez.")})
    together = hashlib.sha256("\n".join(sorted(jkt for _kid, jkt in found)).encode()).digest()
    if decoded(jwe["aad"]) != f"{header['evk']}|{encoded(together)}".encode():
        refuse("aad")
    return SignedDataKey(signed.text, _number(number), revision, found)


def token(value: object) -> tuple[int, UUID]:
    """Read the form of a sealed value; return the number of its data key and its revision."""
    parts = value.split(".") if isinstance(value, str) and len(value) <= LARGEST else []
    if len(parts) != 6 or parts[0] != "s1":
        refuse("token")
    _version, number, revision, iv, ciphertext, tag = parts
    _sized(iv, 12)
    _sized(tag, 16)
    size = len(decoded(ciphertext))
    if not size or size % 16 or size > LONGEST_VALUE:
        refuse("token")
    return _number(number), _revision(revision)


def resealed(values: object, *, number: int, most: int) -> list[Resealed]:
    """Read values sealed again under the data key of this number, each later than what it replaces."""
    if not isinstance(values, list) or len(values) > most:
        refuse("list")
    found = []
    for value in values:
        one = _members(value, "record", "field", "former", "token")
        if not all(isinstance(text, str) for text in one.values()):
            refuse("member")
        (_former_number, former), (given, revision) = token(one["former"]), token(one["token"])
        if given != number or str(revision) <= str(former):
            refuse("number")
        found.append(Resealed(one["record"], one["field"], one["former"], one["token"]))
    return found


def recipients_of(record: str) -> list[tuple[str, str]]:
    """Return the readers (kid and jkt) that a record stored here lists."""
    payload = json.loads(decoded(record.split(".")[1]))
    return [(one["header"]["kid"], one["header"]["jkt"]) for one in payload["recipients"]]


def fingerprint(thumbprint: str) -> str:
    """Return what people compare: the first 125 bits in base 32, by groups of five."""
    bits = int.from_bytes(decoded(thumbprint), "big") >> (256 - 125)
    letters = "".join(_BASE32[bits >> shift & 31] for shift in range(120, -1, -5))
    return "-".join(letters[start : start + 5] for start in range(0, 25, 5))


# --- Encodings -------------------------------------------------------------------------------------------------------
def encoded(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def decoded(value: object) -> bytes:
    """Decode base64url, refusing whatever an encoder would not have written."""
    if not isinstance(value, str) or len(value) > LARGEST:
        refuse("base64url")
    try:
        data = base64.b64decode(value + "=" * (-len(value) % 4), altchars="-_", validate=True)
    except (binascii.Error, ValueError):
        refuse("base64url")
    if encoded(data) != value:
        refuse("base64url")
    return data


def parse(text: str | bytes) -> Any:
    """Read JSON, refusing what two readers could read differently: a name given twice, NaN, bytes that are not UTF-8."""
    if len(text) > LARGEST:
        refuse("size")
    try:
        clear = text if isinstance(text, str) else text.decode("utf-8")
        return json.loads(clear, object_pairs_hook=_once, parse_constant=refuse, parse_float=refuse)
    except (ValueError, RecursionError):
        refuse("json")


def items(value: object) -> list[object]:
    """Read a short list."""
    if not isinstance(value, list) or len(value) > MOST_RECIPIENTS:
        refuse("list")
    return value


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        refuse("name given twice")
    return found


def refuse(what: str) -> NoReturn:
    """Raise Invalid; `what` says to whoever reads the code which rule it is."""
    raise Invalid({"record": _("Ce que votre navigateur a envoyé n’a pas la forme attendue. Rechargez la page et recommencez.")}) from None


def _members(value: object, *names: str) -> dict[str, Any]:
    if not isinstance(value, dict) or set(value) != set(names):
        refuse("members")
    return value


def _version(found: Mapping[str, Any]) -> None:
    if found["v"] != 1 or isinstance(found["v"], bool):
        refuse("version")


def _sized(value: object, size: int) -> bytes:
    data = decoded(value)
    if len(data) != size:
        refuse("size")
    return data


def _revision(value: object) -> UUID:
    if not isinstance(value, str) or not _UUID7.fullmatch(value):
        refuse("uuid")
    return UUID(value)


def _recent(value: object) -> None:
    made = moment_of(_revision(value)).timestamp()
    if abs(time.time() - made) > CLOCKS_MINUTES * 60:
        raise Invalid(
            {"record": _("L’horloge de ce poste n’est pas à l’heure, ou la page est restée ouverte trop longtemps. Recommencez.")}
        )


def _number(value: str) -> int:
    if not re.fullmatch(r"[1-9][0-9]{0,9}", value) or int(value) > _HIGHEST:
        refuse("number")
    return int(value)


def _kid(value: object, kind: str) -> tuple[UUID, int]:
    match = _KID.fullmatch(value) if isinstance(value, str) else None
    if match is None or match[1] != kind:
        refuse("kid")
    return UUID(match[2]), _number(match[3])


def _point(value: object) -> tuple[ec.EllipticCurvePublicKey, str]:
    """Read a public key on P-256; return it with its RFC 7638 thumbprint."""
    jwk = _members(value, "kty", "crv", "x", "y")
    if (jwk["kty"], jwk["crv"]) != ("EC", "P-256"):
        refuse("curve")
    x, y = (int.from_bytes(_sized(jwk[name], 32), "big") for name in ("x", "y"))
    try:
        point = ec.EllipticCurvePublicNumbers(x, y, ec.SECP256R1()).public_key()
    except ValueError:
        refuse("point")
    canonical = f'{{"crv":"P-256","kty":"EC","x":"{jwk["x"]}","y":"{jwk["y"]}"}}'
    return point, encoded(hashlib.sha256(canonical.encode()).digest())


def _recipient(value: object) -> tuple[str, str]:
    found = _members(value, "header", "encrypted_key")
    header = _members(found["header"], "alg", "kid", "jkt", "epk")
    if header["alg"] != "ECDH-ES+A256KW" or not isinstance(header["kid"], str) or not _KID.fullmatch(header["kid"]):
        refuse("recipient")
    _sized(header["jkt"], 32)
    _point(header["epk"])
    _sized(found["encrypted_key"], 40)
    return header["kid"], header["jkt"]


def _public_key(value: object, kind: str, owner_id: UUID | None) -> PublicKey:
    signed = _Signed(value)
    payload = _members(signed.payload, "v", "kid", "enc", "sig", "check", "rev")
    _version(payload)
    _revision(payload["rev"])
    owner, epoch = _kid(payload["kid"], kind)
    if owner_id is not None and owner != owner_id:
        refuse("owner")
    if not isinstance(payload["check"], str) or not _CHECK.fullmatch(payload["check"]):
        refuse("check value")
    (_agreement, jkt), (_signing, signing_jkt) = _point(payload["enc"]), _point(payload["sig"])
    signed.verify(signed.text, typ="sealed-key+jws", kid=payload["kid"])
    both = hashlib.sha256(f"vigie-key-1|{payload['kid']}|{jkt}|{signing_jkt}".encode()).digest()
    return PublicKey(signed.text, payload["kid"], owner, epoch, encoded(both), jkt, payload["check"])


class _Signed:
    """A compact JWS, ES256."""

    def __init__(self, value: object) -> None:
        if not isinstance(value, str) or len(value) > LARGEST or value.count(".") != 2:
            refuse("jws")
        self.text = value
        self._head, self._body, signature = value.split(".")
        self._signature = _sized(signature, 64)
        self._header = parse(decoded(self._head))
        self.payload = parse(decoded(self._body))

    def verify(self, signer: str, *, typ: str, kid: str, extra: Sequence[str] = ()) -> dict[str, Any]:
        """Check header and signature with the `sig` of a public record; return the header."""
        header = _members(self._header, "alg", "typ", "kid", *extra)
        if (header["alg"], header["typ"], header["kid"]) != ("ES256", typ, kid):
            refuse("header")
        point, _jkt = _point(parse(decoded(signer.split(".")[1]))["sig"])
        half = len(self._signature) // 2
        r, s = (int.from_bytes(part, "big") for part in (self._signature[:half], self._signature[half:]))
        try:
            point.verify(encode_dss_signature(r, s), f"{self._head}.{self._body}".encode(), ec.ECDSA(hashes.SHA256()))
        except InvalidSignature:
            raise Invalid({"record": _("Cette signature n’est pas celle de la clé du site : la clé ouverte n’est pas la bonne.")}) from None
        return header
