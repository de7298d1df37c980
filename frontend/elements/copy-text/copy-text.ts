/**
 * Around a button: copies `data-text`, or the value of the field `data-from` names, and says `data-done` for a moment in
 * `[role=status]`. Where the browser refuses, the field is selected, ready to be copied by hand.
 */
export class CopyText extends HTMLElement {
  connectedCallback(): void {
    this.hidden = false;
    this.addEventListener("click", this.#clicked);
  }

  disconnectedCallback(): void {
    this.removeEventListener("click", this.#clicked);
  }

  readonly #clicked = (event: Event) => {
    if ((event.target as Element).closest("button")) void this.#copy();
  };

  async #copy(): Promise<void> {
    const { text, from = "", done = "" } = this.dataset;
    const field = from ? document.querySelector<HTMLTextAreaElement>(`#${CSS.escape(from)}`) : null;
    try {
      await navigator.clipboard.writeText(text ?? field?.value ?? "");
    } catch {
      field?.select();
      return;
    }
    const status = this.querySelector("[role=status]");
    if (!status) return;
    status.textContent = done;
    setTimeout(() => (status.textContent = ""), 2000);
  }
}
