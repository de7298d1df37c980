"""Everything that must be refused, made from a bundle by one change at a time; both implementations answer the same code."""

import json
from collections.abc import Callable, Iterator
from copy import deepcopy
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from vigie.sealing import protocol
from vigie.sealing.protocol import DataKey, Place, PrivateKeys, decode, encode, new_revision
from vigie.sealing.tests.interop import Bundle, held, trusting

Case = dict[str, Any]


def cases(bundle: Bundle) -> list[Case]:
    return [
        *_of_values(bundle),
        *_of_public_records(bundle),
        *_of_wraps(bundle),
        *_of_secrets(bundle),
        *_of_readers(bundle),
        *_of_data_key_forms(bundle),
        *_of_statements(bundle),
    ]


def _of_values(bundle: Bundle) -> Iterator[Case]:
    value = next(one for one in bundle["values"] if one["key"] == "site" and one["text"] == protocol_text(bundle))
    token, place = value["token"], value["place"]
    site = held(bundle["holders"]["site"])
    key = protocol.open_data_key(bundle["dataKeys"]["site"], held=[site], pins=trusting(bundle))

    def opening(says: str, code: str, token: str, **changed: str) -> Case:
        given = {"token": token, "place": place | {name: to for name, to in changed.items() if name != "newest"}}
        return _case(says, code, "openField", **given, **({"newest": changed["newest"]} if "newest" in changed else {}))

    def parts(**changed: str) -> str:
        names = ("version", "n", "rev", "iv", "ciphertext", "tag")
        return ".".join((dict(zip(names, token.split("."), strict=True)) | changed).values())

    read = protocol.read_token(token)
    elsewhere = new_revision()
    yield opening("the value as it was made", "accepted", token)
    yield opening("a version to come", "unknown-version", parts(version="s2"))
    yield opening("no version", "unknown-version", "")
    yield opening("a text that is not sealed", "unknown-version", "Lefèvre")
    yield opening("a part too few", "malformed", token.rsplit(".", 1)[0])
    yield opening("a part too many", "malformed", f"{token}.AA")
    yield opening("a number with a leading zero", "non-canonical", parts(n="01"))
    yield opening("number zero", "non-canonical", parts(n="0"))
    yield opening("a number too large", "non-canonical", parts(n="2147483648"))
    yield opening("a number in other digits", "malformed", parts(n="１"))
    yield opening("a number whose key is not known", "no-key", parts(n="2"))
    yield opening("a revision in capitals", "malformed", parts(rev=read.rev.upper()))
    yield opening("a revision that is not a UUIDv7", "malformed", parts(rev="11111111-1111-4111-8111-111111111111"))
    yield opening("a short nonce", "bad-nonce", parts(iv=encode(read.iv[:11])))
    yield opening("a tag of 96 bits, right as far as it goes", "short-tag", parts(tag=encode(read.tag[:12])))
    yield opening("no tag", "short-tag", parts(tag=""))
    yield opening("bits left over at the end of the tag", "non-canonical", parts(tag=_with_left_over_bits(encode(read.tag))))
    yield opening("padding of base64", "non-canonical", parts(tag=f"{encode(read.tag)}=="))
    yield opening("the other alphabet of base64", "non-canonical", parts(iv=f"+/{encode(read.iv)[2:]}"))
    yield opening("a ciphertext that is not of whole blocks", "malformed", parts(ciphertext=encode(read.ciphertext[:-1])))
    yield opening("a ciphertext too long", "too-long", parts(ciphertext=encode(bytes(16_400))))
    yield opening("one bit of the ciphertext changed", "does-not-open", parts(ciphertext=encode(_flipped(read.ciphertext))))
    yield opening("one bit of the tag changed", "does-not-open", parts(tag=encode(_flipped(read.tag))))
    yield opening("another nonce", "does-not-open", parts(iv=encode(_flipped(read.iv))))
    yield opening("another revision", "does-not-open", parts(rev=new_revision(read.rev)))
    yield opening("moved to another record", "does-not-open", token, record=f"patient:{elsewhere}")
    yield opening("moved to another kind of record", "does-not-open", token, record=place["record"].replace("patient", "contact"))
    yield opening("moved to another field", "does-not-open", token, field="given_name")
    yield opening("moved to another instance", "does-not-open", token, instance=elsewhere)
    yield opening("moved to another scope", "no-key", token, scope=f"dat:{elsewhere}")
    yield opening("a field whose name could hide another", "malformed", token, field="family_name|x")
    yield opening("older than what was seen there", "older-revision", token, newest=new_revision(read.rev))
    yield opening("as old as what was seen there", "accepted", token, newest=read.rev)
    for says, plain in (
        ("no padding", b"seize octets ici"),
        ("padding of zeros alone", bytes(16)),
        ("a block of padding too many", b"abc\x80" + bytes(28)),
        ("not UTF-8", b"\xff\x80" + bytes(14)),
    ):
        yield opening(says, "bad-padding", _sealed_as_is(key, place, plain))
    yield opening(
        "header in another order", "does-not-open", _sealed_as_is(key, place, b"abc\x80" + bytes(12), order=("enc", "alg", "kid", "ctx"))
    )


