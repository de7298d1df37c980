import { KeyOpener } from "../../keys/opener";
import { lockedKey, openKey, type Secret } from "../../keys/opening";
import { pinsFor, sessionConfig } from "../../keys/ring";
import { ask, ServerRefusal } from "../../keys/server";
import { attempt, dataOf, onClick } from "../../keys/steps";
import { makeDataKey } from "../../sealing/data-key";
import type { PrivateKeys } from "../../sealing/keys";
import type { KeyRing } from "../../sealing/records";
import { session } from "../../sealing/session";
import { makeWorkstation } from "../../sealing/statements";

interface Unlocking {
  ring: KeyRing;
  /** Who must read the first data key, when this workstation is the first of the site. */
  recipients: string[];
}

/**
 * Unlocks this workstation: the key in service is decrypted and kept here, not extractable, and the server learns which
 * browser did it. Shows one part `[data-when]`: closed, locked, open or unusable. `data-reopen` says that the server has
 * just asked who is there.
 */
export class KeyUnlock extends HTMLElement {
  #end: (() => void) | undefined;

  connectedCallback(): void {
    const { ring, recipients } = dataOf<Unlocking>(this);
    this.#end = session.subscribe(() => this.#show());
    new KeyOpener(this, (secret) => this.#unlock(secret, ring, recipients));
    onClick(this, "[data-lock]", () => void session.lock());
    onClick(this, "[data-forget]", () => void attempt(this, () => this.#forget()));
    void session.start(sessionConfig(this, ring)).then(async () => {
      if ("reopen" in this.dataset && session.state === "locked") await session.reopen();
      this.#show();
      if (session.state === "open") await this.#tellSeen();
    });
  }

  disconnectedCallback(): void {
    this.#end?.();
  }

  async #unlock(secret: Secret, ring: KeyRing, recipients: string[]): Promise<void> {
    const locked = await lockedKey(this.dataset["wrapsUrl"] ?? "", "unlock");
    const { held, wrap } = await openKey({ locked, secret, extractable: false });
    const name = this.querySelector<HTMLInputElement>("[data-station-name]")?.value.trim() ?? "";
    const known = session.workstation?.id;
    const { record } = await makeWorkstation({ held, name, method: wrap.method, ...(known ? { id: known } : {}) });
    const station = await ask<{ id: string; name: string }>(this.dataset["stationUrl"] ?? "", { record });
    await session.install({ held, record: locked.record, workstation: { ...station, method: wrap.method } });
    if (ring.dataKeys.length === 0) await this.#firstDataKey(held, ring, recipients);
    if (this.dataset["next"]) location.assign(this.dataset["next"]);
  }

  /** The first workstation of a site makes its first data key; of two that do it at once, the server keeps one. */
  async #firstDataKey(signer: PrivateKeys, ring: KeyRing, recipients: string[]): Promise<void> {
    const pins = await pinsFor([signer], ring);
    const record = await makeDataKey({ scope: `dat:${ring.site}`, number: 1, recipients, signer, pins });
    try {
      await ask(this.dataset["dataKeysUrl"] ?? "", { record });
    } catch (error) {
      if (!(error instanceof ServerRefusal && error.status === 409)) throw error;
    }
    session.refresh();
  }

  /** The list is told first, so that it is true when the page says that it is done; the key goes even without a network. */
  async #forget(): Promise<void> {
    const id = session.workstation?.id;
    try {
      if (id) await ask((this.dataset["forgottenUrl"] ?? "").replace("00000000-0000-0000-0000-000000000000", id), {});
    } finally {
      await session.forget();
    }
  }

  /** A workstation that was revoked learns it here, and forgets. */
  async #tellSeen(): Promise<void> {
    const id = session.workstation?.id;
    if (!id) return;
    await ask((this.dataset["seenUrl"] ?? "").replace("00000000-0000-0000-0000-000000000000", id), {}).catch(async (error: unknown) => {
      if (error instanceof ServerRefusal && [404, 410].includes(error.status)) await session.forget();
    });
  }

  #show(): void {
    const held = session.state === "open" ? session.held().find(({ keys }) => keys.kid === this.dataset["kid"]) : undefined;
    const state = held ? "open" : session.state === "locked" || session.state === "unusable" ? session.state : "closed";
    if (session.state === "starting") return;
    for (const part of this.querySelectorAll<HTMLElement>("[data-when]")) part.hidden = part.dataset["when"] !== state;
    const renewed = this.querySelector<HTMLElement>("[data-renewed]");
    if (renewed) renewed.hidden = session.state !== "open" || held !== undefined;
    this.#write("[data-shown-name]", session.workstation?.name ?? "");
    this.#write("[data-fingerprint]", held?.keys.fingerprint ?? "");
    this.#write("[data-check]", held?.keys.check ?? "");
  }

  #write(selector: string, text: string): void {
    const place = this.querySelector(selector);
    if (place) place.textContent = text;
  }
}
