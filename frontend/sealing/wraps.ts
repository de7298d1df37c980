// Private keys encrypted once for each method that opens them.
import { fromBase64url, randomBytes, toBase64url, toUtf8 } from "./encoding";
import { checkedUuid, newRevision, readKid } from "./identifiers";
import { members, text, checkVersion } from "./json";
import { AGREEMENT, checkHeld, SIGNATURE, type PrivateKeys, type PublicKeys } from "./keys";
import type { Kdf, SealedBytes, WrapMethod, WrapRecord } from "./records";
import { refuse } from "./refusal";

const USES = { enc: { algorithm: AGREEMENT, usages: ["deriveBits"] }, sig: { algorithm: SIGNATURE, usages: ["sign"] } } as const;
type Use = keyof typeof USES;

/** Wraps extractable private keys under the key of `secrets.ts` or `passphrase.ts` that `kdf` describes. */
export async function makeWrap({ made, method, kdf, wrappingKey }: {
  made: PrivateKeys;
  method: WrapMethod;
  kdf: Kdf;
  wrappingKey: CryptoKey;
}): Promise<WrapRecord> {
  const { kid } = made.keys;
  const [enc, sig] = await Promise.all([wrapped("enc", made.enc, kid, wrappingKey), wrapped("sig", made.sig, kid, wrappingKey)]);
  return readWrap({ v: 1, id: newRevision(), kid, method, kdf, enc, sig });
}

/**
 * Opens a wrap and checks the keys against their record. Not extractable, unless they are about to be wrapped by
 * another method.
 */
export async function openWrap({ wrap, keys, wrappingKey, extractable = false }: {
  wrap: WrapRecord;
  keys: PublicKeys;
  wrappingKey: CryptoKey;
  extractable?: boolean;
}): Promise<PrivateKeys> {
  const { kid, enc, sig } = readWrap(wrap);
  if (kid !== keys.kid) refuse("wrong-epoch");
  const held = {
    enc: await unwrapped("enc", enc, kid, wrappingKey, extractable),
    sig: await unwrapped("sig", sig, kid, wrappingKey, extractable),
    keys,
  };
  await checkHeld(held);
  return held;
}

/** Checks the form of what the server gave, before any secret is asked for. */
export function readWrap(value: unknown): WrapRecord {
  checkVersion(value);
  const wrap = members(value, ["v", "id", "kid", "method", "kdf", "enc", "sig"]);
  checkedUuid(text(wrap["id"]));
  readKid(text(wrap["kid"]));
  checkKdf(wrap["method"], wrap["kdf"]);
  for (const use of ["enc", "sig"] as const) checkSealed(wrap[use]);
  return value as WrapRecord;
}

function checkKdf(method: unknown, value: unknown): void {
  const { alg } = (value ?? {}) as { alg?: unknown };
  if (method === "passphrase") {
    if (alg !== "argon2id") refuse("other-algorithm", "kdf");
    const kdf = members(value, ["alg", "m", "t", "p", "salt"]);
    if (kdf["m"] !== 65536 || kdf["t"] !== 3 || kdf["p"] !== 1) refuse("other-algorithm", "Argon2 parameters");
    if (fromBase64url(text(kdf["salt"])).length !== 16) refuse("malformed", "salt");
    return;
  }
  if (method !== "passkey" && method !== "kit") refuse("malformed", "method");
  if (alg !== "hkdf-sha256") refuse("other-algorithm", "kdf");
  const kdf = members(value, method === "kit" ? ["alg"] : ["alg", "salt", "credential"]);
  if (method === "kit") return;
  if (fromBase64url(text(kdf["salt"])).length !== 32) refuse("malformed", "salt");
  if (fromBase64url(text(kdf["credential"])).length === 0) refuse("malformed", "credential");
}

function checkSealed(value: unknown): void {
  const sealed = members(value, ["iv", "ciphertext", "tag"]);
  if (fromBase64url(text(sealed["iv"])).length !== 12) refuse("bad-nonce");
  if (fromBase64url(text(sealed["ciphertext"])).length === 0) refuse("malformed", "ciphertext");
  if (fromBase64url(text(sealed["tag"])).length !== 16) refuse("short-tag");
}

function algorithmFor(use: Use, kid: string, iv: BufferSource): AesGcmParams {
  return { name: "AES-GCM", iv, additionalData: toUtf8(`${kid}|${use}`), tagLength: 128 };
}

async function wrapped(use: Use, key: CryptoKey, kid: string, wrappingKey: CryptoKey): Promise<SealedBytes> {
  const iv = randomBytes(12);
  const whole = new Uint8Array(await crypto.subtle.wrapKey("pkcs8", key, wrappingKey, algorithmFor(use, kid, iv)));
  return { iv: toBase64url(iv), ciphertext: toBase64url(whole.subarray(0, -16)), tag: toBase64url(whole.subarray(-16)) };
}

async function unwrapped(use: Use, sealed: SealedBytes, kid: string, wrappingKey: CryptoKey, extractable: boolean): Promise<CryptoKey> {
  const [ciphertext, tag] = [fromBase64url(sealed.ciphertext), fromBase64url(sealed.tag)];
  const whole = new Uint8Array(ciphertext.length + tag.length);
  whole.set(ciphertext);
  whole.set(tag, ciphertext.length);
  const { algorithm, usages } = USES[use];
  try {
    const how = algorithmFor(use, kid, fromBase64url(sealed.iv));
    return await crypto.subtle.unwrapKey("pkcs8", whole, wrappingKey, how, algorithm, extractable, [...usages]);
  } catch {
    return refuse("wrong-secret");
  }
}
