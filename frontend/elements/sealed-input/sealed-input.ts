import { ask, connect, disconnect, placeOf, type SealedElement } from "../../sealing/opening";
import { SealingRefusal } from "../../sealing/refusal";
import { session, type Opened } from "../../sealing/session";
import { familyOf, word } from "../../sealing/words";

type Control = HTMLInputElement | HTMLTextAreaElement | HTMLSelectElement;

const underWay = new Set<Promise<void>>();

/**
 * Around a control without a name and a hidden field with one: what is typed is sealed at each change into the hidden
 * field, the only one that forms and drafts send. `data-token` is the stored value; the hidden field may hold a newer
 * one, from a draft. The control stays disabled where the key is not open, and the stored value is sent back as it is.
 */
export class SealedInput extends HTMLElement implements SealedElement {
  static readonly observedAttributes = ["data-token"];

  /** What the control showed when it was opened; typing it again gives the stored value back, not a new one. */
  #opened = "";
  #openedToken = "";
  /** What is to be sent; a partial update of the page may have written over the hidden field. */
  #sent = "";
  #isOpen = false;
  /** What an empty control says while it is closed. */
  #closed: string | undefined;
  #turn = 0;

  connectedCallback(): void {
    this.close();
    this.addEventListener("input", this.#typed);
    this.addEventListener("change", this.#typed);
    connect(this);
  }

  disconnectedCallback(): void {
    this.removeEventListener("input", this.#typed);
    this.removeEventListener("change", this.#typed);
    disconnect(this);
  }

  attributeChangedCallback(_name: string, before: string | null): void {
    if (before === null || !this.isConnected) return;
    // The stored value changed under somebody who types: she keeps hers, the server compares when it is sent.
    if (this.#isOpen && this.#control?.value !== this.#opened) return;
    ask(this);
  }

  sealed(): ReturnType<SealedElement["sealed"]> {
    this.#harden();
    const token = this.#hidden?.value ?? "";
    if (token) return { place: placeOf(this), token, isDraft: token !== this.dataset["token"] };
    // Nothing stored: nothing to open, but the control may be typed in once the key is.
    if (session.state === "open") this.#edit("", "");
    return undefined;
  }

  show(opened: Opened): void {
    if (opened instanceof SealingRefusal) {
      this.close();
      this.#say(word(`long-${familyOf(opened.code)}`));
      return;
    }
    this.#edit(opened.text, this.#hidden?.value ?? "");
  }

  /** Puts what was sealed last where the form takes it. */
  settle(): void {
    const hidden = this.#hidden;
    if (this.#isOpen && hidden) hidden.value = this.#sent;
  }

  close(): void {
    const control = this.#control;
    this.#isOpen = false;
    if (!control) return;
    control.disabled = true;
    control.value = "";
    this.#closed ??= control.getAttribute("placeholder") ?? "";
    control.setAttribute("placeholder", this.#closed);
    this.#opened = "";
  }

  #edit(text: string, token: string): void {
    const control = this.#control;
    if (!control || this.#isOpen) return;
    control.value = text;
    control.disabled = false;
    control.removeAttribute("placeholder");
    this.#opened = control.value;
    this.#openedToken = this.#sent = token;
    this.#isOpen = true;
    this.#say("");
  }

  readonly #typed = (event: Event) => {
    if (event.target !== this.#control || !this.#isOpen) return;
    const sealing = this.#seal();
    underWay.add(sealing);
    void sealing.finally(() => underWay.delete(sealing));
  };

  async #seal(): Promise<void> {
    const [control, hidden] = [this.#control, this.#hidden];
    if (!control || !hidden) return;
    this.#turn += 1;
    const turn = this.#turn;
    const text = control.value;
    if (text === this.#opened) {
      hidden.value = this.#sent = this.#openedToken;
      this.#say("");
      return;
    }
    try {
      const token = text === "" ? "" : await session.seal(placeOf(this), text, this.dataset["token"] ?? "");
      if (turn !== this.#turn) return;
      hidden.value = this.#sent = token;
      this.#say("");
    } catch (error) {
      if (turn !== this.#turn) return;
      const code = error instanceof SealingRefusal ? error.code : "no-key";
      control.setCustomValidity(word(`long-${familyOf(code)}`) || code);
      this.#say(word(`long-${familyOf(code)}`), false);
    }
  }

  /** A name would send the text; the others would show it to the browser's maker, or keep it for the next visit. */
  #harden(): void {
    const attributes = { autocomplete: "off", spellcheck: "false", autocorrect: "off", translate: "no" };
    const control = this.#control;
    control?.removeAttribute("name");
    for (const [name, value] of Object.entries(attributes)) control?.setAttribute(name, value);
  }

  get #control(): Control | null {
    return this.querySelector<Control>("input:not([type=hidden]), textarea, select");
  }

  get #hidden(): HTMLInputElement | null {
    return this.querySelector<HTMLInputElement>("input[type=hidden]");
  }

  #say(text: string, isValid = true): void {
    if (isValid) this.#control?.setCustomValidity("");
    const place = this.querySelector<HTMLElement>("[data-error]");
    if (!place) return;
    place.textContent = text;
    place.hidden = text === "";
  }
}

/** A form sent before the last character is sealed waits for it: a matter of a millisecond. */
export function holdForms(): void {
  document.addEventListener(
    "submit",
    (event) => {
      const form = event.target as HTMLFormElement;
      const inputs = form.querySelectorAll<SealedInput>("sealed-input");
      if (inputs.length === 0) return;
      if (underWay.size === 0) {
        for (const input of inputs) input.settle();
        return;
      }
      event.preventDefault();
      event.stopImmediatePropagation();
      const { submitter } = event as SubmitEvent;
      void Promise.allSettled([...underWay]).then(() => form.requestSubmit(submitter));
    },
    { capture: true },
  );
}
