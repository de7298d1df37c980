// What the two implementations do with each other's work: the same in vigie/sealing/tests/interop.py.
import { makeDataKey, openDataKey, remakeDataKey, type DataKey } from "./data-key";
import { fromBase64url, randomBytes, toBase64url } from "./encoding";
import { openField, sealField } from "./field";
import { newRevision, siteKid, type Place } from "./identifiers";
import { AGREEMENT, checkHeld, checkSuccession, makeKeys, makeSuccession, readKeys, SIGNATURE, type PrivateKeys } from "./keys";
import { passphraseKdf, passphraseKey, type Argon2 } from "./passphrase";
import { Pins } from "./pins";
import type { WrapRecord } from "./records";
import { SealingRefusal } from "./refusal";
import { kitCode, kitKey, kitText, makeKit, makePassphrase, passkeyKey, readKit, readPassphrase } from "./secrets";
import { makeConfirmation, makeWorkstation, readWorkstation } from "./statements";
import { makeWrap, openWrap } from "./wraps";

export interface Holder {
  record: string;
  /** PKCS #8, base64url. Test keys only ever appear here. */
  enc: string;
  sig: string;
}

export interface Value {
  /** Which of the bundle's data keys it is under. */
  key: "site" | "event" | "rotated";
  place: Place;
  token: string;
  text: string;
}

/** One of everything, made by one implementation. */
export interface Bundle {
  instance: string;
  site: string;
  holders: { site: Holder; next: Holder; other: Holder; connector: Holder };
  succession: string;
  passphrase: string;
  kit: string;
  kitCode: string;
  prf: string;
  wraps: { passphrase: WrapRecord; passkey: WrapRecord; kit: WrapRecord };
  workstation: string;
  confirmations: string[];
  /** `site` for the site and its connector; `event` for the site, then `wider` with the other; `rotated` after both rotations. */
  dataKeys: { site: string; event: string; wider: string; rotated: string };
  values: Value[];
  /** What each side must find by itself. */
  found: { thumbprint: string; fingerprint: string; jkt: string; check: string };
}

export interface Case {
  says: string;
  code: string;
  call: "readKeys" | "openWrap" | "openDataKey" | "openField" | "readKit" | "readPassphrase" | "confirm" | "checkSuccession";
  with: Partial<Given>;
}

/** What the calls are given; each takes its own. */
interface Given {
  record: string;
  wrap: WrapRecord;
  kit: string;
  holder: keyof Bundle["holders"];
  id: string;
  newest: string;
  token: string;
  place: Place;
  typed: string;
  kid: string;
  from: string;
  to: string;
}

const TEXTS = ["", "a", "quinze octets..", "seize octets ici", "dix-sept octets .", "Éléonore Lefèvre-Nguyễn", "👩🏽‍⚕️ 1998-02-31\n«\u00a0à\u00a0»", "x".repeat(16_383)];

export async function makeBundle(): Promise<Bundle> {
  const [instance, site] = [newRevision(), newRevision()];
  const kids = [siteKid(site, 1), siteKid(site, 2), siteKid(newRevision(), 1), `con:${newRevision()}#1`] as const;
  const [one, two, three, four] = await Promise.all([makeKeys(kids[0]), makeKeys(kids[1]), makeKeys(kids[2]), makeKeys(kids[3])]);
  const { made } = one;
  const kit = makeKit();
  const [prf, salt] = [randomBytes(32), toBase64url(randomBytes(32))];
  const passphrase = makePassphrase();
  const argon2 = passphraseKdf();
  const credential = toBase64url(randomBytes(16));
  const wraps = {
    passphrase: await makeWrap({ made, method: "passphrase", kdf: argon2, wrappingKey: await passphraseKey(passphrase, argon2) }),
    passkey: await makeWrap({ made, method: "passkey", kdf: { alg: "hkdf-sha256", salt, credential }, wrappingKey: await passkeyKey({ prf, salt, kid: kids[0] }) }),
    kit: await makeWrap({ made, method: "kit", kdf: { alg: "hkdf-sha256" }, wrappingKey: await kitKey(kit, kids[0]) }),
  };
  const confirmations = await Promise.all(
    [three, three, four, four].map((to) => makeConfirmation({ held: made, confirmed: to.made.keys, by: newRevision() })),
  );
  const pins = new Pins();
  pins.see(made.keys, "own");
  pins.see(two.made.keys, "own");
  for (const to of [three, four]) pins.see(to.made.keys);
  for (const confirmation of confirmations) await pins.confirm(confirmation);
  const [dat, evt] = [`dat:${site}`, `evt:${newRevision()}`];
  const signer = made;
  const siteKey = await makeDataKey({ scope: dat, number: 1, recipients: [kids[0], kids[3]], signer, pins });
  const event = await makeDataKey({ scope: evt, number: 1, recipients: [kids[0]], signer, pins });
  const wider = await remakeDataKey({ record: event, recipients: [kids[0], kids[2]], held: [made], signer, pins });
  const rotated = await makeDataKey({ scope: dat, number: 2, recipients: [kids[1]], signer: two.made, pins });
  const opened = {
    site: await openDataKey({ record: siteKey, held: [made], pins }),
    event: await openDataKey({ record: wider, held: [made], pins }),
    rotated: await openDataKey({ record: rotated, held: [two.made], pins }),
  };
  const values: Value[] = [];
  for (const [name, key] of Object.entries(opened) as [Value["key"], DataKey][]) {
    for (const text of name === "site" ? TEXTS : TEXTS.slice(5, 6)) {
      const place = { instance, scope: key.scope, record: `patient:${newRevision()}`, field: "family_name" };
      values.push({ key: name, place, token: await sealField({ key, place, text }), text });
    }
  }
  return {
    instance,
    site,
    holders: { site: await holder(one), next: await holder(two), other: await holder(three), connector: await holder(four) },
    succession: await makeSuccession({ from: made, to: two.made.keys }),
    passphrase,
    kit: await kitText(kit),
    kitCode: await kitCode(kids[0], kit),
    prf: toBase64url(prf),
    wraps,
    workstation: (await makeWorkstation({ held: made, name: "Accueil n° 2, « été »", method: "kit" })).record,
    confirmations,
    dataKeys: { site: siteKey, event, wider, rotated },
    values,
    found: found(made),
  };
}

