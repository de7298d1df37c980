/**
 * A `<details>` that behaves like a menu: closes on Escape, on a click elsewhere and when focus leaves; arrows move
 * between its items. Without JavaScript it opens and closes by its summary.
 */
export class DropMenu extends HTMLElement {
  readonly #clickElsewhere = (event: Event) => {
    if (event.target instanceof Node && !this.contains(event.target)) this.#close();
  };

  connectedCallback(): void {
    document.addEventListener("pointerdown", this.#clickElsewhere);
    this.addEventListener("toggle", () => this.#place(), { capture: true });
    this.addEventListener("keydown", (event) => this.#key(event));
    this.addEventListener("focusout", (event) => {
      if (event.relatedTarget instanceof Node && !this.contains(event.relatedTarget)) this.#close();
    });
  }

  disconnectedCallback(): void {
    document.removeEventListener("pointerdown", this.#clickElsewhere);
  }

  get #details(): HTMLDetailsElement | null {
    return this.querySelector(":scope > details");
  }

  /** Turns the panel to the other side when it would leave the screen. */
  #place(): void {
    this.classList.remove("menu-turned");
    const box = this.querySelector(".menu-panel")?.getBoundingClientRect();
    if (box && box.width > 0 && (box.left < 0 || box.right > document.documentElement.clientWidth)) this.classList.add("menu-turned");
  }

  #close(): void {
    if (this.#details) this.#details.open = false;
  }

  #key(event: KeyboardEvent): void {
    const details = this.#details;
    if (!details) return;
    if (event.key === "Escape" && details.open) {
      this.#close();
      details.querySelector("summary")?.focus();
      event.stopPropagation();
      return;
    }
    if (event.key !== "ArrowDown" && event.key !== "ArrowUp") return;
    if (event.target instanceof HTMLInputElement) return;
    const items = [...details.querySelectorAll<HTMLElement>(".menu-item, .menu-segments .btn")];
    if (items.length === 0) return;
    event.preventDefault();
    details.open = true;
    const step = event.key === "ArrowDown" ? 1 : -1;
    const here = items.indexOf(document.activeElement as HTMLElement);
    const next = here === -1 ? (step === 1 ? 0 : items.length - 1) : (here + step + items.length) % items.length;
    items[next]?.focus();
  }
}