def _of_public_records(bundle: Bundle) -> Iterator[Case]:
    record = bundle["holders"]["site"]["record"]
    site, other = held(bundle["holders"]["site"]), held(bundle["holders"]["other"])
    payload = json.loads(decode(record.split(".")[1]))

    def reading(says: str, code: str, record: str) -> Case:
        return _case(says, code, "readKeys", record=record)

    def signed(changed: dict[str, Any], *, by: PrivateKeys = site, header: dict[str, Any] | None = None) -> str:
        return _signed("sealed-key+jws", payload | changed, kid=site.keys.kid, key=by.sig, header=header)

    yield reading("the record as it was made", "accepted", record)
    yield reading("a version to come", "unknown-version", signed({"v": 2}))
    yield reading("true for a version", "unknown-version", signed({"v": True}))
    yield reading("a member too many", "malformed", signed({"more": 1}))
    yield reading("a member missing", "malformed", _signed("sealed-key+jws", {"v": 1}, kid=site.keys.kid, key=site.sig))
    yield reading("another curve", "other-algorithm", signed({"enc": payload["enc"] | {"crv": "P-384"}}))
    yield reading("another kind of key", "other-algorithm", signed({"enc": payload["enc"] | {"kty": "OKP"}}))
    yield reading("a private key given away", "malformed", signed({"enc": payload["enc"] | {"d": payload["enc"]["x"]}}))
    yield reading("a point that is not on the curve", "other-algorithm", signed({"enc": payload["enc"] | {"y": payload["enc"]["x"]}}))
    yield reading("a short coordinate", "malformed", signed({"enc": payload["enc"] | {"x": encode(bytes(31))}}))
    yield reading(
        "the key for agreement of another, signature unchanged",
        "bad-signature",
        _with_payload(record, payload | {"enc": protocol_jwk(other)}),
    )
    yield reading("signed by another", "bad-signature", signed({}, by=other))
    yield reading("its kid is another", "malformed", signed({"kid": f"{site.keys.kid}0"}))
    yield reading(
        "an epoch with a leading zero",
        "malformed",
        _signed("sealed-key+jws", payload, kid=site.keys.kid.replace("#", "#0"), key=site.sig),
    )
    yield reading("another algorithm of signature", "other-algorithm", signed({}, header={"alg": "ES384"}))
    yield reading("no algorithm of signature", "other-algorithm", signed({}, header={"alg": "none"}))
    yield reading("another type", "other-algorithm", signed({}, header={"typ": "sealed-evk+jws"}))
    yield reading("a header that brings its own key", "malformed", signed({}, header={"jwk": payload["sig"]}))
    yield reading("spaces in the JSON", "non-canonical", _with_payload(record, json.dumps(payload).encode()))
    yield reading("a member given twice", "non-canonical", _with_payload(record, b'{"v":1,' + decode(record.split(".")[1])[1:]))
    yield reading("members in another order", "non-canonical", signed_reversed(payload, site))
    yield reading("no JSON", "malformed", _with_payload(record, b"{"))
    yield reading("two parts", "malformed", record.rsplit(".", 1)[0])
    yield reading("a short signature", "malformed", f"{record.rsplit('.', 1)[0]}.{encode(bytes(63))}")


