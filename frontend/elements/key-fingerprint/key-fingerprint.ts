import { readKeys } from "../../sealing/keys";
import { wordsFor } from "../../keys/words";

/** Shows the fingerprint of the public record in `data-record`, computed here. */
export class KeyFingerprint extends HTMLElement {
  connectedCallback(): void {
    const place = this.querySelector("[data-fingerprint]");
    void readKeys(this.dataset["record"] ?? "").then(
      ({ fingerprint }) => place?.replaceChildren(fingerprint),
      (error: unknown) => place?.replaceChildren(wordsFor(error)),
    );
  }
}
