import { KeyOpener } from "../../keys/opener";
import { lockedKey, openKey } from "../../keys/opening";
import { ask } from "../../keys/server";
import { attempt, onSubmit, tell } from "../../keys/steps";
import { readBase32 } from "../../sealing/encoding";
import { readKid } from "../../sealing/identifiers";
import { readKeys } from "../../sealing/keys";
import { makeConfirmation } from "../../sealing/statements";

/**
 * Compares the fingerprint of the key in `data-record` with what was typed from another screen, then signs that it is the
 * same: with that key itself when it is a new one of this site, with the key in service (`data-signer`) for a connector.
 * The fingerprint is not shown before it was typed: it must come from elsewhere.
 */
export class KeyConfirm extends HTMLElement {
  connectedCallback(): void {
    const same = this.querySelector<HTMLElement>("[data-same]");
    onSubmit(this, "[data-compare]", (form) =>
      void attempt(this, async () => {
        const confirmed = await readKeys(this.dataset["record"] ?? "");
        const field = form.querySelector<HTMLInputElement>("input[type=text]");
        let typed = "";
        try {
          typed = readBase32(field?.value ?? "");
        } catch {
          // Characters that no fingerprint has: it differs.
        }
        if (!same || typed !== readBase32(confirmed.fingerprint)) return tell(this, this.dataset["differs"] ?? "");
        const shown = same.querySelector("[data-fingerprint]");
        if (shown) shown.textContent = confirmed.fingerprint;
        form.hidden = true;
        same.hidden = false;
        same.querySelector<HTMLElement>("h2")?.focus();
      }),
    );
    new KeyOpener(this, async (secret) => {
      const confirmed = await readKeys(this.dataset["record"] ?? "");
      const signer = this.dataset["signer"] ? await readKeys(this.dataset["signer"]) : confirmed;
      const { wraps } = await lockedKey(this.dataset["wrapsUrl"] ?? "", "manage", readKid(signer.kid).epoch);
      // Checked against the record that was compared, not against what the server gives now.
      const { held } = await openKey({ locked: { keys: signer, wraps }, secret, extractable: false });
      const confirmation = await makeConfirmation({ held, confirmed, by: this.dataset["by"] ?? "" });
      await ask(this.dataset["confirmUrl"] ?? "", { confirmation });
      location.assign(this.dataset["doneUrl"] ?? "/");
    });
  }
}