/** Opens everything in a bundle; throws at the first difference. Returns the texts. */
export async function openBundle(bundle: Bundle): Promise<string[]> {
  const { wraps, holders } = bundle;
  const keys = await readKeys(holders.site.record);
  const kid = keys.kid;
  const kit = await readKit(bundle.kit.toLowerCase().replaceAll("-", " "), kid);
  if (toBase64url(await readKit(bundle.kitCode, kid)) !== toBase64url(kit)) throw new Error("The kit's code differs.");
  const salt = (wraps.passkey.kdf as { salt: string }).salt;
  const wrappingKeys = {
    passphrase: await passphraseKey(bundle.passphrase, wraps.passphrase.kdf as Argon2),
    passkey: await passkeyKey({ prf: fromBase64url(bundle.prf), salt, kid }),
    kit: await kitKey(kit, kid),
  };
  let site = await held(holders.site);
  for (const method of ["passphrase", "passkey", "kit"] as const) {
    site = await openWrap({ wrap: wraps[method], keys, wrappingKey: wrappingKeys[method] });
  }
  if (JSON.stringify(found(site)) !== JSON.stringify(bundle.found)) throw new Error("What is found of the key differs.");
  const [next, other, connector] = [await held(holders.next), await held(holders.other), await held(holders.connector)];
  await checkSuccession({ record: bundle.succession, from: keys, to: next.keys });
  await readWorkstation(bundle.workstation, keys);
  const pins = await trusting(bundle);
  const openers = { site: [site, connector], event: [site, other], rotated: [next] };
  const records = { site: bundle.dataKeys.site, event: bundle.dataKeys.wider, rotated: bundle.dataKeys.rotated };
  const texts: string[] = [];
  for (const value of bundle.values) {
    for (const opener of openers[value.key]) {
      const key = await openDataKey({ record: records[value.key], held: [opener], pins });
      const { text } = await openField({ key, place: value.place, token: value.token });
      if (text !== value.text) throw new Error("A text differs.");
    }
    texts.push(value.text);
  }
  return texts;
}

/** The pins of a workstation of the bundle's site, which learns the others from confirmations. */
export async function trusting({ holders, confirmations }: Bundle): Promise<Pins> {
  const pins = new Pins();
  for (const { record } of [holders.site, holders.next]) pins.see(await readKeys(record), "own");
  for (const confirmation of confirmations) await pins.confirm(confirmation);
  for (const { record } of [holders.other, holders.connector]) pins.see(await readKeys(record));
  return pins;
}

/** The code with which a case is refused, or `accepted`. */
export async function answerTo(bundle: Bundle, { call, with: given }: Case): Promise<string> {
  try {
    await CALLS[call](bundle, given as Given);
    return "accepted";
  } catch (error) {
    if (error instanceof SealingRefusal) return error.code;
    throw error;
  }
}

const CALLS: Record<Case["call"], (bundle: Bundle, given: Given) => Promise<unknown>> = {
  readKeys: async (_bundle, { record }) => readKeys(record),
  openWrap: async (_bundle, { wrap, record, kit }) => {
    const keys = await readKeys(record);
    return openWrap({ wrap, keys, wrappingKey: await kitKey(await readKit(kit, wrap.kid), wrap.kid) });
  },
  openDataKey: async (bundle, { record, holder: name, id, newest }) => {
    const opener = await held(bundle.holders[name]);
    return openDataKey({ record, held: [opener], pins: await trusting(bundle), newest: newest ?? "", ...(id ? { id } : {}) });
  },
  openField: async (bundle, { token, place, newest }) => {
    const key = await openDataKey({ record: bundle.dataKeys.site, held: [await held(bundle.holders.site)], pins: await trusting(bundle) });
    return openField({ key, token, place, newest: newest ?? "" });
  },
  readKit: async (_bundle, { typed, kid }) => readKit(typed, kid),
  readPassphrase: async (_bundle, { typed }) => readPassphrase(typed),
  confirm: async (bundle, { record }) => (await trusting(bundle)).confirm(record),
  checkSuccession: async (_bundle, { record, from, to }) =>
    checkSuccession({ record, from: await readKeys(from), to: await readKeys(to) }),
};

function found({ keys }: PrivateKeys): Bundle["found"] {
  const { thumbprint, fingerprint, jkt, check } = keys;
  return { thumbprint, fingerprint, jkt, check };
}

async function holder({ record, made }: { record: string; made: PrivateKeys }): Promise<Holder> {
  const [enc, sig] = await Promise.all([made.enc, made.sig].map((key) => crypto.subtle.exportKey("pkcs8", key)));
  return { record, enc: toBase64url(new Uint8Array(enc ?? new ArrayBuffer(0))), sig: toBase64url(new Uint8Array(sig ?? new ArrayBuffer(0))) };
}

async function held({ record, enc, sig }: Holder): Promise<PrivateKeys> {
  const made = {
    enc: await crypto.subtle.importKey("pkcs8", fromBase64url(enc), AGREEMENT, false, ["deriveBits"]),
    sig: await crypto.subtle.importKey("pkcs8", fromBase64url(sig), SIGNATURE, false, ["sign"]),
    keys: await readKeys(record),
  };
  await checkHeld(made);
  return made;
}
