import { drawn, Register, type Row } from "../../patients/register";
import { session } from "../../sealing/session";

const SHOWN = 50;

/**
 * Around the list of a register that the server drew: where the key is open, searches and sorts all of it in the browser.
 *
 * `data-url` (batches), `data-scope`. Inside: `[data-closed]`, the server's list; `[data-open]`, hidden, with an
 * `input[type=search]`, buttons `[data-sort]` in the headers, `[data-rows]`, a `<template data-row>`, `[data-count]`,
 * `[data-more]`, `[data-failed]`. Texts: `data-count-label` with `{shown}` and `{count}`, `data-loading-label` with `{count}`.
 */
export class PatientRegister extends HTMLElement {
  #register: Register | undefined;
  #found: Row[] = [];
  #shown = SHOWN;
  #by = "reference";
  #descending = true;
  #end: (() => void) | undefined;
  #turn = 0;

  connectedCallback(): void {
    this.addEventListener("input", this.#typed);
    this.addEventListener("click", this.#clicked);
    this.#end = session.subscribe(() => void this.#follow());
    void this.#follow();
  }

  disconnectedCallback(): void {
    this.removeEventListener("input", this.#typed);
    this.removeEventListener("click", this.#clicked);
    this.#end?.();
    this.#close();
  }

  async #follow(): Promise<void> {
    if (session.state !== "open") this.#close();
    else if (!this.#register) await this.#load();
  }

  #close(): void {
    this.#turn += 1;
    this.#register?.forget();
    this.#register = undefined;
    this.#found = [];
    this.#part("[data-rows]")?.replaceChildren();
    this.#show(false);
  }

  async #load(): Promise<void> {
    const { url = "", scope = "", loadingLabel = "" } = this.dataset;
    this.#turn += 1;
    const turn = this.#turn;
    const register = new Register(url, scope);
    this.#register = register;
    try {
      await register.fetch((count) => this.#count(loadingLabel.replace("{count}", String(count))));
      await register.open(document.querySelector<HTMLElement>("sealing-state")?.dataset["instance"] ?? "");
    } catch {
      if (turn === this.#turn) this.#fail();
      return;
    }
    if (turn !== this.#turn) return;
    this.#show(true);
    this.#find();
  }

  /** The server's list stays: it says less, and it is there. */
  #fail(): void {
    this.#register = undefined;
    const said = this.#part("[data-failed]");
    if (said) said.hidden = false;
  }

  #show(isOpen: boolean): void {
    const [open, closed] = [this.#part("[data-open]"), this.#part("[data-closed]")];
    if (open) open.hidden = !isOpen;
    if (closed) closed.hidden = isOpen;
  }

  readonly #typed = (event: Event) => {
    if ((event.target as HTMLElement).matches("input[type=search]")) this.#find();
  };

  readonly #clicked = (event: Event) => {
    const target = event.target as Element;
    const by = target.closest<HTMLElement>("[data-sort]")?.dataset["sort"];
    if (by) {
      this.#descending = by === this.#by ? !this.#descending : by === "reference";
      this.#by = by;
      this.#find();
    } else if (target.closest("[data-more]")) {
      this.#shown += SHOWN;
      this.#draw();
    }
  };

  #find(): void {
    const typed = this.querySelector<HTMLInputElement>("input[type=search]")?.value ?? "";
    this.#found = this.#register?.search(typed, { by: this.#by, descending: this.#descending }) ?? [];
    this.#shown = SHOWN;
    this.#draw();
  }

  #draw(): void {
    const template = this.querySelector<HTMLTemplateElement>("template[data-row]");
    const { scope = "", countLabel = "" } = this.dataset;
    if (!template) return;
    const rows = this.#found.slice(0, this.#shown);
    this.#part("[data-rows]")?.replaceChildren(...rows.map((row) => drawn(row, template, scope)));
    for (const button of this.querySelectorAll<HTMLElement>("[data-sort]")) {
      const isChosen = button.dataset["sort"] === this.#by;
      button.closest("th")?.setAttribute("aria-sort", isChosen ? (this.#descending ? "descending" : "ascending") : "none");
    }
    const more = this.#part("[data-more]");
    if (more) more.hidden = this.#found.length <= this.#shown;
    this.#count(countLabel.replace("{shown}", String(rows.length)).replace("{count}", String(this.#found.length)));
  }

  #count(text: string): void {
    for (const place of this.querySelectorAll("[data-count]")) place.textContent = text;
  }

  #part(selector: string): HTMLElement | null {
    return this.querySelector<HTMLElement>(selector);
  }
}
