// The part of a page that asks for the passphrase, a passkey or the kit (`sealing/_opener.html`).
import type { Secret } from "./opening";
import { wordsFor } from "./words";

/**
 * Around `[data-opener]`. `open` is called with what the person gave; what it throws is told beside the fields, and what
 * was typed stays there until the key opens.
 */
export class KeyOpener {
  readonly #root: HTMLElement;
  readonly #open: (secret: Secret) => Promise<void>;

  constructor(within: ParentNode, open: (secret: Secret) => Promise<void>) {
    this.#root = within.querySelector<HTMLElement>("[data-opener]") as HTMLElement;
    this.#open = open;
    this.#listen("passphrase");
    this.#listen("kit");
    this.#root.querySelector("[data-opener-passkey]")?.addEventListener("click", () => void this.#try({ method: "passkey" }));
  }

  hide(): void {
    this.#root.hidden = true;
  }

  #listen(method: "passphrase" | "kit"): void {
    const form = this.#root.querySelector<HTMLFormElement>(`[data-opener-${method}]`);
    const field = form?.querySelector<HTMLInputElement | HTMLTextAreaElement>("[data-secret]");
    form?.addEventListener("submit", (event) => {
      event.preventDefault();
      if (!field?.value.trim()) return field?.focus();
      void this.#try({ method, typed: field.value }, field);
    });
  }

  async #try(secret: Secret, field?: HTMLInputElement | HTMLTextAreaElement): Promise<void> {
    if (this.#root.hasAttribute("aria-busy")) return;
    this.#busy(true);
    this.#tell("");
    try {
      await this.#open(secret);
      for (const typed of this.#root.querySelectorAll<HTMLInputElement | HTMLTextAreaElement>("[data-secret]")) typed.value = "";
    } catch (error) {
      this.#tell(wordsFor(error));
      field?.setAttribute("aria-invalid", "true");
      field?.focus();
      return;
    } finally {
      this.#busy(false);
    }
    field?.removeAttribute("aria-invalid");
  }

  #busy(busy: boolean): void {
    this.#root.toggleAttribute("aria-busy", busy);
    const note = this.#root.querySelector<HTMLElement>("[data-opener-busy]");
    if (note) note.hidden = !busy;
    for (const button of this.#root.querySelectorAll("button")) button.disabled = busy;
  }

  #tell(text: string): void {
    const place = this.#root.querySelector<HTMLElement>("[data-opener-error]");
    if (!place) return;
    place.textContent = text;
    place.hidden = !text;
  }
}
