// The two key pairs of a site or connector, their public record, and what people compare.
import { calculateJwkThumbprint } from "jose";
import { fromBase64url, inGroups, sha256, toBase32, toBase64url, toUtf8, type Bytes } from "./encoding";
import { checkedRevision, newRevision, readKid } from "./identifiers";
import { checkVersion, orderedMembers, text } from "./json";
import type { KeyPayload, PublicJwk, SuccessionPayload } from "./records";
import { refuse } from "./refusal";
import { readSigned, sign, verify } from "./signatures";

export const AGREEMENT = { name: "ECDH", namedCurve: "P-256" } as const;
export const SIGNATURE = { name: "ECDSA", namedCurve: "P-256" } as const;

/** A public record that was checked. */
export interface PublicKeys {
  kid: string;
  enc: CryptoKey;
  sig: CryptoKey;
  /** RFC 7638 thumbprint of `enc`, by which data keys name their recipients. */
  jkt: string;
  /** What is pinned. */
  thumbprint: string;
  /** What people compare: `4N8QK-0YJ7A-…`, 125 bits. */
  fingerprint: string;
  check: string;
  rev: string;
}

/** The private halves with their public record. Extractable only between their making, or a wrap reopened, and their wraps. */
export interface PrivateKeys {
  enc: CryptoKey;
  sig: CryptoKey;
  keys: PublicKeys;
}

/** Makes both pairs. `record` goes to the server; the pairs go to `wraps.ts`, then are let go. */
export async function makeKeys(kid: string): Promise<{ record: string; made: PrivateKeys }> {
  readKid(kid);
  const agreement = await crypto.subtle.generateKey(AGREEMENT, true, ["deriveBits"]);
  const signature = await crypto.subtle.generateKey(SIGNATURE, true, ["sign", "verify"]);
  const payload: KeyPayload = {
    v: 1,
    kid,
    enc: await exported(agreement.publicKey),
    sig: await exported(signature.publicKey),
    check: await checkValue({ kid, privateKey: agreement.privateKey, publicKey: agreement.publicKey }),
    rev: newRevision(),
  };
  const record = await sign({ typ: "sealed-key+jws", kid, payload, key: signature.privateKey });
  return { record, made: { enc: agreement.privateKey, sig: signature.privateKey, keys: await readKeys(record) } };
}

/** Checks a public record: its form, its points, its own signature. Says nothing of whether to trust it: see `pins.ts`. */
export async function readKeys(record: string): Promise<PublicKeys> {
  const signed = readSigned(record, "sealed-key+jws");
  checkVersion(signed.payload);
  const payload = orderedMembers(signed.payload, ["v", "kid", "enc", "sig", "check", "rev"]);
  if (payload["kid"] !== signed.kid) refuse("malformed", "kid");
  const check = text(payload["check"]);
  if (!/^[0-9A-HJKMNP-TV-Z]{4}-[0-9A-HJKMNP-TV-Z]{4}$/.test(check)) refuse("malformed", "check");
  const rev = checkedRevision(text(payload["rev"]));
  const enc = readJwk(payload["enc"]);
  const sig = readJwk(payload["sig"]);
  const keys = { kid: signed.kid, enc: await imported(enc, AGREEMENT), sig: await imported(sig, SIGNATURE), check, rev };
  await verify(record, keys.sig);
  const jkt = await calculateJwkThumbprint(enc);
  const hash = await sha256(toUtf8(`vigie-key-1|${signed.kid}|${jkt}|${await calculateJwkThumbprint(sig)}`));
  return { ...keys, jkt, thumbprint: toBase64url(hash), fingerprint: inGroups(toBase32(hash, 25), 5) };
}

