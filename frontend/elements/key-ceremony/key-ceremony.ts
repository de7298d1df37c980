import { emptyKit, fillKit } from "../../keys/kit";
import { KeyOpener } from "../../keys/opener";
import { lockedKey, openKey } from "../../keys/opening";
import { ask } from "../../keys/server";
import { attempt, dataOf, listenCopy, onClick, onSubmit, showPassphrase, showStep } from "../../keys/steps";
import { readKid } from "../../sealing/identifiers";
import { makeKeys, makeSuccession, readKeys, type PrivateKeys, type PublicKeys } from "../../sealing/keys";
import { passphraseKdf, passphraseKey } from "../../sealing/passphrase";
import { kitKey, makeKit, makePassphrase } from "../../sealing/secrets";
import { makeConfirmation } from "../../sealing/statements";
import { makeWrap } from "../../sealing/wraps";

interface Ceremony {
  site: string;
  /** The key to make. */
  kid: string;
  /** The administrator who makes it. */
  by: string;
  /** Public record of the key in service, which introduces the new one; empty for the first. */
  active: string;
  /** Public record of a key of hers whose kit is still to be proven; empty otherwise. */
  draft: string;
}

/**
 * The guide that makes the key of a site (SEA-25): passphrase and kit shown once, the kit typed back from its paper and
 * opened for good. Private keys exist here between their making and their wraps; nothing secret goes to the server.
 */
export class KeyCeremony extends HTMLElement {
  #former: PrivateKeys | undefined;

  connectedCallback(): void {
    const ceremony = dataOf<Ceremony>(this);
    listenCopy(this);
    if (ceremony.active) this.#openFormer();
    onSubmit(this, "[data-begin]", () => void attempt(this, () => this.#make(ceremony)));
    onSubmit(this, "[data-noted]", () => showStep(this, "kit"));
    onClick(this, "[data-print]", () => window.print());
    onClick(this, "[data-printed]", () => showStep(this, "proof"));
    onClick(this, "[data-back-to-kit]", () => showStep(this, "kit"));
    if (ceremony.draft) void attempt(this, async () => this.#listenProof(ceremony, await readKeys(ceremony.draft)));
    else showStep(this, "before");
  }

  /** The epoch in service is opened first: it signs that the new one follows. */
  #openFormer(): void {
    const begin = this.querySelector<HTMLElement>("[data-begin]");
    if (begin) begin.hidden = true;
    const opener = new KeyOpener(this, async (secret) => {
      const locked = await lockedKey(this.dataset["wrapsUrl"] ?? "", "manage");
      this.#former = (await openKey({ locked, secret, extractable: false })).held;
      opener.hide();
      if (begin) begin.hidden = false;
    });
  }

  async #make(ceremony: Ceremony): Promise<void> {
    const { record, made } = await makeKeys(ceremony.kid);
    const passphrase = makePassphrase();
    const kit = makeKit();
    const kdf = passphraseKdf();
    const wraps = [
      await makeWrap({ made, method: "passphrase", kdf, wrappingKey: await passphraseKey(passphrase, kdf) }),
      await makeWrap({ made, method: "kit", kdf: { alg: "hkdf-sha256" }, wrappingKey: await kitKey(kit, ceremony.kid) }),
    ];
    const succession = this.#former ? await makeSuccession({ from: this.#former, to: made.keys }) : "";
    await ask(this.dataset["keysUrl"] ?? "", { record, wraps, succession, reason: this.dataset["reason"] ?? "" });
    this.#former = undefined;
    showPassphrase(this, passphrase);
    await fillKit(this, { kit, keys: made.keys });
    kit.fill(0);
    this.#listenProof(ceremony, made.keys);
    showStep(this, "passphrase");
  }

  /** The proof opens what the server stored, with what was printed: neither comes from this page's memory. */
  #listenProof(ceremony: Ceremony, keys: PublicKeys): void {
    const { epoch } = readKid(keys.kid);
    onSubmit(this, "[data-proof]", (form) =>
      void attempt(this, async () => {
        const typed = form.querySelector("textarea")?.value ?? "";
        const locked = await lockedKey(this.dataset["wrapsUrl"] ?? "", "manage", epoch);
        const { held } = await openKey({ locked: { ...locked, keys }, secret: { method: "kit", typed }, extractable: false });
        const confirmation = await makeConfirmation({ held, confirmed: keys, by: ceremony.by });
        await ask((this.dataset["proofUrl"] ?? "").replace("/0/", `/${epoch}/`), { confirmation });
        form.reset();
        showPassphrase(this, "");
        emptyKit(this);
        const shown = this.querySelector("[data-fingerprint-second]");
        if (shown) shown.textContent = keys.fingerprint;
        showStep(this, "second");
      }),
    );
    if (ceremony.draft) showStep(this, "proof");
  }
}