def _of_wraps(bundle: Bundle) -> Iterator[Case]:
    wrap, kit = bundle["wraps"]["kit"], bundle["kit"]
    record, following = bundle["holders"]["site"]["record"], bundle["holders"]["next"]["record"]
    site = held(bundle["holders"]["site"])

    def opening(says: str, code: str, changed: dict[str, Any], *, record: str = record, kit: str = kit) -> Case:
        return _case(says, code, "openWrap", wrap=deepcopy(wrap) | changed, record=record, kit=kit)

    def half(use: str, **changed: str) -> dict[str, Any]:
        return {use: wrap[use] | changed}

    yield opening("the wrap as it was made", "accepted", {})
    yield opening("a version to come", "unknown-version", {"v": 2})
    yield opening("a member too many", "malformed", {"more": 1})
    yield opening("a method that does not exist", "malformed", {"method": "pin"})
    yield opening("another derivation", "other-algorithm", {"kdf": {"alg": "pbkdf2"}})
    argon2 = bundle["wraps"]["passphrase"]["kdf"]
    for says, changed in (("less memory", {"m": 8192}), ("fewer passes", {"t": 1}), ("more lanes", {"p": 4})):
        yield opening(f"Argon2 with {says}", "other-algorithm", {"method": "passphrase", "kdf": argon2 | changed})
    yield opening("a short salt", "malformed", {"method": "passphrase", "kdf": argon2 | {"salt": encode(bytes(8))}})
    yield opening("a short tag", "short-tag", half("enc", tag=encode(decode(wrap["enc"]["tag"])[:12])))
    yield opening("a short nonce", "bad-nonce", half("sig", iv=encode(bytes(8))))
    yield opening("one bit changed", "wrong-secret", half("sig", ciphertext=encode(_flipped(decode(wrap["sig"]["ciphertext"])))))
    yield opening("halves swapped", "wrong-secret", {"enc": wrap["sig"], "sig": wrap["enc"]})
    yield opening("another kit", "wrong-secret", {}, kit=protocol.kit_text(bytes(32)))
    yield opening("the record of another epoch", "wrong-epoch", {}, record=following)
    yield opening("passed off as of another epoch", "wrong-secret", {"kid": protocol.read_keys(following).kid}, record=following)
    replaced, _made = protocol.make_keys(site.keys.kid)
    yield opening("the public record replaced", "key-mismatch", {}, record=replaced)
    halves, _made = protocol.make_keys(site.keys.kid, enc=site.enc)
    yield opening("its key of signature replaced", "key-mismatch", {}, record=halves)
    payload = json.loads(decode(record.split(".")[1]))
    false = "0000-0000" if payload["check"] != "0000-0000" else "1111-1111"
    yield opening(
        "its check value replaced",
        "key-mismatch",
        {},
        record=_signed("sealed-key+jws", payload | {"check": false}, kid=site.keys.kid, key=site.sig),
    )


def _of_secrets(bundle: Bundle) -> Iterator[Case]:
    kit, kid = bundle["kit"], protocol.read_keys(bundle["holders"]["site"]["record"]).kid
    slip = ("1" if kit[0] != "1" else "2") + kit[1:]
    yield _case("a kit as printed", "accepted", "readKit", typed=kit, kid=kid)
    yield _case("a slip of the pen", "malformed-secret", "readKit", typed=slip, kid=kid)
    yield _case("a group too few", "malformed-secret", "readKit", typed=kit[5:], kid=kid)
    yield _case("a letter that is not of the alphabet", "malformed-secret", "readKit", typed=f"U{kit[1:]}", kid=kid)
    yield _case("the code of another epoch", "wrong-epoch", "readKit", typed=bundle["kitCode"], kid=kid.replace("#1", "#2"))
    yield _case("a code of a version to come", "unknown-version", "readKit", typed=bundle["kitCode"].replace(":1:", ":2:", 1), kid=kid)
    yield _case("the passphrase in small letters", "accepted", "readPassphrase", typed=f" {bundle['passphrase'].lower()} ")
    yield _case("O for 0, I and l for 1", "accepted", "readPassphrase", typed="OIl0 1111 2222 3333")
    yield _case("a passphrase of fifteen characters", "malformed-secret", "readPassphrase", typed=bundle["passphrase"][1:])
    yield _case("a passphrase that somebody chose", "malformed-secret", "readPassphrase", typed="correct horse battery")


