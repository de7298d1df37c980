import { emptyKit, fillKit } from "../../keys/kit";
import { KeyOpener } from "../../keys/opener";
import { lockedKey, openKey, type Secret } from "../../keys/opening";
import { makePasskey, passkeyOf, prfOf } from "../../keys/passkey";
import { ask } from "../../keys/server";
import { attempt, listenCopy, onClick, onSubmit, showPassphrase, showStep } from "../../keys/steps";
import { randomBytes, toBase64url } from "../../sealing/encoding";
import { readKeys, type PrivateKeys } from "../../sealing/keys";
import { passphraseKdf, passphraseKey } from "../../sealing/passphrase";
import type { WrapRecord } from "../../sealing/records";
import { kitKey, makeKit, makePassphrase, passkeyKey } from "../../sealing/secrets";
import { makeConfirmation } from "../../sealing/statements";
import { makeWrap, openWrap } from "../../sealing/wraps";

/**
 * Adds a passkey to the key in service, renews its passphrase or prints a new kit. The key is opened first, extractable
 * and in memory only, to be wrapped again; what replaces something is proven before the former one closes.
 */
export class KeyMethods extends HTMLElement {
  #made: PrivateKeys | undefined;
  #wraps: WrapRecord[] = [];
  #added = "";

  connectedCallback(): void {
    listenCopy(this);
    new KeyOpener(this, (secret) => this.#open(secret));
    onSubmit(this, "[data-passkey]", (form) => void attempt(this, () => this.#addPasskey(form.querySelector("input")?.value ?? "")));
    onClick(this, "[data-new-passphrase]", () => void attempt(this, () => this.#renewPassphrase()));
    onClick(this, "[data-new-kit]", () => void attempt(this, () => this.#printKit()));
    onClick(this, "[data-print]", () => window.print());
    onClick(this, "[data-printed]", () => showStep(this, "kit-proof"));
    onSubmit(this, "[data-prove-passphrase]", (form) =>
      void attempt(this, () => this.#prove({ method: "passphrase", typed: form.querySelector("input")?.value ?? "" })),
    );
    onSubmit(this, "[data-prove-kit]", (form) =>
      void attempt(this, () => this.#prove({ method: "kit", typed: form.querySelector("textarea")?.value ?? "" })),
    );
  }

  disconnectedCallback(): void {
    this.#made = undefined;
  }

  async #open(secret: Secret): Promise<void> {
    const { wraps } = await lockedKey(this.#wrapsUrl, "manage", this.#epoch);
    const keys = await readKeys(this.dataset["record"] ?? "");
    this.#made = (await openKey({ locked: { keys, wraps }, secret, extractable: true })).held;
    this.#wraps = wraps;
    showStep(this, "choose");
  }

  async #addPasskey(label: string): Promise<void> {
    const made = this.#opened();
    const known = this.#wraps.filter(({ method }) => method === "passkey").map((wrap) => passkeyOf(wrap).credential);
    const credential = await makePasskey({ name: `${this.dataset["siteName"] ?? ""} – ${label}`, known });
    const salt = toBase64url(randomBytes(32));
    const { prf } = await prfOf([{ credential, salt }]);
    const wrappingKey = await passkeyKey({ prf, salt, kid: made.keys.kid });
    prf.fill(0);
    const wrap = await makeWrap({ made, method: "passkey", kdf: { alg: "hkdf-sha256", salt, credential }, wrappingKey });
    await this.#add(wrap, label);
    await this.#confirm(await openWrap({ wrap, keys: made.keys, wrappingKey }));
  }

  async #renewPassphrase(): Promise<void> {
    const passphrase = makePassphrase();
    const kdf = passphraseKdf();
    const wrappingKey = await passphraseKey(passphrase, kdf);
    await this.#add(await makeWrap({ made: this.#opened(), method: "passphrase", kdf, wrappingKey }));
    showPassphrase(this, passphrase);
    showStep(this, "passphrase");
  }

  async #printKit(): Promise<void> {
    const made = this.#opened();
    const kit = makeKit();
    const wrappingKey = await kitKey(kit, made.keys.kid);
    await this.#add(await makeWrap({ made, method: "kit", kdf: { alg: "hkdf-sha256" }, wrappingKey }));
    await fillKit(this, { kit, keys: made.keys });
    kit.fill(0);
    showStep(this, "kit");
  }

  /** Opens what the server stored, with what the person kept of it: of the two wraps, the new one alone. */
  async #prove(secret: Secret): Promise<void> {
    const { keys } = this.#opened();
    const { wraps } = await lockedKey(this.#wrapsUrl, "manage", this.#epoch);
    const locked = { keys, wraps: wraps.filter(({ id }) => id === this.#added) };
    await this.#confirm((await openKey({ locked, secret, extractable: false })).held);
  }

  async #add(wrap: WrapRecord, label = ""): Promise<void> {
    const answer = await ask<{ id: string }>(this.dataset["addUrl"] ?? "", { epoch: this.#epoch, record: wrap, label });
    this.#added = answer.id;
  }

  async #confirm(held: PrivateKeys): Promise<void> {
    const confirmation = await makeConfirmation({ held, confirmed: held.keys, by: this.dataset["by"] ?? "" });
    const url = (this.dataset["proofUrl"] ?? "").replace("00000000-0000-0000-0000-000000000000", this.#added);
    await ask(url, { confirmation });
    this.#made = undefined;
    showPassphrase(this, "");
    emptyKit(this);
    showStep(this, "done");
  }

  #opened(): PrivateKeys {
    if (!this.#made) throw new Error("The key is not open.");
    return this.#made;
  }

  get #wrapsUrl(): string {
    return this.dataset["wrapsUrl"] ?? "";
  }

  get #epoch(): number {
    return Number(this.dataset["epoch"]);
  }
}
