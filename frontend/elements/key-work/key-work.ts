import { KeyOpener } from "../../keys/opener";
import { lockedKey, openKey, type Secret } from "../../keys/opening";
import { pinsFor, readRing, sessionConfig } from "../../keys/ring";
import { ask } from "../../keys/server";
import { attempt, dataOf, onClick, showStep, tell } from "../../keys/steps";
import { makeDataKey, openDataKey, readDataKey, remakeDataKey, type DataKey } from "../../sealing/data-key";
import { openField, readToken, sealField } from "../../sealing/field";
import { readKid } from "../../sealing/identifiers";
import type { PrivateKeys } from "../../sealing/keys";
import type { KeyRing } from "../../sealing/records";
import { session } from "../../sealing/session";

interface Work {
  ring: KeyRing;
  /** The key in service. */
  kid: string;
  /** Who must read now. */
  recipients: string[];
  /** A reader left: values go under a number that she never had. */
  newNumber: boolean;
  /** Applications that keep sealed values. */
  sources: string[];
}

interface SealedValue {
  record: string;
  field: string;
  token: string;
}

/**
 * Finishes a change of key: envelopes made again for those who must read now, a new data key when a reader left, values
 * sealed again under it, old data keys retired. By small steps, each stored: closed in the middle, it goes on from there,
 * in this browser or another one. A value that does not open stays as it is and is told.
 */
export class KeyWork extends HTMLElement {
  #opened: PrivateKeys[] = [];
  #done = 0;
  #toDo = 0;
  #refused = 0;

  connectedCallback(): void {
    const work = dataOf<Work>(this);
    new KeyOpener(this, (secret) => this.#open(secret, work));
    onClick(this, "[data-run]", () => void attempt(this, () => this.#run(work, work.newNumber)));
    onClick(this, "[data-renumber]", () => void attempt(this, () => this.#run(work, true)));
    void session.start(sessionConfig(this, work.ring)).then(() => this.#prepare(work));
  }

  /** The keys open in this workstation, and those that were opened here for this work. */
  #held(): PrivateKeys[] {
    const kept = session.state === "open" ? session.held() : [];
    return [...this.#opened, ...kept.filter(({ keys }) => !this.#opened.some((one) => one.keys.kid === keys.kid))];
  }

  /** The key that signs, then one that opens each envelope. */
  #missing({ ring, kid }: Work): string | undefined {
    const held = new Set(this.#held().map(({ keys }) => keys.kid));
    if (!held.has(kid)) return kid;
    for (const record of ring.dataKeys) {
      const readers = readDataKey(record).jwe.recipients.map(({ header }) => header.kid);
      if (!readers.some((reader) => held.has(reader))) return readers.find((reader) => reader.startsWith("site:"));
    }
    return undefined;
  }

  #prepare(work: Work): void {
    const missing = this.#missing(work);
    const needed = this.querySelector("[data-needed]");
    if (needed) needed.textContent = missing ? `#${readKid(missing).epoch}` : "";
    showStep(this, missing ? "open" : "run");
  }

  async #open(secret: Secret, work: Work): Promise<void> {
    const missing = this.#missing(work);
    if (!missing) return this.#prepare(work);
    const locked = await lockedKey(this.dataset["wrapsUrl"] ?? "", "unlock", readKid(missing).epoch);
    this.#opened.push((await openKey({ locked, secret, extractable: false })).held);
    this.#prepare(work);
  }

  async #run(work: Work, renumber: boolean): Promise<void> {
    this.#refused = 0;
    const held = this.#held();
    const signer = held.find(({ keys }) => keys.kid === work.kid);
    if (!signer) return this.#prepare(work);
    let ring = await readRing(this.dataset["ringUrl"] ?? "", work.ring.site);
    await this.#wrapAgain(work, ring, held, signer);
    if (renumber) {
      const number = Math.max(0, ...ring.dataKeys.map((record) => readDataKey(record).number)) + 1;
      const pins = await pinsFor(held, ring);
      const record = await makeDataKey({ scope: `dat:${ring.site}`, number, recipients: work.recipients, signer, pins });
      await ask(this.dataset["dataKeysUrl"] ?? "", { record });
      work.newNumber = false;
    }
    ring = await readRing(this.dataset["ringUrl"] ?? "", work.ring.site);
    work.ring = ring;
    await this.#sealAgain(work, ring, held);
    await ask(this.dataset["retireUrl"] ?? "", {});
    this.#opened = [];
    session.refresh();
    showStep(this, "done");
    if (this.#refused > 0) tell(this, (this.dataset["refused"] ?? "").replace("{count}", String(this.#refused)));
  }

  async #wrapAgain(work: Work, ring: KeyRing, held: PrivateKeys[], signer: PrivateKeys): Promise<void> {
    const pins = await pinsFor(held, ring);
    const wanted = [...work.recipients].sort().join();
    for (const record of ring.dataKeys) {
      const { jwe, number, signer: by } = readDataKey(record);
      const now = jwe.recipients.map(({ header }) => header.kid).sort().join();
      if (now === wanted && by === work.kid) continue;
      // A reader that left knows this key already: taking it off the envelope is for the list to be true.
      const made = await remakeDataKey({ record, recipients: work.recipients, held, signer, pins });
      await ask((this.dataset["envelopeUrl"] ?? "").replace("/0/", `/${number}/`), { record: made });
    }
  }

  async #sealAgain(work: Work, ring: KeyRing, held: PrivateKeys[]): Promise<void> {
    const pins = await pinsFor(held, ring);
    const keys = new Map<number, DataKey>();
    for (const record of ring.dataKeys) {
      const key = await openDataKey({ record, held, pins });
      keys.set(key.number, key);
    }
    const newest = keys.get(Math.max(0, ...keys.keys()));
    if (!newest) return;
    for (const source of work.sources) {
      let before = -1;
      for (;;) {
        const { values, left } = await ask<{ values: SealedValue[]; left: number }>(this.#of("batchUrl", source), {});
        this.#toDo = Math.max(this.#toDo, this.#done + left);
        this.#progress();
        if (values.length === 0 || left === before) {
          this.#refused += left;
          break;
        }
        before = left;
        const again = await Promise.all(values.map((value) => this.#sealOne(value, ring, keys, newest)));
        const sent = again.filter((one) => one !== undefined);
        const answer = await ask<{ done: number }>(this.#of("replaceUrl", source), { values: sent });
        this.#done += answer.done;
        this.#progress();
      }
    }
  }

  async #sealOne({ record, field, token }: SealedValue, ring: KeyRing, keys: Map<number, DataKey>, newest: DataKey) {
    const place = { instance: ring.instance, scope: `dat:${ring.site}`, record, field };
    const key = keys.get(readToken(token).number);
    if (!key) return undefined;
    try {
      const { text, rev } = await openField({ key, place, token });
      return { record, field, former: token, token: await sealField({ key: newest, place, text, after: rev }) };
    } catch {
      return undefined;
    }
  }

  #of(name: "batchUrl" | "replaceUrl", source: string): string {
    return (this.dataset[name] ?? "").replace("/source/", `/${source}/`);
  }

  #progress(): void {
    const place = this.querySelector<HTMLElement>("[data-progress]");
    if (!place) return;
    place.hidden = false;
    const bar = place.querySelector("progress");
    if (bar) bar.value = this.#toDo > 0 ? (100 * this.#done) / this.#toDo : 100;
    const said = place.querySelector("[data-said]");
    if (said) said.textContent = `${this.#done} / ${this.#toDo}`;
  }
}
