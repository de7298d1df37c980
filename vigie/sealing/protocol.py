"""Sealing in Python: makes and opens everything that docs/reference/scellement.md describes.

For connectors, the demonstration's data and the tests. The server itself holds no key: no page may import this
(import-linter). It stands on `cryptography` and Argon2 alone, so that a connector can take the file as it is.
"""

import base64
import binascii
import hashlib
import json
import os
import re
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Literal, NoReturn, Self

from argon2.low_level import Type, hash_secret_raw
from cryptography.exceptions import InvalidSignature, InvalidTag
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature, encode_dss_signature
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.concatkdf import ConcatKDFHash
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.keywrap import InvalidUnwrap, aes_key_unwrap, aes_key_wrap

RefusalCode = Literal[
    "unknown-version", "malformed", "non-canonical", "other-algorithm", "short-tag", "bad-nonce", "does-not-open",
    "bad-padding", "too-long", "bad-signature", "unpinned-signer", "changed-thumbprint", "not-confirmed", "not-a-recipient",
    "recipients-mismatch", "older-revision", "older-number", "no-key", "wrong-epoch", "wrong-number", "wrong-instance",
    "wrong-secret", "malformed-secret", "key-mismatch", "locked",
]  # fmt: skip

LONGEST_TEXT: Final = 16_383
MOST_RECIPIENTS: Final = 64
_BLOCK: Final = 16
_LARGEST_NUMBER: Final = 2_147_483_647
_CROCKFORD: Final = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_WRAPPING: Final = "ECDH-ES+A256KW"
_UUID: Final = "[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"
_NUMBER: Final = "[1-9][0-9]{0,9}"
_REVISION: Final = "[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}"
_CHECK: Final = "[0-9A-HJKMNP-TV-Z]{4}-[0-9A-HJKMNP-TV-Z]{4}"
_METHODS: Final = ("passphrase", "passkey", "kit")


class SealingRefusal(Exception):
    """Something sealed was refused. Carries no part of it: the message may be logged."""

    def __init__(self, code: RefusalCode, detail: str = "") -> None:
        self.code: RefusalCode = code
        super().__init__(f"{code}: {detail}" if detail else code)


def _refuse(code: RefusalCode, detail: str = "") -> NoReturn:
    raise SealingRefusal(code, detail) from None


# --- Encodings -------------------------------------------------------------------------------------------------------
def encode(data: bytes) -> str:
    """Base64url without padding."""
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode("ascii")


def decode(text: object) -> bytes:
    """Bytes of base64url, in the only form that an encoder writes."""
    if not isinstance(text, str):
        _refuse("malformed", "text")
    if not re.fullmatch(r"[A-Za-z0-9_-]*", text):
        _refuse("non-canonical", "base64url")
    try:
        data = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    except binascii.Error:
        _refuse("non-canonical", "base64url")
    return data if encode(data) == text else _refuse("non-canonical", "base64url")


