"""What the elements of the pages send and ask, in JSON: records made in the browser. Nothing here is a secret.

A refusal is answered with its status and `{"error": "…"}`, for people.
"""

from collections.abc import Callable
from functools import wraps
from typing import Any, Concatenate, ParamSpec
from uuid import UUID

from django.http import HttpResponseBase, JsonResponse
from django.views.decorators.http import require_GET, require_POST

from vigie.accounts.devices import browser_name
from vigie.accounts.strength import strong_session
from vigie.directory.access import signed_in
from vigie.directory.entry import SignedInRequest
from vigie.foundation.errors import DomainError, Invalid
from vigie.foundation.scope import writes_on_get
from vigie.sealing import actions, queries, records
from vigie.sealing.policies import access_site

Parameters = ParamSpec("Parameters")
Answer = dict[str, Any]


def _json(
    view: Callable[Concatenate[SignedInRequest, str, Parameters], Answer],
) -> Callable[Concatenate[SignedInRequest, str, Parameters], HttpResponseBase]:
    @wraps(view)
    def answered(request: SignedInRequest, number: str, *args: Parameters.args, **kwargs: Parameters.kwargs) -> HttpResponseBase:
        try:
            # Before the body is read: who has nothing to do here learns nothing, not even what a body looks like.
            access_site(request.actor, number)
            return JsonResponse(view(request, number, *args, **kwargs))
        except Invalid as error:
            return JsonResponse({"error": " ".join(str(said) for said in error.fields.values())}, status=error.status)
        except DomainError as error:
            return JsonResponse({"error": str(error.message)}, status=error.status)

    return answered  # type: ignore[return-value] # wraps() remembers the names of the arguments


def _sent(request: SignedInRequest, *names: str) -> dict[str, Any]:
    """Return the members of the body: exactly these."""
    found = records.parse(request.body)
    if not isinstance(found, dict) or set(found) != set(names):
        records.refuse("member")
    return found


def _text(value: object) -> str:
    if not isinstance(value, str):
        records.refuse("member")
    return value


def _number(value: object) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or not 0 < value < 2**31:
        records.refuse("number")
    return value


@writes_on_get
@require_GET
@signed_in
@strong_session
@_json
def ring(request: SignedInRequest, number: str) -> Answer:
    """The public records and envelopes of the site, for the scopes that a page asks for; the workstation that asks was seen."""
    access = access_site(request.actor, number)
    if (station := request.GET.get("workstation")) is not None:
        actions.note_workstation(access, station)
    return queries.key_ring(access.site, scopes=request.GET.getlist("scope"))


@require_POST
@signed_in
@strong_session
@_json
def keys(request: SignedInRequest, number: str) -> Answer:
    """A new epoch."""
    sent = _sent(request, "record", "wraps", "succession", "reason")
    key = actions.make_key(
        request.actor, number, record=sent["record"], wraps=sent["wraps"], succession=sent["succession"], reason=_text(sent["reason"])
    )
    return {"kid": key.kid, "epoch": key.epoch}


@require_POST
@signed_in
@strong_session
@_json
def key_confirmation(request: SignedInRequest, number: str, epoch: int) -> Answer:
    """One of the two confirmations of a new epoch."""
    key = actions.confirm_key(request.actor, number, epoch, confirmation=_sent(request, "confirmation")["confirmation"])
    return {"state": key.state.value}


@require_POST
@signed_in
@strong_session
@_json
def wraps_reading(request: SignedInRequest, number: str) -> Answer:
    """The ways to unwrap an epoch, the active one when it is null: an act of the journal."""
    sent = _sent(request, "purpose", "epoch")
    epoch = None if sent["epoch"] is None else _number(sent["epoch"])
    key, found = actions.read_wraps(request.actor, number, purpose=_text(sent["purpose"]), epoch=epoch)
    return {"key": key.record, "wraps": [wrap.record for wrap in found], "labels": {str(wrap.id): wrap.label for wrap in found}}