/** Refuses private keys that are not those of their record: an agreement both ways, a signature, the check value. */
export async function checkHeld({ enc, sig, keys }: PrivateKeys): Promise<void> {
  const ephemeral = await crypto.subtle.generateKey(AGREEMENT, true, ["deriveBits"]);
  const [there, back] = await Promise.all([agreed(enc, ephemeral.publicKey), agreed(ephemeral.privateKey, keys.enc)]);
  if (toBase64url(there) !== toBase64url(back)) refuse("key-mismatch", "enc");
  const proof = toUtf8(`vigie-check-1|${keys.kid}`);
  const algorithm = { name: "ECDSA", hash: "SHA-256" };
  const signature = await crypto.subtle.sign(algorithm, sig, proof);
  if (!(await crypto.subtle.verify(algorithm, keys.sig, signature, proof))) refuse("key-mismatch", "sig");
  if ((await checkValue({ kid: keys.kid, privateKey: enc, publicKey: keys.enc })) !== keys.check) refuse("key-mismatch", "check");
}

/** Signs the next epoch with this one, for those who will confirm it. */
export async function makeSuccession({ from, to }: { from: PrivateKeys; to: PublicKeys }): Promise<string> {
  const payload: SuccessionPayload = { v: 1, kid: to.kid, thumbprint: to.thumbprint, rev: newRevision(to.rev) };
  return sign({ typ: "sealed-succession+jws", kid: from.keys.kid, payload, key: from.sig });
}

/** Checks that `to` is the next epoch of `from`, and that `from` says so. */
export async function checkSuccession({ record, from, to }: { record: string; from: PublicKeys; to: PublicKeys }): Promise<void> {
  const signed = readSigned(record, "sealed-succession+jws");
  checkVersion(signed.payload);
  const payload = orderedMembers(signed.payload, ["v", "kid", "thumbprint", "rev"]);
  checkedRevision(text(payload["rev"]));
  const [before, after] = [readKid(from.kid), readKid(to.kid)];
  const isNext = before.owner === after.owner && before.id === after.id && before.epoch + 1 === after.epoch;
  if (!isNext || signed.kid !== from.kid || payload["kid"] !== to.kid) refuse("wrong-epoch");
  if (payload["thumbprint"] !== to.thumbprint) refuse("changed-thumbprint");
  await verify(record, from.sig);
}

export function readJwk(value: unknown): PublicJwk {
  const { kty, crv } = (value ?? {}) as { kty?: unknown; crv?: unknown };
  if (kty !== "EC" || crv !== "P-256") refuse("other-algorithm", "key");
  const jwk = orderedMembers(value, ["kty", "crv", "x", "y"]);
  for (const name of ["x", "y"]) if (fromBase64url(text(jwk[name])).length !== 32) refuse("malformed", "coordinate");
  return jwk as unknown as PublicJwk;
}

export async function imported(jwk: PublicJwk, algorithm: typeof AGREEMENT | typeof SIGNATURE): Promise<CryptoKey> {
  try {
    return await crypto.subtle.importKey("jwk", { ...jwk }, algorithm, true, algorithm === SIGNATURE ? ["verify"] : []);
  } catch {
    return refuse("other-algorithm", "point");
  }
}

export async function exported(key: CryptoKey): Promise<PublicJwk> {
  const { x = "", y = "" } = await crypto.subtle.exportKey("jwk", key);
  return { kty: "EC", crv: "P-256", x, y };
}

export async function agreed(privateKey: CryptoKey, publicKey: CryptoKey): Promise<Bytes> {
  return new Uint8Array(await crypto.subtle.deriveBits({ name: "ECDH", public: publicKey }, privateKey, 256));
}

export async function hkdf({ secret, salt, info, length }: { secret: Bytes; salt: Bytes; info: string; length: number }): Promise<Bytes> {
  const key = await crypto.subtle.importKey("raw", secret, "HKDF", false, ["deriveBits"]);
  const derivation = { name: "HKDF", hash: "SHA-256", salt, info: toUtf8(info) };
  return new Uint8Array(await crypto.subtle.deriveBits(derivation, key, length * 8));
}

async function checkValue({ kid, privateKey, publicKey }: { kid: string; privateKey: CryptoKey; publicKey: CryptoKey }): Promise<string> {
  const secret = await agreed(privateKey, publicKey);
  const value = await hkdf({ secret, salt: new Uint8Array(0), info: `vigie-check-1|${kid}`, length: 5 });
  return inGroups(toBase32(value), 4);
}
