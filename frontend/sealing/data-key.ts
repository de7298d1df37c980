// The key of an event's values, or of a site's own: a JWE for its readers, signed by the site that makes it.
import { flattenedDecrypt } from "jose";
import { fromBase64url, fromUtf8, randomBytes, sha256, toBase64url, toUtf8, type Bytes } from "./encoding";
import { checkedNumber, newRevision, readDataKeyId, readKid, readScope } from "./identifiers";
import { orderedMembers, readJson, text } from "./json";
import { agreed, AGREEMENT, exported, imported, readJwk, type PrivateKeys, type PublicKeys } from "./keys";
import type { Pins } from "./pins";
import type { DataKeyJwe, JweRecipient } from "./records";
import { refuse } from "./refusal";
import { readSigned, sign, verify } from "./signatures";

const MOST_RECIPIENTS = 64;
const WRAPPING = "ECDH-ES+A256KW";

/** An opened data key: seals and opens values, and cannot be exported. */
export interface DataKey {
  scope: string;
  number: number;
  rev: string;
  signer: string;
  /** « Qui peut lire ». */
  recipients: { kid: string; jkt: string }[];
  key: CryptoKey;
}

interface Read {
  id: string;
  scope: string;
  number: number;
  rev: string;
  signer: string;
  jwe: DataKeyJwe;
}

/** Makes data key `number` of a scope, for readers that are all trusted here. */
export async function makeDataKey({ scope, number, recipients, signer, pins }: {
  scope: string;
  number: number;
  recipients: readonly string[];
  signer: PrivateKeys;
  pins: Pins;
}): Promise<string> {
  const content = randomBytes(32);
  try {
    return await made({ scope, number, recipients, signer, pins, content, rev: newRevision() });
  } finally {
    content.fill(0);
  }
}

/**
 * Makes the record again for other readers: same number, same key, later revision. Adds a reader, or replaces an epoch
 * of a site by the next; it does not put out a reader, who knows the key: that takes another number.
 */
export async function remakeDataKey({ record, recipients, held, signer, pins, newest = "" }: {
  record: string;
  recipients: readonly string[];
  held: readonly PrivateKeys[];
  signer: PrivateKeys;
  pins: Pins;
  newest?: string;
}): Promise<string> {
  const read = await believed({ record, pins, newest });
  const content = await opened(read, held);
  try {
    return await made({ scope: read.scope, number: read.number, recipients, signer, pins, content, rev: newRevision(read.rev) });
  } finally {
    content.fill(0);
  }
}

/** Opens a data key with whichever of the held epochs it is for. `newest` is the latest revision seen of this one. */
export async function openDataKey({ record, id, held, pins, newest = "" }: {
  record: string;
  /** `<scope>#<n>`, where a given one is expected. */
  id?: string;
  held: readonly PrivateKeys[];
  pins: Pins;
  newest?: string;
}): Promise<DataKey> {
  const read = await believed({ record, pins, newest, ...(id === undefined ? {} : { id }) });
  const content = await opened(read, held);
  const key = await crypto.subtle.importKey("raw", content, "AES-GCM", false, ["encrypt", "decrypt"]);
  content.fill(0);
  const recipients = read.jwe.recipients.map(({ header: { kid, jkt } }) => ({ kid, jkt }));
  return { scope: read.scope, number: read.number, rev: read.rev, signer: read.signer, recipients, key };
}

/** Reads the form alone, to know what a record is about before its signer's key was seen. Nothing of it is believed. */
export function readDataKey(record: string): Read {
  const signed = readSigned(record, "sealed-evk+jws");
  const jwe = readJwe(signed.payload);
  const id = text(readProtected(jwe.protected));
  return { id, ...readDataKeyId(id), rev: signed.rev, signer: signed.kid, jwe };
}

async function believed({ record, pins, newest, id }: { record: string; pins: Pins; newest: string; id?: string }): Promise<Read> {
  const read = readDataKey(record);
  if (id !== undefined && read.id !== id) refuse("wrong-number");
  const signer = pins.trusted(read.signer);
  if (!signer || !maySign(read.scope, read.signer)) refuse("unpinned-signer");
  await verify(record, signer.sig);
  if (utf8(read.jwe.aad) !== (await bound(read.id, read.jwe.recipients.map(({ header }) => header.jkt)))) refuse("recipients-mismatch");
  for (const { header } of read.jwe.recipients) {
    await imported(header.epk, AGREEMENT);
    if (!mayRead(read.scope, header.kid)) refuse("recipients-mismatch");
    const known = pins.keys(header.kid);
    if (known && known.jkt !== header.jkt) refuse("changed-thumbprint", header.kid);
  }
  if (read.rev < newest) refuse("older-revision");
  return read;
}

async function opened({ jwe }: Read, held: readonly PrivateKeys[]): Promise<Bytes> {
  const mine = held.find(({ keys }) => jwe.recipients.some(({ header }) => header.kid === keys.kid && header.jkt === keys.jkt));
  if (!mine) refuse("not-a-recipient");
  const recipient = jwe.recipients.find(({ header }) => header.kid === mine.keys.kid);
  const { recipients: _, ...shared } = jwe;
  try {
    const { plaintext } = await flattenedDecrypt({ ...shared, ...recipient }, mine.enc, {
      keyManagementAlgorithms: [WRAPPING],
      contentEncryptionAlgorithms: ["A256GCM"],
    });
    return plaintext.length === 32 ? new Uint8Array(plaintext) : refuse("malformed", "length");
  } catch {
    return refuse("does-not-open");
  }
}

