// Bytes, texts and what people copy by hand. Every decoder refuses what its encoder would not have written.
import { refuse } from "./refusal";

export type Bytes = Uint8Array<ArrayBuffer>;

const BASE64URL = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
const UNUSED_BITS: Record<number, number> = { 0: 0, 2: 15, 3: 3 };

export function toBase64url(bytes: Uint8Array): string {
  let binary = "";
  for (const byte of bytes) binary += String.fromCharCode(byte);
  return btoa(binary).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}

export function fromBase64url(text: string): Bytes {
  const unused = UNUSED_BITS[text.length % 4];
  if (unused === undefined || !/^[A-Za-z0-9_-]*$/.test(text)) refuse("non-canonical", "base64url");
  if (unused > 0 && (BASE64URL.indexOf(text.at(-1) ?? "") & unused) !== 0) refuse("non-canonical", "base64url");
  const binary = atob(text.replaceAll("-", "+").replaceAll("_", "/"));
  const bytes = new Uint8Array(binary.length);
  for (let index = 0; index < binary.length; index += 1) bytes[index] = binary.charCodeAt(index);
  return bytes;
}

const encoder = new TextEncoder();
const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

export function toUtf8(text: string): Bytes {
  return encoder.encode(text) as Bytes;
}

/** Throws a TypeError for bytes that are not UTF-8. */
export function fromUtf8(bytes: Uint8Array): string {
  return decoder.decode(bytes);
}

export function randomBytes(length: number): Bytes {
  return crypto.getRandomValues(new Uint8Array(length));
}

export async function sha256(bytes: Bytes): Promise<Bytes> {
  return new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
}

const CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";

/** The first `symbols` × 5 bits, most significant first; bits past the end are zero. */
export function toBase32(bytes: Uint8Array, symbols = Math.ceil((bytes.length * 8) / 5)): string {
  let text = "";
  for (let symbol = 0; symbol < symbols; symbol += 1) {
    let value = 0;
    for (let bit = symbol * 5; bit < symbol * 5 + 5; bit += 1) {
      value = (value << 1) | (((bytes[bit >> 3] ?? 0) >> (7 - (bit & 7))) & 1);
    }
    text += CROCKFORD[value];
  }
  return text;
}

/** What a person typed, as capitals of the alphabet: spaces and hyphens dropped, O read as 0, I and L as 1. */
export function readBase32(typed: string): string {
  const text = typed.toUpperCase().replace(/[\s\u00ad\u2010-\u2015-]+/g, "").replaceAll("O", "0").replace(/[IL]/g, "1");
  for (const character of text) if (!CROCKFORD.includes(character)) refuse("malformed-secret", "characters");
  return text;
}

/** Bytes of canonical base 32: the bits left over must be zero. */
export function fromBase32(text: string): Bytes {
  const bytes = new Uint8Array(Math.floor((text.length * 5) / 8));
  let held = 0;
  let bits = 0;
  let index = 0;
  for (const character of text) {
    const value = CROCKFORD.indexOf(character);
    if (value < 0) refuse("malformed-secret", "characters");
    held = (held << 5) | value;
    bits += 5;
    if (bits >= 8) {
      bits -= 8;
      bytes[index] = held >> bits;
      index += 1;
      held &= (1 << bits) - 1;
    }
  }
  if (held !== 0) refuse("malformed-secret", "left over bits");
  return bytes;
}

export function inGroups(text: string, size: number): string {
  return text.match(new RegExp(`.{1,${size}}`, "g"))?.join("-") ?? "";
}
