"""What the two implementations do with each other's work: the same in frontend/sealing/interop.ts."""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Final

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

from vigie.sealing import protocol
from vigie.sealing.protocol import Pins, Place, PrivateKeys, SealingRefusal, new_revision

FRONTEND: Final = Path(__file__).resolve().parents[3] / "frontend"
VECTORS: Final = FRONTEND / "sealing" / "vectors.json"
TEXTS: Final = (
    "", "a", "quinze octets..", "seize octets ici", "dix-sept octets .", "Éléonore Lefèvre-Nguyễn",
    "👩🏽‍⚕️ 1998-02-31\n«\u00a0à\u00a0»", "x" * protocol.LONGEST_TEXT,
)  # fmt: skip

Bundle = dict[str, Any]


def ask_typescript(bundle: Bundle, cases: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """Let the browser's library open a bundle and answer cases, in Node; it also makes a bundle of its own."""
    folder = Path(sys.executable).parent
    environment = os.environ | {"PATH": f"{folder}{os.pathsep}{os.environ.get('PATH', os.defpath)}"}
    done = subprocess.run(
        [folder / "node", "run.mjs", "sealing/interop-run.ts"],
        cwd=FRONTEND,
        env=environment,
        input=json.dumps({"bundle": bundle, "cases": cases}),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    answer: dict[str, Any] = json.loads(done.stdout)
    return answer


def make_bundle() -> Bundle:
    """Make one of everything."""
    instance, site = new_revision(), new_revision()
    kids = [f"site:{site}#1", f"site:{site}#2", f"site:{new_revision()}#1", f"con:{new_revision()}#1"]
    one, two, three, four = (protocol.make_keys(kid) for kid in kids)
    made = one[1]
    kit, prf, passphrase = os.urandom(32), os.urandom(32), protocol.make_passphrase()
    argon2 = protocol.passphrase_kdf()
    passkey = {"alg": "hkdf-sha256", "salt": protocol.encode(os.urandom(32)), "credential": protocol.encode(os.urandom(16))}
    methods = {
        "passphrase": (argon2, protocol.passphrase_key(passphrase, argon2)),
        "passkey": (passkey, protocol.passkey_key(prf, salt=passkey["salt"], kid=kids[0])),
        "kit": ({"alg": "hkdf-sha256"}, protocol.kit_key(kit, kids[0])),
    }
    confirmations = [
        protocol.make_confirmation(made, confirmed=other.keys, by=new_revision()) for other in (three[1], three[1], four[1], four[1])
    ]
    pins = Pins()
    for held in (made, two[1]):
        pins.see(held.keys, own=True)
    for held in (three[1], four[1]):
        pins.see(held.keys)
    for confirmation in confirmations:
        pins.confirm(confirmation)
    dat, evt = f"dat:{site}", f"evt:{new_revision()}"
    site_key = protocol.make_data_key(scope=dat, number=1, recipients=[kids[0], kids[3]], signer=made, pins=pins)
    event = protocol.make_data_key(scope=evt, number=1, recipients=[kids[0]], signer=made, pins=pins)
    wider = protocol.remake_data_key(event, recipients=[kids[0], kids[2]], held=[made], signer=made, pins=pins)
    rotated = protocol.make_data_key(scope=dat, number=2, recipients=[kids[1]], signer=two[1], pins=pins)
    values = []
    for name, record, opener in (("site", site_key, made), ("event", wider, made), ("rotated", rotated, two[1])):
        key = protocol.open_data_key(record, held=[opener], pins=pins)
        for text in TEXTS if name == "site" else TEXTS[5:6]:
            place = {"instance": instance, "scope": key.scope, "record": f"patient:{new_revision()}", "field": "family_name"}
            values.append({"key": name, "place": place, "token": protocol.seal_field(key, Place(**place), text), "text": text})
    return {
        "instance": instance,
        "site": site,
        "holders": {"site": _holder(*one), "next": _holder(*two), "other": _holder(*three), "connector": _holder(*four)},
        "succession": protocol.make_succession(former=made, successor=two[1].keys),
        "passphrase": passphrase,
        "kit": protocol.kit_text(kit),
        "kitCode": f"vigie-kit:1:{kids[0]}:{protocol.kit_text(kit).replace('-', '')}",
        "prf": protocol.encode(prf),
        "wraps": {method: protocol.make_wrap(made, method=method, kdf=kdf, wrapping_key=key) for method, (kdf, key) in methods.items()},
        "workstation": protocol.make_workstation(made, name="Accueil n° 2, « été »", method="kit"),
        "confirmations": confirmations,
        "dataKeys": {"site": site_key, "event": event, "wider": wider, "rotated": rotated},
        "values": values,
        "found": _found(made),
    }


def open_bundle(bundle: Bundle) -> list[str]:
    """Open everything in a bundle; the texts found."""
    wraps, holders = bundle["wraps"], bundle["holders"]
    keys = protocol.read_keys(holders["site"]["record"])
    kit = protocol.read_kit(bundle["kit"].lower().replace("-", " "), keys.kid)
    assert protocol.read_kit(bundle["kitCode"], keys.kid) == kit
    wrapping_keys = {
        "passphrase": protocol.passphrase_key(bundle["passphrase"], wraps["passphrase"]["kdf"]),
        "passkey": protocol.passkey_key(protocol.decode(bundle["prf"]), salt=wraps["passkey"]["kdf"]["salt"], kid=keys.kid),
        "kit": protocol.kit_key(kit, keys.kid),
    }
    for method, wrapping_key in wrapping_keys.items():
        assert _found(protocol.open_wrap(wraps[method], keys=keys, wrapping_key=wrapping_key)) == bundle["found"]
    site, following, other, connector = (held(holders[name]) for name in ("site", "next", "other", "connector"))
    protocol.check_succession(bundle["succession"], former=keys, successor=following.keys)
    protocol.read_workstation(bundle["workstation"], keys)
    pins = trusting(bundle)
    openers = {"site": (site, connector), "event": (site, other), "rotated": (following,)}
    records = {name: bundle["dataKeys"][record] for name, record in (("site", "site"), ("event", "wider"), ("rotated", "rotated"))}
    texts = []
    for value in bundle["values"]:
        for opener in openers[value["key"]]:
            key = protocol.open_data_key(records[value["key"]], held=[opener], pins=pins)
            assert protocol.open_field(key, Place(**value["place"]), value["token"]) == value["text"]
        texts.append(value["text"])
    return texts


def trusting(bundle: Bundle) -> Pins:
    """Return the pins of a workstation of the bundle's site, which learns the others from confirmations."""
    pins = Pins()
    for name in ("site", "next"):
        pins.see(protocol.read_keys(bundle["holders"][name]["record"]), own=True)
    for confirmation in bundle["confirmations"]:
        pins.confirm(confirmation)
    for name in ("other", "connector"):
        pins.see(protocol.read_keys(bundle["holders"][name]["record"]))
    return pins


def answer_to(bundle: Bundle, case: dict[str, Any]) -> str:
    """Return the code with which a case is refused, or `accepted`."""
    try:
        CALLS[case["call"]](bundle, **case["with"])
    except SealingRefusal as refusal:
        return refusal.code
    return "accepted"


def _open_wrap(_bundle: Bundle, *, wrap: dict[str, Any], record: str, kit: str) -> object:
    kid = wrap["kid"]
    return protocol.open_wrap(wrap, keys=protocol.read_keys(record), wrapping_key=protocol.kit_key(protocol.read_kit(kit, kid), kid))


def _open_data_key(bundle: Bundle, *, record: str, holder: str, id: str = "", newest: str = "") -> object:  # noqa: A002 - the name in the vectors
    return protocol.open_data_key(record, held=[held(bundle["holders"][holder])], pins=trusting(bundle), identifier=id, newest=newest)


def _open_field(bundle: Bundle, *, token: str, place: dict[str, str], newest: str = "") -> object:
    key = protocol.open_data_key(bundle["dataKeys"]["site"], held=[held(bundle["holders"]["site"])], pins=trusting(bundle))
    return protocol.open_field(key, Place(**place), token, newest=newest)


def _read_passphrase(_bundle: Bundle, *, typed: str) -> object:
    return protocol.read_passphrase(typed)


def _check_succession(_bundle: Bundle, *, record: str, **keys: str) -> None:
    protocol.check_succession(record, former=protocol.read_keys(keys["from"]), successor=protocol.read_keys(keys["to"]))


CALLS: Final[dict[str, Callable[..., object]]] = {
    "readKeys": lambda _bundle, *, record: protocol.read_keys(record),
    "openWrap": _open_wrap,
    "openDataKey": _open_data_key,
    "openField": _open_field,
    "readKit": lambda _bundle, *, typed, kid: protocol.read_kit(typed, kid),
    "readPassphrase": _read_passphrase,
    "confirm": lambda bundle, *, record: trusting(bundle).confirm(record),
    "checkSuccession": _check_succession,
}


def held(holder: dict[str, str]) -> PrivateKeys:
    enc, sig = (serialization.load_der_private_key(protocol.decode(holder[use]), password=None) for use in ("enc", "sig"))
    assert isinstance(enc, ec.EllipticCurvePrivateKey)
    assert isinstance(sig, ec.EllipticCurvePrivateKey)
    made = PrivateKeys(enc, sig, protocol.read_keys(holder["record"]))
    protocol.check_held(made)
    return made


def _found(held_keys: PrivateKeys) -> dict[str, str]:
    keys = held_keys.keys
    return {"thumbprint": keys.thumbprint, "fingerprint": keys.fingerprint, "jkt": keys.jkt, "check": keys.check}


def _holder(record: str, made: PrivateKeys) -> dict[str, str]:
    form = serialization.Encoding.DER, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    return {"record": record, "enc": protocol.encode(made.enc.private_bytes(*form)), "sig": protocol.encode(made.sig.private_bytes(*form))}