class _Forge:
    """Makes the record of an event's data key again, one thing changed, with a true signature."""

    def __init__(self, bundle: Bundle) -> None:
        self.site, self.other, self.connector = (held(bundle["holders"][name]) for name in ("site", "other", "connector"))
        self.stranger = protocol.make_keys(f"site:{new_revision()}#1")[1]
        self.record: str = bundle["dataKeys"]["wider"]
        self.jwe: dict[str, Any] = json.loads(decode(self.record.split(".")[1]))
        self.rev: str = json.loads(decode(self.record.split(".")[0]))["rev"]
        self.evk = _evk(self.jwe)

    def signed(self, changed: dict[str, Any], *, by: PrivateKeys | None = None) -> str:
        signer = by or self.site
        return _signed("sealed-evk+jws", self.jwe | changed, kid=signer.keys.kid, key=signer.sig, rev=self.rev)

    def recipients(self, change: Callable[[dict[str, Any]], object]) -> str:
        changed = deepcopy(self.jwe["recipients"])
        for one in changed:
            change(one)
        return self.signed({"recipients": changed})

    def headers(self, **changed: Any) -> str:
        return self.recipients(lambda one: one["header"].update(changed))

    def ephemeral(self, **changed: str) -> str:
        return self.recipients(lambda one: one["header"]["epk"].update(changed))

    def protected(self, **changed: str) -> str:
        header = {"enc": "A256GCM", "typ": "sealed-evk+jwe", "evk": self.evk}
        return self.signed({"protected": _protected(**header | changed)})


def _opening(says: str, code: str, record: str, holder: str = "site", **more: str) -> Case:
    return _case(says, code, "openDataKey", record=record, holder=holder, **more)


def _of_readers(bundle: Bundle) -> Iterator[Case]:
    forge = _Forge(bundle)
    record, jwe, rev, stranger = forge.record, forge.jwe, forge.rev, forge.stranger
    dat = bundle["dataKeys"]["site"]
    wider = {"recipients": _with_reader(jwe, stranger)}
    yield _opening("the record as it was made", "accepted", record)
    yield _opening("the site's own", "accepted", dat)
    yield _opening("by the connector that the site added", "accepted", dat, "connector")
    yield _opening("a reader that is not listed", "not-a-recipient", record, "connector")
    yield _opening("a reader slipped in, signature unchanged", "bad-signature", _with_payload(record, jwe | wider))
    yield _opening("a reader slipped in, signed by a stranger", "unpinned-signer", forge.signed(wider, by=stranger))
    yield _opening("a reader slipped in, the hash not made again", "recipients-mismatch", forge.signed(wider))
    yield _opening("a reader taken out", "bad-signature", _with_payload(record, jwe | {"recipients": jwe["recipients"][:1]}))
    yield _opening("signed by a connector", "unpinned-signer", forge.signed({}, by=forge.connector))
    swapped = deepcopy(jwe["recipients"])
    theirs = next(one for one in swapped if one["header"]["kid"] == forge.other.keys.kid)
    theirs["header"]["jkt"] = stranger.keys.jkt
    yield _opening("the key of a reader swapped", "changed-thumbprint", forge.signed(_bound(jwe, swapped)))
    own = json.loads(decode(dat.split(".")[1]))
    by_other = _signed("sealed-evk+jws", own, kid=forge.other.keys.kid, key=forge.other.sig, rev=new_revision())
    yield _opening("a site's own key signed by another site", "unpinned-signer", by_other)
    shared = own | _bound(own, _with_reader(own, forge.other))
    by_itself = _signed("sealed-evk+jws", shared, kid=forge.site.keys.kid, key=forge.site.sig, rev=new_revision())
    yield _opening("a site's own key that another site reads", "recipients-mismatch", by_itself)
    yield _opening("older than the one seen", "older-revision", record, newest=new_revision(rev))
    yield _opening("the one seen", "accepted", record, newest=rev)
    yield _opening("another number than the one asked for", "wrong-number", record, id=f"{forge.evk}0")
    yield _opening("another number put in", "recipients-mismatch", forge.protected(evk=f"{forge.evk}0"))
    yield _opening("readers in another order", "non-canonical", forge.signed({"recipients": jwe["recipients"][::-1]}))
    yield _opening("a reader listed twice", "non-canonical", forge.signed({"recipients": [jwe["recipients"][0]] * 2}))
    yield _opening("no reader", "malformed", forge.signed({"recipients": []}))
    yield _opening("too many readers", "too-long", forge.signed({"recipients": [jwe["recipients"][0]] * 65}))