def to_base32(data: bytes, symbols: int | None = None) -> str:
    """Crockford's, the first `symbols` × 5 bits; bits past the end are zero."""
    count = symbols if symbols is not None else -(-len(data) * 8 // 5)
    bits = "".join(f"{byte:08b}" for byte in data).ljust(count * 5, "0")
    return "".join(_CROCKFORD[int(bits[start : start + 5], 2)] for start in range(0, count * 5, 5))


def read_base32(typed: str) -> str:
    """What a person typed, as capitals of the alphabet."""
    text = re.sub(r"[\s\u00ad\u2010-\u2015-]+", "", typed).upper().replace("O", "0").translate(str.maketrans("IL", "11"))
    return text if set(text) <= set(_CROCKFORD) else _refuse("malformed-secret", "characters")


def from_base32(text: str) -> bytes:
    bits = "".join(f"{_CROCKFORD.index(character):05b}" for character in text)
    size = len(bits) // 8
    if "1" in bits[size * 8 :]:
        _refuse("malformed-secret", "left over bits")
    return bytes(int(bits[start : start + 8], 2) for start in range(0, size * 8, 8))


def in_groups(text: str, size: int) -> str:
    return "-".join(text[start : start + size] for start in range(0, len(text), size))


def write_json(value: object) -> bytes:
    try:
        return json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode()
    except UnicodeEncodeError:
        _refuse("malformed", "Unicode")


def read_json(data: bytes) -> Any:
    """Read JSON, refusing any text but the one that `write_json` gives."""
    try:
        value = json.loads(data.decode())
    except (ValueError, RecursionError):
        _refuse("malformed", "JSON")
    return value if write_json(value) == data else _refuse("non-canonical", "JSON")


def _members(value: object, *names: str) -> dict[str, Any]:
    if not isinstance(value, dict) or set(value) != set(names):
        _refuse("malformed", "members")
    return value


def _ordered(value: object, *names: str) -> dict[str, Any]:
    found = _members(value, *names)
    return found if list(found) == list(names) else _refuse("non-canonical", "members")


def _text(value: object) -> str:
    return value if isinstance(value, str) else _refuse("malformed", "text")


def _matching(pattern: str, value: object, what: str) -> re.Match[str]:
    return re.fullmatch(pattern, _text(value)) or _refuse("malformed", what)


def _version(value: object) -> None:
    if not isinstance(value, dict) or "v" not in value:
        _refuse("malformed", "version")
    if value["v"] != 1 or isinstance(value["v"], bool):
        _refuse("unknown-version")


def _sized(value: object, size: int, code: RefusalCode = "malformed") -> bytes:
    data = decode(value)
    return data if len(data) == size else _refuse(code)


# --- Identifiers -----------------------------------------------------------------------------------------------------
def _number(text: str) -> int:
    if not re.fullmatch("[0-9]+", text):
        _refuse("malformed", "number")
    if not re.fullmatch(_NUMBER, text) or int(text) > _LARGEST_NUMBER:
        _refuse("non-canonical", "number")
    return int(text)


@dataclass(frozen=True, slots=True)
class Kid:
    owner: str
    id: str
    epoch: int


def read_kid(kid: object) -> Kid:
    found = _matching(rf"(site|con):({_UUID})#({_NUMBER})", kid, "kid")
    return Kid(found[1], found[2], _number(found[3]))


def _read_scope(scope: object) -> tuple[str, str]:
    found = _matching(rf"(evt|dat):({_UUID})", scope, "scope")
    return found[1], found[2]


def _read_data_key_id(evk: object) -> tuple[str, int]:
    found = _matching(rf"((?:evt|dat):{_UUID})#({_NUMBER})", evk, "data key")
    return found[1], _number(found[2])


@dataclass(frozen=True, slots=True)
class Place:
    """Where a value belongs, its revision aside."""

    instance: str
    scope: str
    record: str
    field: str

    def __str__(self) -> str:
        _matching(_UUID, self.instance, "UUID")
        _read_scope(self.scope)
        _matching(rf"[a-z]{{1,16}}:{_UUID}", self.record, "record")
        _matching(r"[a-z][a-z0-9_]{0,39}", self.field, "field")
        return f"{self.instance}|{self.scope}|{self.record}|{self.field}"


def _revision(value: object) -> str:
    return _matching(_REVISION, value, "revision")[0]


def new_revision(after: str = "") -> str:
    """Return a UUIDv7 later than `after`, even where the clock here is behind the one that made it."""
    known = int(_revision(after).replace("-", "")[:12], 16) if after else 0
    milliseconds = f"{max(time.time_ns() // 1_000_000, known + 1):012x}"
    random = os.urandom(10).hex()
    variant = "89ab"[int(random[3], 16) & 3]
    return f"{milliseconds[:8]}-{milliseconds[8:]}-7{random[:3]}-{variant}{random[4:7]}-{random[7:19]}"


# --- Key pairs -------------------------------------------------------------------------------------------------------
@dataclass(frozen=True, slots=True)
class PublicKeys:
    """A public record that was checked."""

    kid: str
    enc: ec.EllipticCurvePublicKey
    sig: ec.EllipticCurvePublicKey
    jkt: str
    thumbprint: str
    check: str
    rev: str

    @property
    def fingerprint(self) -> str:
        return in_groups(to_base32(decode(self.thumbprint), 25), 5)


@dataclass(frozen=True, slots=True)
class PrivateKeys:
    enc: ec.EllipticCurvePrivateKey
    sig: ec.EllipticCurvePrivateKey
    keys: PublicKeys


def make_keys(
    kid: str, *, enc: ec.EllipticCurvePrivateKey | None = None, sig: ec.EllipticCurvePrivateKey | None = None, rev: str = ""
) -> tuple[str, PrivateKeys]:
    """Return the public record and the private keys: those given, so that a demonstration is the same each time, or new ones."""
    read_kid(kid)
    agreement = enc or ec.generate_private_key(ec.SECP256R1())
    signing = sig or ec.generate_private_key(ec.SECP256R1())
    payload = {
        "v": 1,
        "kid": kid,
        "enc": _jwk(agreement.public_key()),
        "sig": _jwk(signing.public_key()),
        "check": _check_value(kid, agreement),
        "rev": rev or new_revision(),
    }
    record = sign(typ="sealed-key+jws", kid=kid, payload=payload, key=signing)
    return record, PrivateKeys(agreement, signing, read_keys(record))


def read_keys(record: str) -> PublicKeys:
    """Check a public record: its form, its points, its own signature. Says nothing of whether to trust it."""
    signed = _Signed.read(record, "sealed-key+jws")
    _version(signed.payload)
    payload = _ordered(signed.payload, "v", "kid", "enc", "sig", "check", "rev")
    if payload["kid"] != signed.kid:
        _refuse("malformed", "kid")
    check = _matching(_CHECK, payload["check"], "check")[0]
    rev = _revision(payload["rev"])
    enc, sig = _point(payload["enc"]), _point(payload["sig"])
    signed.verify(sig)
    jkt = thumbprint_of(enc)
    both = hashlib.sha256(f"vigie-key-1|{signed.kid}|{jkt}|{thumbprint_of(sig)}".encode()).digest()
    return PublicKeys(signed.kid, enc, sig, jkt, encode(both), check, rev)


def check_held(held: PrivateKeys) -> None:
    """Refuse private keys that are not those of their record."""
    for half, private, public in (("enc", held.enc, held.keys.enc), ("sig", held.sig, held.keys.sig)):
        if thumbprint_of(private.public_key()) != thumbprint_of(public):
            _refuse("key-mismatch", half)
    if _check_value(held.keys.kid, held.enc) != held.keys.check:
        _refuse("key-mismatch", "check")


def make_succession(*, former: PrivateKeys, successor: PublicKeys) -> str:
    payload = {"v": 1, "kid": successor.kid, "thumbprint": successor.thumbprint, "rev": new_revision(successor.rev)}
    return sign(typ="sealed-succession+jws", kid=former.keys.kid, payload=payload, key=former.sig)


def check_succession(record: str, *, former: PublicKeys, successor: PublicKeys) -> None:
    signed = _Signed.read(record, "sealed-succession+jws")
    _version(signed.payload)
    payload = _ordered(signed.payload, "v", "kid", "thumbprint", "rev")
    _revision(payload["rev"])
    before, after = read_kid(former.kid), read_kid(successor.kid)
    is_next = (before.owner, before.id, before.epoch + 1) == (after.owner, after.id, after.epoch)
    if not is_next or signed.kid != former.kid or payload["kid"] != successor.kid:
        _refuse("wrong-epoch")
    if payload["thumbprint"] != successor.thumbprint:
        _refuse("changed-thumbprint")
    signed.verify(former.sig)


def thumbprint_of(key: ec.EllipticCurvePublicKey) -> str:
    """RFC 7638."""
    jwk = _jwk(key)
    return encode(hashlib.sha256(f'{{"crv":"P-256","kty":"EC","x":"{jwk["x"]}","y":"{jwk["y"]}"}}'.encode()).digest())


def _jwk(key: ec.EllipticCurvePublicKey) -> dict[str, str]:
    numbers = key.public_numbers()
    return {"kty": "EC", "crv": "P-256", "x": encode(numbers.x.to_bytes(32, "big")), "y": encode(numbers.y.to_bytes(32, "big"))}


def _point(value: object) -> ec.EllipticCurvePublicKey:
    if not isinstance(value, dict) or (value.get("kty"), value.get("crv")) != ("EC", "P-256"):
        _refuse("other-algorithm", "key")
    jwk = _ordered(value, "kty", "crv", "x", "y")
    x, y = (int.from_bytes(_sized(jwk[name], 32), "big") for name in ("x", "y"))
    try:
        return ec.EllipticCurvePublicNumbers(x, y, ec.SECP256R1()).public_key()
    except ValueError:
        _refuse("other-algorithm", "point")


def _hkdf(secret: bytes, *, salt: bytes = b"", info: str, length: int) -> bytes:
    return HKDF(algorithm=hashes.SHA256(), length=length, salt=salt, info=info.encode()).derive(secret)


def _check_value(kid: str, private: ec.EllipticCurvePrivateKey) -> str:
    secret = private.exchange(ec.ECDH(), private.public_key())
    return in_groups(to_base32(_hkdf(secret, info=f"vigie-check-1|{kid}", length=5)), 4)


# --- Signed records --------------------------------------------------------------------------------------------------
def sign(*, typ: str, kid: str, payload: object, key: ec.EllipticCurvePrivateKey, rev: str | None = None) -> str:
    header = {"alg": "ES256", "typ": typ, "kid": kid} | ({} if rev is None else {"rev": rev})
    return sign_parts(encode(write_json(header)), encode(write_json(payload)), key)


def sign_parts(header: str, payload: str, key: ec.EllipticCurvePrivateKey) -> str:
    r, s = decode_dss_signature(key.sign(f"{header}.{payload}".encode(), ec.ECDSA(hashes.SHA256())))
    return f"{header}.{payload}.{encode(r.to_bytes(32, 'big') + s.to_bytes(32, 'big'))}"


@dataclass(frozen=True, slots=True)
class _Signed:
    kid: str
    rev: str
    payload: Any
    _covered: bytes
    _signature: bytes

    @classmethod
    def read(cls, record: str, typ: str) -> Self:
        """Read without believing: nothing of it is true before `verify`."""
        parts = record.split(".")
        if len(parts) != 3:
            _refuse("malformed", "JWS")
        header, payload = (read_json(decode(part)) for part in parts[:2])
        signature = _sized(parts[2], 64)
        if not isinstance(header, dict) or header.get("alg") != "ES256" or header.get("typ") != typ:
            _refuse("other-algorithm", "JWS")
        has_revision = typ == "sealed-evk+jws"
        header = _ordered(header, "alg", "typ", "kid", *(["rev"] if has_revision else []))
        read_kid(header["kid"])
        rev = _revision(header["rev"]) if has_revision else ""
        return cls(header["kid"], rev, payload, f"{parts[0]}.{parts[1]}".encode(), signature)

    def verify(self, key: ec.EllipticCurvePublicKey) -> None:
        r, s = int.from_bytes(self._signature[:32], "big"), int.from_bytes(self._signature[32:], "big")
        try:
            key.verify(encode_dss_signature(r, s), self._covered, ec.ECDSA(hashes.SHA256()))
        except InvalidSignature:
            _refuse("bad-signature")


# --- Secrets and wraps -----------------------------------------------------------------------------------------------
def make_passphrase() -> str:
    """Return 80 random bits, as four groups of four."""
    return in_groups(to_base32(os.urandom(10)), 4)


def passphrase_kdf(salt: bytes = b"") -> dict[str, Any]:
    return {"alg": "argon2id", "m": 65536, "t": 3, "p": 1, "salt": encode(salt or os.urandom(16))}


def read_passphrase(typed: str) -> str:
    """Return the sixteen characters that count of what was typed."""
    text = read_base32(typed)
    return text if len(text) == 16 else _refuse("malformed-secret", "length")


def passphrase_key(typed: str, kdf: Mapping[str, Any]) -> bytes:
    secret, salt = read_passphrase(typed).encode(), decode(kdf["salt"])
    return hash_secret_raw(secret, salt, time_cost=kdf["t"], memory_cost=kdf["m"], parallelism=kdf["p"], hash_len=32, type=Type.ID)


def passkey_key(prf: bytes, *, salt: str, kid: str) -> bytes:
    if len(prf) != 32:
        _refuse("malformed-secret", "length")
    return _hkdf(prf, salt=decode(salt), info=f"vigie-passkey-1|{kid}", length=32)


def kit_key(kit: bytes, kid: str) -> bytes:
    if len(kit) != 32:
        _refuse("malformed-secret", "length")
    return _hkdf(kit, info=f"vigie-kit-1|{kid}", length=32)


def kit_text(kit: bytes) -> str:
    """What is printed: fourteen groups of four, the last of which tells a slip of the pen."""
    return in_groups(to_base32(kit, 52) + _kit_check(kit), 4)


def read_kit(typed: str, kid: str) -> bytes:
    """Read the kit as typed, or its code as scanned."""
    scanned = re.fullmatch(r"\s*vigie-kit:([^:]*):(.*):([^:]*)", typed, re.DOTALL)
    if scanned and scanned[1] != "1":
        _refuse("unknown-version")
    if scanned and scanned[2] != kid:
        _refuse("wrong-epoch")
    text = read_base32(scanned[3] if scanned else typed)
    if len(text) != 56:
        _refuse("malformed-secret", "length")
    kit = from_base32(text[:52])
    return kit if _kit_check(kit) == text[52:] else _refuse("malformed-secret", "check")


def _kit_check(kit: bytes) -> str:
    return to_base32(hashlib.sha256(b"vigie-kit-1|" + kit).digest(), 4)


def make_wrap(made: PrivateKeys, *, method: str, kdf: Mapping[str, Any], wrapping_key: bytes) -> dict[str, Any]:
    """Encrypt the private keys under the key that `kdf` describes."""
    wrap: dict[str, Any] = {"v": 1, "id": new_revision(), "kid": made.keys.kid, "method": method, "kdf": dict(kdf)}
    for use, key in (("enc", made.enc), ("sig", made.sig)):
        form = key.private_bytes(serialization.Encoding.DER, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
        wrap[use] = _encrypted(wrapping_key, form, f"{made.keys.kid}|{use}".encode())
    return read_wrap(wrap)


def open_wrap(wrap: object, *, keys: PublicKeys, wrapping_key: bytes) -> PrivateKeys:
    """Open a wrap and check the keys against their record."""
    found = read_wrap(wrap)
    if found["kid"] != keys.kid:
        _refuse("wrong-epoch")
    private = []
    for use in ("enc", "sig"):
        try:
            form = _decrypted(wrapping_key, found[use], f"{keys.kid}|{use}".encode())
            key = serialization.load_der_private_key(form, password=None)
        except (InvalidTag, ValueError):
            _refuse("wrong-secret")
        if not isinstance(key, ec.EllipticCurvePrivateKey) or key.curve.name != "secp256r1":
            _refuse("wrong-secret")
        private.append(key)
    held = PrivateKeys(private[0], private[1], keys)
    check_held(held)
    return held


def read_wrap(value: object) -> dict[str, Any]:
    """Check the form of a wrap, before any secret is asked for."""
    _version(value)
    wrap = _members(value, "v", "id", "kid", "method", "kdf", "enc", "sig")
    _matching(_UUID, wrap["id"], "UUID")
    read_kid(wrap["kid"])
    _check_kdf(wrap["method"], wrap["kdf"])
    for use in ("enc", "sig"):
        sealed = _members(wrap[use], "iv", "ciphertext", "tag")
        _sized(sealed["iv"], 12, "bad-nonce")
        if not decode(sealed["ciphertext"]):
            _refuse("malformed", "ciphertext")
        _sized(sealed["tag"], 16, "short-tag")
    return wrap


def _check_kdf(method: object, value: object) -> None:
    if method not in _METHODS:
        _refuse("malformed", "method")
    wanted = "argon2id" if method == "passphrase" else "hkdf-sha256"
    if not isinstance(value, dict) or value.get("alg") != wanted:
        _refuse("other-algorithm", "kdf")
    if method == "passphrase":
        kdf = _members(value, "alg", "m", "t", "p", "salt")
        if [kdf[name] for name in ("m", "t", "p")] != [65536, 3, 1] or any(isinstance(kdf[name], bool) for name in "mtp"):
            _refuse("other-algorithm", "Argon2 parameters")
        _sized(kdf["salt"], 16)
    elif method == "passkey":
        kdf = _members(value, "alg", "salt", "credential")
        _sized(kdf["salt"], 32)
        if not decode(kdf["credential"]):
            _refuse("malformed", "credential")
    else:
        _members(value, "alg")


def _encrypted(key: bytes, data: bytes, additional: bytes) -> dict[str, str]:
    iv = os.urandom(12)
    whole = AESGCM(key).encrypt(iv, data, additional)
    return {"iv": encode(iv), "ciphertext": encode(whole[:-16]), "tag": encode(whole[-16:])}


def _decrypted(key: bytes, sealed: Mapping[str, str], additional: bytes) -> bytes:
    return AESGCM(key).decrypt(decode(sealed["iv"]), decode(sealed["ciphertext"]) + decode(sealed["tag"]), additional)


# --- What a site signs of itself and of others -----------------------------------------------------------------------
def make_workstation(held: PrivateKeys, *, name: str, method: str, identifier: str = "") -> str:
    payload = {
        "v": 1,
        "id": identifier or new_revision(),
        "kid": held.keys.kid,
        "name": name,
        "method": method,
        "check": held.keys.check,
        "rev": new_revision(),
    }
    return sign(typ="sealed-workstation+jws", kid=held.keys.kid, payload=payload, key=held.sig)


def read_workstation(record: str, keys: PublicKeys) -> dict[str, Any]:
    signed = _Signed.read(record, "sealed-workstation+jws")
    _version(signed.payload)
    payload = _ordered(signed.payload, "v", "id", "kid", "name", "method", "check", "rev")
    if (signed.kid, payload["kid"], payload["check"]) != (keys.kid, keys.kid, keys.check):
        _refuse("wrong-epoch")
    _matching(_UUID, payload["id"], "UUID")
    _revision(payload["rev"])
    _text(payload["name"])
    if payload["method"] not in _METHODS:
        _refuse("malformed", "method")
    signed.verify(keys.sig)
    return payload


def make_confirmation(held: PrivateKeys, *, confirmed: PublicKeys, by: str) -> str:
    payload = {
        "v": 1,
        "kid": confirmed.kid,
        "thumbprint": confirmed.thumbprint,
        "by": _matching(_UUID, by, "UUID")[0],
        "rev": new_revision(),
    }
    return sign(typ="sealed-confirmation+jws", kid=held.keys.kid, payload=payload, key=held.sig)


def read_confirmation(record: str, signers: Iterable[PublicKeys]) -> dict[str, Any]:
    signed = _Signed.read(record, "sealed-confirmation+jws")
    _version(signed.payload)
    payload = _ordered(signed.payload, "v", "kid", "thumbprint", "by", "rev")
    read_kid(payload["kid"])
    _text(payload["thumbprint"])
    _matching(_UUID, payload["by"], "UUID")
    _revision(payload["rev"])
    signer = next((keys for keys in signers if keys.kid == signed.kid), None)
    if signer is None:
        _refuse("unpinned-signer")
    signed.verify(signer.sig)
    return payload


@dataclass(slots=True)
class Pins:
    """Which key was seen under which name, and which of them are trusted."""

    _thumbprints: dict[str, str] = field(default_factory=dict)
    _keys: dict[str, PublicKeys] = field(default_factory=dict)
    _own: set[str] = field(default_factory=set)
    _confirmed_by: dict[str, set[str]] = field(default_factory=dict)

    def see(self, keys: PublicKeys, *, own: bool = False) -> None:
        """Pin a key at first sight; refuse another one under the same name."""
        if self._thumbprints.setdefault(keys.kid, keys.thumbprint) != keys.thumbprint:
            _refuse("changed-thumbprint", keys.kid)
        self._keys[keys.kid] = keys
        if own:
            self._own.add(keys.kid)

    def confirm(self, record: str) -> None:
        """Count a confirmation signed by one of the site's own keys."""
        said = read_confirmation(record, [keys for keys in self._keys.values() if keys.kid in self._own])
        if self._thumbprints.setdefault(said["kid"], said["thumbprint"]) != said["thumbprint"]:
            _refuse("changed-thumbprint", said["kid"])
        self._confirmed_by.setdefault(said["kid"], set()).add(said["by"])

    def keys(self, kid: str) -> PublicKeys | None:
        return self._keys.get(kid)

    def trusted(self, kid: str) -> PublicKeys | None:
        is_trusted = kid in self._own or len(self._confirmed_by.get(kid, ())) >= 2
        return self._keys.get(kid) if is_trusted else None


# --- Data keys -------------------------------------------------------------------------------------------------------
@dataclass(frozen=True, slots=True)
class DataKey:
    scope: str
    number: int
    rev: str
    signer: str
    recipients: tuple[tuple[str, str], ...]
    """kid and jkt of each reader."""
    key: bytes = field(repr=False)


def make_data_key(*, scope: str, number: int, recipients: Iterable[str], signer: PrivateKeys, pins: Pins, content: bytes = b"") -> str:
    """Make data key `number` of a scope, for readers that are all trusted here. `content` is 32 random bytes unless given."""
    return _make(
        scope=scope, number=number, recipients=recipients, signer=signer, pins=pins, content=content or os.urandom(32), rev=new_revision()
    )


def remake_data_key(
    record: str, *, recipients: Iterable[str], held: Sequence[PrivateKeys], signer: PrivateKeys, pins: Pins, newest: str = ""
) -> str:
    """Make the record again for other readers: same number, same key, later revision."""
    opened = open_data_key(record, held=held, pins=pins, newest=newest)
    return _make(
        scope=opened.scope,
        number=opened.number,
        recipients=recipients,
        signer=signer,
        pins=pins,
        content=opened.key,
        rev=new_revision(opened.rev),
    )


def open_data_key(record: str, *, held: Sequence[PrivateKeys], pins: Pins, identifier: str = "", newest: str = "") -> DataKey:
    """Open a data key with whichever of the held epochs it is for."""
    signed, evk, jwe = _read_data_key(record)
    if identifier and identifier != evk:
        _refuse("wrong-number")
    scope, number = _read_data_key_id(evk)
    signer = pins.trusted(signed.kid)
    if signer is None or not _may_sign(scope, signed.kid):
        _refuse("unpinned-signer")
    signed.verify(signer.sig)
    listed = tuple((one["header"]["kid"], one["header"]["jkt"]) for one in jwe["recipients"])
    if decode(jwe["aad"]) != bound(evk, [jkt for _kid, jkt in listed]).encode():
        _refuse("recipients-mismatch")
    for kid, jkt in listed:
        if not _may_read(scope, kid):
            _refuse("recipients-mismatch")
        if (known := pins.keys(kid)) and known.jkt != jkt:
            _refuse("changed-thumbprint", kid)
    if signed.rev < newest:
        _refuse("older-revision")
    mine = next((one for one in held if (one.keys.kid, one.keys.jkt) in listed), None)
    if mine is None:
        _refuse("not-a-recipient")
    recipient = next(one for one in jwe["recipients"] if one["header"]["kid"] == mine.keys.kid)
    try:
        secret = mine.enc.exchange(ec.ECDH(), _point(recipient["header"]["epk"]))
        content_key = aes_key_unwrap(_key_encryption_key(secret), decode(recipient["encrypted_key"]))
        content = _decrypted(content_key, jwe, f"{jwe['protected']}.{jwe['aad']}".encode())
    except (InvalidUnwrap, InvalidTag):
        _refuse("does-not-open")
    return DataKey(scope, number, signed.rev, signed.kid, listed, content)


def _make(*, scope: str, number: int, recipients: Iterable[str], signer: PrivateKeys, pins: Pins, content: bytes, rev: str) -> str:
    evk = f"{scope}#{_number(str(number))}"
    _read_data_key_id(evk)
    if not _may_sign(scope, signer.keys.kid):
        _refuse("unpinned-signer")
    kids = sorted(set(recipients))
    if not kids:
        _refuse("malformed", "recipients")
    if len(kids) > MOST_RECIPIENTS:
        _refuse("too-long", "recipients")
    if not all(_may_read(scope, kid) for kid in kids):
        _refuse("recipients-mismatch")
    readers = [pins.trusted(kid) or _refuse("not-confirmed", kid) for kid in kids]
    content_key = os.urandom(32)
    protected = encode(write_json({"enc": "A256GCM", "typ": "sealed-evk+jwe", "evk": evk}))
    aad = encode(bound(evk, [reader.jkt for reader in readers]).encode())
    jwe: dict[str, Any] = {"protected": protected, "aad": aad}
    jwe |= _encrypted(content_key, content, f"{protected}.{aad}".encode())
    jwe["recipients"] = [_recipient(reader, content_key) for reader in readers]
    return sign(typ="sealed-evk+jws", kid=signer.keys.kid, rev=rev, payload=jwe, key=signer.sig)


def _read_data_key(record: str) -> tuple[_Signed, str, dict[str, Any]]:
    signed = _Signed.read(record, "sealed-evk+jws")
    jwe = _ordered(signed.payload, "protected", "aad", "iv", "ciphertext", "tag", "recipients")
    _sized(jwe["iv"], 12, "bad-nonce")
    _sized(jwe["tag"], 16, "short-tag")
    _sized(jwe["ciphertext"], 32)
    decode(jwe["aad"])
    recipients = jwe["recipients"]
    if not isinstance(recipients, list) or not recipients:
        _refuse("malformed", "recipients")
    if len(recipients) > MOST_RECIPIENTS:
        _refuse("too-long", "recipients")
    before = ""
    for recipient in recipients:
        found = _ordered(recipient, "header", "encrypted_key")
        if not isinstance(found["header"], dict) or found["header"].get("alg") != _WRAPPING:
            _refuse("other-algorithm", "recipient")
        header = _ordered(found["header"], "alg", "kid", "jkt", "epk")
        read_kid(header["kid"])
        _sized(header["jkt"], 32)
        _point(header["epk"])
        _sized(found["encrypted_key"], 40)
        if header["kid"] <= before:
            _refuse("non-canonical", "recipients")
        before = header["kid"]
    header = read_json(decode(jwe["protected"]))
    if not isinstance(header, dict) or (header.get("enc"), header.get("typ")) != ("A256GCM", "sealed-evk+jwe"):
        _refuse("other-algorithm", "JWE")
    return signed, _text(_ordered(header, "enc", "typ", "evk")["evk"]), jwe


def _recipient(reader: PublicKeys, content_key: bytes) -> dict[str, Any]:
    ephemeral = ec.generate_private_key(ec.SECP256R1())
    wrapping = _key_encryption_key(ephemeral.exchange(ec.ECDH(), reader.enc))
    header = {"alg": _WRAPPING, "kid": reader.kid, "jkt": reader.jkt, "epk": _jwk(ephemeral.public_key())}
    return {"header": header, "encrypted_key": encode(aes_key_wrap(wrapping, content_key))}


def _key_encryption_key(secret: bytes) -> bytes:
    """RFC 7518, 4.6, without apu nor apv."""
    name = _WRAPPING.encode()
    info = len(name).to_bytes(4, "big") + name + bytes(8) + (256).to_bytes(4, "big")
    return ConcatKDFHash(algorithm=hashes.SHA256(), length=32, otherinfo=info).derive(secret)


def bound(evk: str, thumbprints: Iterable[str]) -> str:
    return f"{evk}|{encode(hashlib.sha256(chr(10).join(sorted(thumbprints)).encode()).digest())}"


def _may_sign(scope: str, kid: str) -> bool:
    kind, identifier = _read_scope(scope)
    signer = read_kid(kid)
    return signer.owner == "site" and (kind == "evt" or signer.id == identifier)


def _may_read(scope: str, kid: str) -> bool:
    kind, identifier = _read_scope(scope)
    reader = read_kid(kid)
    return kind == "evt" or reader.owner == "con" or reader.id == identifier


# --- Values ----------------------------------------------------------------------------------------------------------
@dataclass(frozen=True, slots=True)
class Token:
    """What a sealed value says of itself without any key."""

    number: int
    rev: str
    iv: bytes
    ciphertext: bytes
    tag: bytes


def read_token(token: str) -> Token:
    parts = token.split(".")
    if parts[0] != "s1":
        _refuse("unknown-version")
    if len(parts) != 6:
        _refuse("malformed", "parts")
    read = Token(_number(parts[1]), _revision(parts[2]), *(decode(part) for part in parts[3:]))
    if len(read.iv) != 12:
        _refuse("bad-nonce")
    if len(read.tag) != 16:
        _refuse("short-tag")
    if not read.ciphertext or len(read.ciphertext) % _BLOCK:
        _refuse("malformed", "length")
    if len(read.ciphertext) > LONGEST_TEXT + 1:
        _refuse("too-long")
    return read


def seal_field(key: DataKey, place: Place, text: str, *, after: str = "", rev: str = "") -> str:
    """Seal a text where it belongs. `after` is the newest revision known there; `rev` names the new one."""
    revision = _revision(rev) if rev else new_revision(after)
    iv = os.urandom(12)
    whole = AESGCM(key.key).encrypt(iv, pad(text), _header(key, place, revision))
    return f"s1.{key.number}.{revision}.{encode(iv)}.{encode(whole[:-16])}.{encode(whole[-16:])}"


def open_field(key: DataKey, place: Place, token: str, *, newest: str = "") -> str:
    """Open a value where it stands; refuse one moved from elsewhere, or older than `newest`."""
    read = read_token(token)
    if read.number != key.number:
        _refuse("no-key")
    try:
        plain = AESGCM(key.key).decrypt(read.iv, read.ciphertext + read.tag, _header(key, place, read.rev))
    except InvalidTag:
        _refuse("does-not-open")
    if read.rev < newest:
        _refuse("older-revision")
    return unpad(plain)


def pad(text: str) -> bytes:
    try:
        data = text.encode()
    except UnicodeEncodeError:
        _refuse("malformed", "Unicode")
    if len(data) > LONGEST_TEXT:
        _refuse("too-long")
    return (data + b"\x80").ljust((len(data) // _BLOCK + 1) * _BLOCK, b"\x00")


def unpad(data: bytes) -> str:
    text = data.rstrip(b"\x00")
    if len(data) % _BLOCK or not text.endswith(b"\x80") or len(data) - len(text) >= _BLOCK:
        _refuse("bad-padding")
    try:
        return text[:-1].decode()
    except UnicodeDecodeError:
        _refuse("bad-padding", "UTF-8")


def _header(key: DataKey, place: Place, rev: str) -> bytes:
    if place.scope != key.scope:
        _refuse("no-key")
    header = {"alg": "dir", "enc": "A256GCM", "kid": f"{key.scope}#{key.number}", "ctx": f"{place}|{rev}"}
    return encode(write_json(header)).encode()
