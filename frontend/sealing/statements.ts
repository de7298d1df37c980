// What a site signs of itself and of others: its workstations, the keys that it confirms.
import { checkedRevision, checkedUuid, newRevision, readKid } from "./identifiers";
import { checkVersion, orderedMembers, text } from "./json";
import type { PrivateKeys, PublicKeys } from "./keys";
import type { ConfirmationPayload, WorkstationPayload, WrapMethod } from "./records";
import { refuse } from "./refusal";
import { readSigned, sign, verify } from "./signatures";

const METHODS = ["passphrase", "passkey", "kit"];

/** Announces this browser, which holds the keys, under a name that its users recognise. */
export async function makeWorkstation({ held, name, method, id = newRevision() }: {
  held: PrivateKeys;
  name: string;
  method: WrapMethod;
  id?: string;
}): Promise<{ id: string; record: string }> {
  const { kid, check } = held.keys;
  const payload: WorkstationPayload = { v: 1, id, kid, name, method, check, rev: newRevision() };
  return { id, record: await sign({ typ: "sealed-workstation+jws", kid, payload, key: held.sig }) };
}

export async function readWorkstation(record: string, keys: PublicKeys): Promise<WorkstationPayload> {
  const signed = readSigned(record, "sealed-workstation+jws");
  checkVersion(signed.payload);
  const payload = orderedMembers(signed.payload, ["v", "id", "kid", "name", "method", "check", "rev"]);
  if (signed.kid !== keys.kid || payload["kid"] !== keys.kid || payload["check"] !== keys.check) refuse("wrong-epoch");
  checkedUuid(text(payload["id"]));
  checkedRevision(text(payload["rev"]));
  text(payload["name"]);
  if (!METHODS.includes(text(payload["method"]))) refuse("malformed", "method");
  await verify(record, keys.sig);
  return payload as unknown as WorkstationPayload;
}

/** Says, as the site, that this administrator compared the fingerprint of `confirmed` with its owner. */
export async function makeConfirmation({ held, confirmed, by }: { held: PrivateKeys; confirmed: PublicKeys; by: string }): Promise<string> {
  const payload: ConfirmationPayload = {
    v: 1,
    kid: confirmed.kid,
    thumbprint: confirmed.thumbprint,
    by: checkedUuid(by),
    rev: newRevision(),
  };
  return sign({ typ: "sealed-confirmation+jws", kid: held.keys.kid, payload, key: held.sig });
}

/** `signers` are the site's own keys, unlocked here: nobody else's confirmation counts. */
export async function readConfirmation(record: string, signers: readonly PublicKeys[]): Promise<ConfirmationPayload> {
  const signed = readSigned(record, "sealed-confirmation+jws");
  checkVersion(signed.payload);
  const payload = orderedMembers(signed.payload, ["v", "kid", "thumbprint", "by", "rev"]);
  readKid(text(payload["kid"]));
  text(payload["thumbprint"]);
  checkedUuid(text(payload["by"]));
  checkedRevision(text(payload["rev"]));
  const signer = signers.find(({ kid }) => kid === signed.kid) ?? refuse("unpinned-signer");
  await verify(record, signer.sig);
  return payload as unknown as ConfirmationPayload;
}