async function made({ scope, number, recipients, signer, pins, content, rev }: {
  scope: string;
  number: number;
  recipients: readonly string[];
  signer: PrivateKeys;
  pins: Pins;
  content: Bytes;
  rev: string;
}): Promise<string> {
  const id = `${scope}#${checkedNumber(String(number))}`;
  readDataKeyId(id);
  if (!maySign(scope, signer.keys.kid)) refuse("unpinned-signer");
  const kids = [...new Set(recipients)].sort();
  if (kids.length === 0) refuse("malformed", "recipients");
  if (kids.length > MOST_RECIPIENTS) refuse("too-long", "recipients");
  const readers = kids.map((kid) => {
    if (!mayRead(scope, kid)) refuse("recipients-mismatch");
    return pins.trusted(kid) ?? refuse("not-confirmed", kid);
  });
  const contentKey = await crypto.subtle.generateKey({ name: "AES-GCM", length: 256 }, true, ["encrypt"]);
  const header = toBase64url(toUtf8(JSON.stringify({ enc: "A256GCM", typ: "sealed-evk+jwe", evk: id })));
  const aad = toBase64url(toUtf8(await bound(id, readers.map(({ jkt }) => jkt))));
  const iv = randomBytes(12);
  const algorithm = { name: "AES-GCM", iv, additionalData: toUtf8(`${header}.${aad}`), tagLength: 128 };
  const whole = new Uint8Array(await crypto.subtle.encrypt(algorithm, contentKey, content));
  const payload: DataKeyJwe = {
    protected: header,
    aad,
    iv: toBase64url(iv),
    ciphertext: toBase64url(whole.subarray(0, -16)),
    tag: toBase64url(whole.subarray(-16)),
    recipients: await Promise.all(readers.map((reader) => recipientOf(reader, contentKey))),
  };
  return sign({ typ: "sealed-evk+jws", kid: signer.keys.kid, rev, payload, key: signer.sig });
}

/** ECDH-ES+A256KW (RFC 7518, 4.6), with an ephemeral key of its own. */
async function recipientOf({ kid, jkt, enc }: PublicKeys, contentKey: CryptoKey): Promise<JweRecipient> {
  const ephemeral = await crypto.subtle.generateKey(AGREEMENT, false, ["deriveBits"]);
  const name = toUtf8(WRAPPING);
  const known = new Uint8Array(4 + 32 + 4 + name.length + 12);
  const view = new DataView(known.buffer);
  view.setUint32(0, 1);
  known.set(await agreed(ephemeral.privateKey, enc), 4);
  view.setUint32(36, name.length);
  known.set(name, 40);
  view.setUint32(known.length - 4, 256);
  const wrapping = await crypto.subtle.importKey("raw", await sha256(known), "AES-KW", false, ["wrapKey"]);
  const encrypted = new Uint8Array(await crypto.subtle.wrapKey("raw", contentKey, wrapping, "AES-KW"));
  return { header: { alg: WRAPPING, kid, jkt, epk: await exported(ephemeral.publicKey) }, encrypted_key: toBase64url(encrypted) };
}

async function bound(id: string, thumbprints: string[]): Promise<string> {
  return `${id}|${toBase64url(await sha256(toUtf8([...thumbprints].sort().join("\n"))))}`;
}

/** An event's key is signed by a site that reads it; a site's own, by that site. */
function maySign(scope: string, kid: string): boolean {
  const { kind, id } = readScope(scope);
  const signer = readKid(kid);
  return signer.owner === "site" && (kind === "evt" || signer.id === id);
}

/** A site's own records are for itself and its connectors: no other site, whoever asks. */
function mayRead(scope: string, kid: string): boolean {
  const { kind, id } = readScope(scope);
  const reader = readKid(kid);
  return kind === "evt" || reader.owner === "con" || reader.id === id;
}

function readJwe(value: unknown): DataKeyJwe {
  const jwe = orderedMembers(value, ["protected", "aad", "iv", "ciphertext", "tag", "recipients"]);
  if (fromBase64url(text(jwe["iv"])).length !== 12) refuse("bad-nonce");
  if (fromBase64url(text(jwe["tag"])).length !== 16) refuse("short-tag");
  if (fromBase64url(text(jwe["ciphertext"])).length !== 32) refuse("malformed", "length");
  text(jwe["aad"]);
  text(jwe["protected"]);
  const recipients = jwe["recipients"];
  if (!Array.isArray(recipients) || recipients.length === 0) refuse("malformed", "recipients");
  if (recipients.length > MOST_RECIPIENTS) refuse("too-long", "recipients");
  let before = "";
  for (const recipient of recipients) {
    const { header, encrypted_key: encrypted } = orderedMembers(recipient, ["header", "encrypted_key"]);
    if ((header as { alg?: unknown } | null)?.alg !== WRAPPING) refuse("other-algorithm", "recipient");
    const { kid, jkt, epk } = orderedMembers(header, ["alg", "kid", "jkt", "epk"]);
    readKid(text(kid));
    if (fromBase64url(text(jkt)).length !== 32) refuse("malformed", "jkt");
    readJwk(epk);
    if (fromBase64url(text(encrypted)).length !== 40) refuse("malformed", "encrypted_key");
    if (text(kid) <= before) refuse("non-canonical", "recipients");
    before = text(kid);
  }
  return value as DataKeyJwe;
}

function readProtected(header: string): unknown {
  const read = readJson(utf8(header));
  const { enc, typ } = (read ?? {}) as { enc?: unknown; typ?: unknown };
  if (enc !== "A256GCM" || typ !== "sealed-evk+jwe") refuse("other-algorithm", "JWE");
  return orderedMembers(read, ["enc", "typ", "evk"])["evk"];
}

function utf8(part: string): string {
  const bytes = fromBase64url(part);
  try {
    return fromUtf8(bytes);
  } catch {
    return refuse("malformed", "UTF-8");
  }
}