def _of_data_key_forms(bundle: Bundle) -> Iterator[Case]:
    forge = _Forge(bundle)
    jwe = forge.jwe
    yield _opening("another encryption", "other-algorithm", forge.protected(enc="A128GCM"))
    yield _opening("another type", "other-algorithm", forge.protected(typ="JWE"))
    yield _opening("compression", "malformed", forge.protected(zip="DEF"))
    for algorithm in ("ECDH-ES", "ECDH-ES+A128KW", "RSA-OAEP", "dir"):
        yield _opening(f"keys by {algorithm}", "other-algorithm", forge.headers(alg=algorithm))
    yield _opening("party information", "malformed", forge.headers(apu="AA"))
    yield _opening("an ephemeral key of another curve", "other-algorithm", forge.ephemeral(crv="P-521"))
    yield _opening("an ephemeral key that is not on the curve", "other-algorithm", forge.ephemeral(x=encode(bytes(31) + b"\x05")))
    yield _opening("a key wrapped too short", "malformed", forge.recipients(lambda one: one.update(encrypted_key=encode(bytes(24)))))
    yield _opening("another wrapped key", "does-not-open", forge.recipients(lambda one: one.update(encrypted_key=encode(bytes(40)))))
    yield _opening("a short tag", "short-tag", forge.signed({"tag": encode(decode(jwe["tag"])[:8])}))
    yield _opening("a short nonce", "bad-nonce", forge.signed({"iv": encode(bytes(8))}))
    yield _opening("another ciphertext", "does-not-open", forge.signed({"ciphertext": encode(_flipped(decode(jwe["ciphertext"])))}))
    yield _opening("an unprotected header", "malformed", forge.signed({"unprotected": {}}))


def _of_statements(bundle: Bundle) -> Iterator[Case]:
    site, following, other = (held(bundle["holders"][name]) for name in ("site", "next", "other"))
    by = new_revision()
    good = protocol.make_confirmation(site, confirmed=other.keys, by=by)
    yield _case("a confirmation", "accepted", "confirm", record=good)
    yield _case(
        "a confirmation by the one it confirms",
        "unpinned-signer",
        "confirm",
        record=protocol.make_confirmation(other, confirmed=other.keys, by=by),
    )
    swapped = protocol.make_keys(other.keys.kid)[1]
    yield _case(
        "a confirmation of another key",
        "changed-thumbprint",
        "confirm",
        record=protocol.make_confirmation(site, confirmed=swapped.keys, by=by),
    )
    payload = json.loads(decode(good.split(".")[1]))
    yield _case("a confirmation altered", "bad-signature", "confirm", record=_with_payload(good, payload | {"by": new_revision()}))
    yield _case("a workstation passed off as a confirmation", "other-algorithm", "confirm", record=bundle["workstation"])

    records = {"from": bundle["holders"]["site"]["record"], "to": bundle["holders"]["next"]["record"]}
    yield _case("a succession", "accepted", "checkSuccession", record=bundle["succession"], **records)
    yield _case(
        "a succession backwards",
        "wrong-epoch",
        "checkSuccession",
        record=bundle["succession"],
        **{"from": records["to"], "to": records["from"]},
    )
    yield _case(
        "a successor swapped",
        "changed-thumbprint",
        "checkSuccession",
        record=bundle["succession"],
        **records | {"to": protocol.make_keys(following.keys.kid)[0]},
    )
    false = _signed("sealed-succession+jws", json.loads(decode(bundle["succession"].split(".")[1])), kid=site.keys.kid, key=other.sig)
    yield _case("a succession that the former epoch did not sign", "bad-signature", "checkSuccession", record=false, **records)


