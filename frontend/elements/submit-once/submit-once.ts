/**
 * Around a form: a double click sends once. The server has an idempotency key besides; this spares the reader a doubt,
 * and says that the sending is under way.
 */
export class SubmitOnce extends HTMLElement {
  #sending = false;

  readonly #restored = () => this.#ready();

  connectedCallback(): void {
    this.addEventListener("submit", this.#submit, { capture: true });
    this.addEventListener("htmx:finally:request", this.#restored);
    // Back from the next page, out of the browser's cache: the form can be sent again.
    window.addEventListener("pageshow", this.#restored);
  }

  disconnectedCallback(): void {
    window.removeEventListener("pageshow", this.#restored);
  }

  readonly #submit = (event: Event) => {
    if (this.#sending) {
      event.preventDefault();
      event.stopImmediatePropagation();
      return;
    }
    this.#sending = true;
    // Not `disabled`: a disabled button leaves the form data, and with it the name of the chosen action.
    const button = (event as SubmitEvent).submitter;
    button?.classList.add("is-busy");
    button?.setAttribute("aria-disabled", "true");
  };

  #ready(): void {
    this.#sending = false;
    for (const button of this.querySelectorAll(".is-busy")) {
      button.classList.remove("is-busy");
      button.removeAttribute("aria-disabled");
    }
  }
}
