// One sealed value: `s1.<n>.<rev>.<iv>.<ciphertext>.<tag>`.
import type { DataKey } from "./data-key";
import { fromBase64url, fromUtf8, randomBytes, toBase64url, toUtf8, type Bytes } from "./encoding";
import { checkedNumber, checkedRevision, newRevision, placeText, type Place } from "./identifiers";
import { refuse } from "./refusal";

const LONGEST = 16_383;
const BLOCK = 16;

export interface Token {
  number: number;
  rev: string;
  iv: Bytes;
  ciphertext: Bytes;
  tag: Bytes;
}

export interface OpenedValue {
  text: string;
  rev: string;
}

/** What a sealed value says of itself without any key. */
export function readToken(token: string): Token {
  const parts = token.split(".");
  if (parts[0] !== "s1") refuse("unknown-version");
  if (parts.length !== 6) refuse("malformed", "parts");
  const [, number = "", rev = "", iv = "", ciphertext = "", tag = ""] = parts;
  const read = {
    number: checkedNumber(number),
    rev: checkedRevision(rev),
    iv: fromBase64url(iv),
    ciphertext: fromBase64url(ciphertext),
    tag: fromBase64url(tag),
  };
  if (read.iv.length !== 12) refuse("bad-nonce");
  if (read.tag.length !== 16) refuse("short-tag");
  if (read.ciphertext.length === 0 || read.ciphertext.length % BLOCK !== 0) refuse("malformed", "length");
  if (read.ciphertext.length > LONGEST + 1) refuse("too-long");
  return read;
}

/** Seals a text where it belongs. `after` is the newest revision known there: the new one is later. */
export async function sealField({ key, place, text, after = "" }: {
  key: DataKey;
  place: Place;
  text: string;
  after?: string;
}): Promise<string> {
  if (place.scope !== key.scope) refuse("no-key");
  const rev = newRevision(after);
  const iv = randomBytes(12);
  const algorithm = algorithmFor(key, placeText(place), rev, iv);
  const whole = new Uint8Array(await crypto.subtle.encrypt(algorithm, key.key, padded(text)));
  const [ciphertext, tag] = [toBase64url(whole.subarray(0, -16)), toBase64url(whole.subarray(-16))];
  return `s1.${key.number}.${rev}.${toBase64url(iv)}.${ciphertext}.${tag}`;
}

/**
 * Opens a value where it stands. A value of another record, field, scope or instance does not open; one older than
 * `newest`, the latest revision seen there, is refused.
 */
export async function openField({ key, place, token, newest = "" }: {
  key: DataKey;
  place: Place;
  token: string;
  newest?: string;
}): Promise<OpenedValue> {
  // A key opened for one event must not open another's values, whatever the page says.
  if (place.scope !== key.scope) refuse("no-key");
  return openToken({ key, subject: placeText(place), token: readToken(token), newest });
}

/** The same, for a page of thousands: `subject` is the checked text of a place of the key's own scope. */
export async function openToken({ key, subject, token, newest }: {
  key: DataKey;
  subject: string;
  token: Token;
  newest: string;
}): Promise<OpenedValue> {
  const { number, rev, iv, ciphertext, tag } = token;
  if (number !== key.number) refuse("no-key");
  const whole = new Uint8Array(ciphertext.length + tag.length);
  whole.set(ciphertext);
  whole.set(tag, ciphertext.length);
  let plain: ArrayBuffer;
  try {
    plain = await crypto.subtle.decrypt(algorithmFor(key, subject, rev, iv), key.key, whole);
  } catch {
    return refuse("does-not-open");
  }
  // Only now: a revision that does not open proves nothing.
  if (rev < newest) refuse("older-revision");
  return { text: unpadded(new Uint8Array(plain)), rev };
}

export function padded(text: string): Bytes {
  const bytes = toUtf8(text);
  // A lone half of a surrogate pair would come back as another character.
  if (fromUtf8(bytes) !== text) refuse("malformed", "Unicode");
  if (bytes.length > LONGEST) refuse("too-long");
  const block = new Uint8Array((Math.floor(bytes.length / BLOCK) + 1) * BLOCK);
  block.set(bytes);
  block[bytes.length] = 0x80;
  return block;
}

export function unpadded(bytes: Bytes): string {
  let end = bytes.length - 1;
  while (end >= 0 && bytes[end] === 0) end -= 1;
  if (bytes.length % BLOCK !== 0 || end < 0 || bytes[end] !== 0x80 || bytes.length - end > BLOCK) refuse("bad-padding");
  try {
    return fromUtf8(bytes.subarray(0, end));
  } catch {
    return refuse("bad-padding", "UTF-8");
  }
}

function algorithmFor(key: DataKey, subject: string, rev: string, iv: Bytes): AesGcmParams {
  // Every part was checked to be of characters that JSON writes as they are, all ASCII.
  const header = `{"alg":"dir","enc":"A256GCM","kid":"${key.scope}#${key.number}","ctx":"${subject}|${rev}"}`;
  const encoded = btoa(header).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
  return { name: "AES-GCM", iv, additionalData: toUtf8(encoded), tagLength: 128 };
}