# --- Falsifying ------------------------------------------------------------------------------------------------------
def _case(says: str, code: str, call: str, **given: Any) -> Case:
    return {"says": says, "code": code, "call": call, "with": given}


def protocol_text(bundle: Bundle) -> str:
    return str(next(one["text"] for one in bundle["values"] if "Lefèvre" in one["text"]))


def protocol_jwk(holder: PrivateKeys) -> dict[str, str]:
    numbers = holder.keys.enc.public_numbers()
    return {"kty": "EC", "crv": "P-256", "x": encode(numbers.x.to_bytes(32, "big")), "y": encode(numbers.y.to_bytes(32, "big"))}


def _signed(
    typ: str, payload: object, *, kid: str, key: ec.EllipticCurvePrivateKey, rev: str | None = None, header: dict[str, Any] | None = None
) -> str:
    """Sign with a header of one's choice: the signature is always a true ES256 one."""
    first = {"alg": "ES256", "typ": typ, "kid": kid} | ({} if rev is None else {"rev": rev}) | (header or {})
    good = protocol.sign(typ=typ, kid=kid, payload=payload, key=key, rev=rev)
    return protocol.sign_parts(encode(protocol.write_json(first)), good.split(".")[1], key)


def _with_payload(record: str, payload: object) -> str:
    data = payload if isinstance(payload, bytes) else protocol.write_json(payload)
    header, _payload, signature = record.split(".")
    return f"{header}.{encode(data)}.{signature}"


def signed_reversed(payload: dict[str, Any], holder: PrivateKeys) -> str:
    return _signed("sealed-key+jws", dict(reversed(payload.items())), kid=holder.keys.kid, key=holder.sig)


def _protected(**header: str) -> str:
    return encode(protocol.write_json(header))


def _evk(jwe: dict[str, Any]) -> str:
    return str(json.loads(decode(jwe["protected"]))["evk"])


def _with_reader(jwe: dict[str, Any], reader: PrivateKeys) -> list[dict[str, Any]]:
    header = jwe["recipients"][0]["header"] | {"kid": reader.keys.kid, "jkt": reader.keys.jkt}
    added = {"header": header, "encrypted_key": encode(bytes(40))}
    return sorted([*jwe["recipients"], added], key=lambda one: str(one["header"]["kid"]))


def _bound(jwe: dict[str, Any], recipients: list[dict[str, Any]]) -> dict[str, Any]:
    together = protocol.bound(_evk(jwe), [one["header"]["jkt"] for one in recipients])
    return {"aad": encode(together.encode()), "recipients": recipients}


def _sealed_as_is(key: DataKey, place: dict[str, str], plain: bytes, order: tuple[str, ...] = ("alg", "enc", "kid", "ctx")) -> str:
    rev, iv = new_revision(), bytes(range(12))
    header = {"alg": "dir", "enc": "A256GCM", "kid": f"{key.scope}#{key.number}", "ctx": f"{Place(**place)}|{rev}"}
    whole = AESGCM(key.key).encrypt(iv, plain, _protected(**{name: header[name] for name in order}).encode())
    return f"s1.{key.number}.{rev}.{encode(iv)}.{encode(whole[:-16])}.{encode(whole[-16:])}"


def _flipped(data: bytes) -> bytes:
    return bytes([data[0] ^ 1]) + data[1:]


def _with_left_over_bits(text: str) -> str:
    """Return another text of the same bytes: the last character's unused bits are set."""
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    return text[:-1] + alphabet[alphabet.index(text[-1]) | 1]
