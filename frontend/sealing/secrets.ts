// The secrets that open a wrap, as people hold them, and the wrapping keys that they give. The passphrase's own
// derivation is in `passphrase.ts`: it needs WebAssembly.
import { fromBase32, fromBase64url, inGroups, randomBytes, readBase32, sha256, toBase32, toUtf8, type Bytes } from "./encoding";
import { readKid } from "./identifiers";
import { hkdf } from "./keys";
import { refuse } from "./refusal";

const PASSPHRASE_LENGTH = 16;
const KIT_LENGTH = 52;
const KIT_CHECK = 4;

/** 80 random bits, `K7QM-3XWD-9TBC-V4HN`. */
export function makePassphrase(): string {
  return inGroups(toBase32(randomBytes(10)), 4);
}

/** The sixteen characters that count of what was typed. */
export function readPassphrase(typed: string): string {
  const text = readBase32(typed);
  return text.length === PASSPHRASE_LENGTH ? text : refuse("malformed-secret", "length");
}

export function makeKit(): Bytes {
  return randomBytes(32);
}

/** What is printed: fourteen groups of four, the last of which tells a slip of the pen. */
export async function kitText(kit: Bytes): Promise<string> {
  return inGroups(toBase32(kit, KIT_LENGTH) + (await kitCheck(kit)), 4);
}

/** What its QR code holds. */
export async function kitCode(kid: string, kit: Bytes): Promise<string> {
  readKid(kid);
  return `vigie-kit:1:${kid}:${(await kitText(kit)).replaceAll("-", "")}`;
}

/** Reads the kit as typed, or its code as scanned; a code of another epoch is refused. */
export async function readKit(typed: string, kid: string): Promise<Bytes> {
  const scanned = /^\s*vigie-kit:([^:]*):(.*):([^:]*)$/s.exec(typed);
  if (scanned && scanned[1] !== "1") refuse("unknown-version");
  if (scanned && scanned[2] !== kid) refuse("wrong-epoch");
  const text = readBase32(scanned?.[3] ?? typed);
  if (text.length !== KIT_LENGTH + KIT_CHECK) refuse("malformed-secret", "length");
  const kit = fromBase32(text.slice(0, KIT_LENGTH));
  if ((await kitCheck(kit)) !== text.slice(KIT_LENGTH)) refuse("malformed-secret", "check");
  return kit;
}

export async function kitKey(kit: Bytes, kid: string): Promise<CryptoKey> {
  if (kit.length !== 32) refuse("malformed-secret", "length");
  return wrappingKey(await hkdf({ secret: kit, salt: new Uint8Array(0), info: `vigie-kit-1|${kid}`, length: 32 }));
}

/** `prf` is the passkey's PRF output for the input `salt`. */
export async function passkeyKey({ prf, salt, kid }: { prf: Bytes; salt: string; kid: string }): Promise<CryptoKey> {
  if (prf.length !== 32) refuse("malformed-secret", "length");
  return wrappingKey(await hkdf({ secret: prf, salt: fromBase64url(salt), info: `vigie-passkey-1|${kid}`, length: 32 }));
}

export async function wrappingKey(bytes: Bytes): Promise<CryptoKey> {
  return crypto.subtle.importKey("raw", bytes, "AES-GCM", false, ["wrapKey", "unwrapKey"]);
}

async function kitCheck(kit: Bytes): Promise<string> {
  const prefix = toUtf8("vigie-kit-1|");
  const whole = new Uint8Array(prefix.length + kit.length);
  whole.set(prefix);
  whole.set(kit, prefix.length);
  return toBase32(await sha256(whole), KIT_CHECK);
}
