import { ask, connect, disconnect, placeOf, type SealedElement } from "../../sealing/opening";
import { SealingRefusal } from "../../sealing/refusal";
import type { Opened } from "../../sealing/session";
import { familyOf, word } from "../../sealing/words";

/**
 * Shows a sealed value where this workstation holds the key: `data-scope`, `data-record`, `data-field`, `data-token`.
 * `data-format="date"` writes a date as people do. Its content is what is shown while closed.
 *
 * The text goes in a shadow root: what the page's HTML is copied from (partial updates, caches, drafts, a saved page)
 * never holds it.
 */
export class SealedText extends HTMLElement implements SealedElement {
  static readonly observedAttributes = ["data-scope", "data-record", "data-field", "data-token"];

  readonly #root = this.attachShadow({ mode: "open" });

  constructor() {
    super();
    this.close();
  }

  connectedCallback(): void {
    // A browser that offers to translate the page would send the names to its maker.
    this.setAttribute("translate", "no");
    connect(this);
  }

  disconnectedCallback(): void {
    disconnect(this);
  }

  attributeChangedCallback(_name: string, before: string | null): void {
    if (before === null || !this.isConnected) return;
    this.close();
    ask(this);
  }

  sealed(): ReturnType<SealedElement["sealed"]> {
    const token = this.dataset["token"] ?? "";
    return token ? { place: placeOf(this), token } : undefined;
  }

  show(opened: Opened): void {
    if (opened instanceof SealingRefusal) this.#put("refused", word(`short-${familyOf(opened.code)}`));
    else this.#put("text", this.dataset["format"] === "date" ? dateAsWritten(opened.text) : opened.text);
  }

  close(): void {
    this.#root.replaceChildren(document.createElement("slot"));
  }

  #put(part: string, text: string): void {
    const shown = document.createElement("span");
    shown.setAttribute("part", part);
    shown.append(text);
    this.#root.replaceChildren(shown);
  }
}

/** `1980-12-31` as 31/12/1980; anything else as it is. */
export function dateAsWritten(text: string): string {
  const [, year, month, day] = /^(\d{4})-(\d{2})-(\d{2})$/.exec(text) ?? [];
  return year ? `${day}/${month}/${year}` : text;
}
