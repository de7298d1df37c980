import { ask } from "../../keys/server";
import { attempt, dataOf, tell } from "../../keys/steps";
import { wordsFor } from "../../keys/words";
import { readKeys } from "../../sealing/keys";
import { Pins } from "../../sealing/pins";
import type { KeyRing } from "../../sealing/records";
import { SealingRefusal } from "../../sealing/refusal";
import { Store } from "../../sealing/store";

/**
 * Lists the keys that the page received, each with the fingerprint computed here and whether this browser had seen the
 * same one. Another key under a known name is told, and written in the journal of the site.
 */
export class KeyPins extends HTMLElement {
  connectedCallback(): void {
    void attempt(this, () => this.#list(dataOf<KeyRing>(this)));
  }

  async #list(ring: KeyRing): Promise<void> {
    const store = await Store.open(ring);
    const kept = await store.pins();
    const pins = new Pins(kept);
    const changed: { kid: string; found: string }[] = [];
    for (const record of ring.keys) {
      const keys = await readKeys(record);
      const known = pins.standing(keys.kid) !== undefined;
      let state: "new" | "known" | "changed" = known ? "known" : "new";
      try {
        pins.see(keys);
      } catch (error) {
        if (!(error instanceof SealingRefusal)) throw error;
        state = "changed";
        changed.push({ kid: keys.kid, found: keys.thumbprint });
      }
      this.#add(keys.kid, keys.fingerprint, state);
    }
    await store.keepPins(pins.kept);
    store.close();
    for (const { kid, found } of changed) {
      tell(this, wordsFor(new SealingRefusal("changed-thumbprint")));
      const expected = kept.find((pin) => pin.kid === kid)?.thumbprint ?? "";
      await ask(this.dataset["alarmUrl"] ?? "", { alarm: "key", expected, found });
    }
  }

  #add(kid: string, fingerprint: string, state: "new" | "known" | "changed"): void {
    const item = this.querySelector<HTMLTemplateElement>("template")?.content.firstElementChild?.cloneNode(true) as HTMLElement | undefined;
    if (!item) return;
    item.dataset["state"] = state;
    for (const [name, text] of Object.entries({ kid, fingerprint, said: this.dataset[state] ?? "" })) {
      const place = item.querySelector(`[data-${name}]`);
      if (place) place.textContent = text;
    }
    this.querySelector("[data-pins]")?.append(item);
  }
}
