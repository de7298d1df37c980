/** Shown while the browser knows that it has no network. The text is in the page, hidden. */
export class OfflineBanner extends HTMLElement {
  readonly #show = () => {
    this.hidden = navigator.onLine;
  };

  connectedCallback(): void {
    this.#show();
    window.addEventListener("online", this.#show);
    window.addEventListener("offline", this.#show);
  }

  disconnectedCallback(): void {
    window.removeEventListener("online", this.#show);
    window.removeEventListener("offline", this.#show);
  }
}