@require_POST
@signed_in
@strong_session
@_json
def wraps_adding(request: SignedInRequest, number: str) -> Answer:
    """A passkey more, or what is to replace the passphrase or the kit."""
    sent = _sent(request, "epoch", "record", "label")
    wrap = actions.add_wrap(request.actor, number, _number(sent["epoch"]), record=sent["record"], label=_text(sent["label"]))
    return {"id": str(wrap.id)}


@require_POST
@signed_in
@strong_session
@_json
def wrap_proof(request: SignedInRequest, number: str, wrap_id: UUID) -> Answer:
    """This method opened the key, a moment ago."""
    wrap = actions.prove_wrap(request.actor, number, wrap_id, confirmation=_sent(request, "confirmation")["confirmation"])
    return {"id": str(wrap.id)}


@require_POST
@signed_in
@strong_session
@_json
def station_registering(request: SignedInRequest, number: str) -> Answer:
    """This browser unlocked the key."""
    station = actions.register_workstation(
        request.actor,
        number,
        record=_sent(request, "record")["record"],
        browser=browser_name(request.headers.get("User-Agent", "")),
    )
    return {"id": str(station.id), "name": station.name}


@require_POST
@signed_in
@strong_session
@_json
def station_seen(request: SignedInRequest, number: str, station_id: UUID) -> Answer:
    """This browser still holds the key; 404 or 410 tell it to forget."""
    _sent(request)
    return {"name": actions.see_workstation(request.actor, number, station_id).name}


@require_POST
@signed_in
@strong_session
@_json
def station_forgotten(request: SignedInRequest, number: str, station_id: UUID) -> Answer:
    """This browser has erased the key."""
    _sent(request)
    actions.forget_workstation(request.actor, number, station_id)
    return {}


@require_POST
@signed_in
@strong_session
@_json
def data_keys(request: SignedInRequest, number: str) -> Answer:
    """The next data key."""
    return {"number": actions.add_data_key(request.actor, number, record=_sent(request, "record")["record"]).number}


@require_POST
@signed_in
@strong_session
@_json
def data_key_envelope(request: SignedInRequest, number: str, data_key: int) -> Answer:
    """The envelope of a data key, made again for those who must read now."""
    return {"number": actions.rewrap_data_key(request.actor, number, data_key, record=_sent(request, "record")["record"]).number}


@require_POST
@signed_in
@strong_session
@_json
def data_keys_retiring(request: SignedInRequest, number: str) -> Answer:
    """Data keys that seal nothing any more go."""
    _sent(request)
    return {"retired": actions.retire_data_keys(request.actor, number)}


@require_POST
@signed_in
@strong_session
@_json
def values_batch(request: SignedInRequest, number: str, source: str) -> Answer:
    """Some values sealed under an old data key."""
    _sent(request)
    found = actions.values_to_reseal(request.actor, number, source)
    return {"values": [{"record": one.record, "field": one.field, "token": one.token} for one in found.values], "left": found.left}


@require_POST
@signed_in
@strong_session
@_json
def values_replacing(request: SignedInRequest, number: str, source: str) -> Answer:
    """The same values, sealed again under the newest data key."""
    done, left = actions.replace_values(request.actor, number, source, values=_sent(request, "values")["values"])
    return {"done": done, "left": left}


@require_POST
@signed_in
@strong_session
@_json
def connector_confirmation(request: SignedInRequest, number: str, connector_id: UUID) -> Answer:
    """One of the two confirmations of a connector."""
    actions.confirm_connector(request.actor, number, connector_id, confirmation=_sent(request, "confirmation")["confirmation"])
    return {}


@require_POST
@signed_in
@strong_session
@_json
def alarm(request: SignedInRequest, number: str) -> Answer:
    """This browser was shown something else than what it knew."""
    sent = _sent(request, "alarm", "expected", "found")
    actions.report_alarm(request.actor, number, alarm=_text(sent["alarm"]), expected=_text(sent["expected"]), found=_text(sent["found"]))
    return {}
