import { drawn, Register } from "../../patients/register";
import { session } from "../../sealing/session";

const SHOWN = 6;

/**
 * Around the field of a form that takes reference numbers: where the key is open, finds a patient by name and writes her
 * number in the field. The name stays in the browser.
 *
 * `data-url` (batches), `data-scope`. Inside: the `input[name]`; `[data-open]`, hidden, with an `input[type=search]`,
 * `[data-rows]` and a `<template data-row>` with a button `[data-reference]`. `data-none-label` when nobody matches.
 */
export class PatientPicker extends HTMLElement {
  #register: Promise<Register> | undefined;
  #end: (() => void) | undefined;
  #turn = 0;

  connectedCallback(): void {
    this.addEventListener("input", this.#typed);
    this.addEventListener("click", this.#clicked);
    this.addEventListener("keydown", this.#pressed);
    this.#end = session.subscribe(() => this.#follow());
    this.#follow();
  }

  disconnectedCallback(): void {
    this.removeEventListener("input", this.#typed);
    this.removeEventListener("click", this.#clicked);
    this.removeEventListener("keydown", this.#pressed);
    this.#end?.();
    this.#close();
  }

  #follow(): void {
    const open = this.querySelector<HTMLElement>("[data-open]");
    if (open) open.hidden = session.state !== "open";
    if (session.state !== "open") this.#close();
  }

  #close(): void {
    this.#turn += 1;
    void this.#register?.then((register) => register.forget(), () => {});
    this.#register = undefined;
    if (this.#search) this.#search.value = "";
    this.querySelector("[data-rows]")?.replaceChildren();
  }

  /** The register is fetched when somebody looks for a patient, not with the page. */
  #loaded(): Promise<Register> {
    const { url = "", scope = "" } = this.dataset;
    this.#register ??= (async () => {
      const register = new Register(url, scope);
      await register.fetch();
      await register.open(document.querySelector<HTMLElement>("sealing-state")?.dataset["instance"] ?? "");
      return register;
    })();
    return this.#register;
  }

  readonly #typed = (event: Event) => {
    if (event.target !== this.#search) return;
    // What is looked for is a name: it must not reach what watches the form to keep a draft.
    event.stopPropagation();
    void this.#find();
  };

  async #find(): Promise<void> {
    this.#turn += 1;
    const turn = this.#turn;
    const rows = this.querySelector("[data-rows]");
    const template = this.querySelector<HTMLTemplateElement>("template[data-row]");
    const typed = this.#search?.value ?? "";
    if (!rows || !template) return;
    if (typed.trim().length < 2) {
      rows.replaceChildren();
      return;
    }
    const register = await this.#loaded().catch(() => undefined);
    if (turn !== this.#turn || session.state !== "open") return;
    const found = register?.search(typed, { by: "family_name" }).slice(0, SHOWN) ?? [];
    const { scope = "", noneLabel = "" } = this.dataset;
    const drawnRows = found.map((row) => {
      const copy = drawn(row, template, scope);
      copy.querySelector<HTMLElement>("[data-reference]")?.setAttribute("data-reference", String(row.reference));
      return copy;
    });
    rows.replaceChildren(...(drawnRows.length > 0 ? drawnRows : [noneLabel]));
  }

  readonly #clicked = (event: Event) => {
    const reference = (event.target as Element).closest<HTMLElement>("[data-reference]")?.dataset["reference"];
    const field = this.querySelector<HTMLInputElement>("input[name]");
    if (!reference || !field) return;
    const numbers = field.value.split(/[^0-9]+/).filter(Boolean);
    if (!numbers.includes(reference)) numbers.push(reference);
    field.value = numbers.join(", ");
    field.dispatchEvent(new Event("input", { bubbles: true }));
    if (this.#search) this.#search.value = "";
    this.querySelector("[data-rows]")?.replaceChildren();
    field.focus();
  };

  /** Enter looks, it does not send the form with half a name typed. */
  readonly #pressed = (event: KeyboardEvent) => {
    if (event.key === "Enter" && event.target === this.#search) event.preventDefault();
  };

  get #search(): HTMLInputElement | null {
    return this.querySelector("input[type=search]");
  }
}
