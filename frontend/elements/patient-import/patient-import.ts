import { csrfToken } from "../../csrf";
import { checked, decoded, fieldsOf, parsed, rowsOf, type Fault, type FileRow, type Table } from "../../patients/csv";
import { Register } from "../../patients/register";
import { newRevision } from "../../sealing/identifiers";
import { session } from "../../sealing/session";

const LARGEST_BYTES = 20 * 1024 * 1024;
const SHOWN_FAULTS = 50;
const SAMPLE = 5;
const AT_ONCE = 200;

interface Prepared {
  rows: FileRow[];
  faults: { line: number; faults: Fault[] }[];
}

/**
 * Reads a file of patients, shows what will be kept, seals it and sends it: nothing of the file leaves in clear.
 *
 * `data-url` (where sealed rows go), `data-batch-url` (what the register holds), `data-scope`, `data-most`. Inside: an
 * `input[type=file]`, steps `[data-step]` (`choose`, `check`, `send`), a `[data-columns]` with a `<template>` of one
 * column's choice, `[data-sample]`, `[data-faults]`, buttons `[data-act]` (`send`, `again`), a `progress`, `[data-said]`.
 * Texts are `data-…-label`: `count`, `faulty`, `line`, `too-large`, `no-rows`, `too-many`, `failed`, and one for each fault.
 */
export class PatientImport extends HTMLElement {
  #table: Table | undefined;
  #fields: string[] = [];
  #prepared: Prepared | undefined;
  #known: Promise<ReadonlySet<string>> | undefined;
  /** Made once a file: sent again after a cut, the same rows are the same patients. */
  #ids: string[] = [];
  #isBusy = false;

  connectedCallback(): void {
    this.addEventListener("change", this.#changed);
    this.addEventListener("click", this.#clicked);
    this.#step("choose");
  }

  disconnectedCallback(): void {
    this.removeEventListener("change", this.#changed);
    this.removeEventListener("click", this.#clicked);
    this.#table = this.#prepared = undefined;
  }

  readonly #changed = (event: Event) => {
    const target = event.target as HTMLElement;
    if (target instanceof HTMLInputElement && target.type === "file") void this.#read(target.files?.[0]);
    else if (target instanceof HTMLSelectElement) {
      this.#fields = [...this.querySelectorAll<HTMLSelectElement>("[data-columns] select")].map((select) => select.value);
      void this.#check();
    }
  };

  readonly #clicked = (event: Event) => {
    const act = (event.target as Element).closest<HTMLElement>("[data-act]")?.dataset["act"];
    if (act === "again") this.#begin();
    if (act === "send") void this.#send();
  };

  #begin(): void {
    this.#table = this.#prepared = undefined;
    const input = this.querySelector<HTMLInputElement>("input[type=file]");
    if (input) input.value = "";
    this.#say("");
    this.#step("choose");
  }

  async #read(file: File | undefined): Promise<void> {
    if (!file) return;
    if (file.size > LARGEST_BYTES) return this.#say(this.#word("tooLarge"));
    this.#table = parsed(decoded(await file.arrayBuffer()));
    const most = Number(this.dataset["most"]);
    if (this.#table.rows.length === 0) return this.#say(this.#word("noRows"));
    if (this.#table.rows.length > most) return this.#say(this.#word("tooMany"));
    this.#say("");
    this.#ids = this.#table.rows.map(() => newRevision());
    this.#fields = fieldsOf(this.#table.header);
    this.#drawColumns(this.#table.header);
    await this.#check();
    this.#step("check");
  }

  #drawColumns(header: string[]): void {
    const [place, template] = [this.querySelector("[data-columns]"), this.querySelector<HTMLTemplateElement>("template[data-column]")];
    if (!place || !template) return;
    place.replaceChildren(
      ...header.map((title, index) => {
        const copy = template.content.cloneNode(true) as DocumentFragment;
        const [label, select] = [copy.querySelector("label"), copy.querySelector("select")];
        if (label && select) {
          label.textContent = title || String(index + 1);
          label.htmlFor = select.id = `colonne-${index}`;
          select.value = this.#fields[index] ?? "";
        }
        return copy;
      }),
    );
  }

  async #check(): Promise<void> {
    const table = this.#table;
    if (!table) return;
    this.#known ??= this.#identifiers();
    const known = await this.#known.catch(() => new Set<string>());
    const seen = new Set<string>();
    const all = rowsOf(table, this.#fields).map((row) => checked(row, seen, known));
    const faults = all.filter((one) => one.faults.length > 0).map(({ row, faults: found }) => ({ line: row.line, faults: found }));
    this.#prepared = { rows: all.map(({ row }) => row), faults };
    this.#drawSample();
    this.#drawFaults(faults.map(({ line, faults: found }) => ({ line, reason: found.map((fault) => this.#word(fault)).join(" ") })));
    this.#write("[data-total]", this.#word("count").replace("{count}", String(all.length)));
    const send = this.querySelector<HTMLButtonElement>('[data-act="send"]');
    if (send) send.disabled = faults.length > 0 || all.length === 0;
  }

  /** Identifiers that the register holds already, so that a line is told before it is sent. */
  async #identifiers(): Promise<ReadonlySet<string>> {
    const { batchUrl = "", scope = "" } = this.dataset;
    const register = new Register(batchUrl, scope);
    await register.fetch();
    return new Set([...register.rows.values()].map(({ emr }) => emr).filter(Boolean));
  }

  #drawSample(): void {
    const body = this.querySelector("[data-sample] tbody");
    const head = this.querySelector("[data-sample] thead tr");
    const used = this.#fields.filter(Boolean);
    const names = new Map([...this.querySelectorAll<HTMLOptionElement>("[data-columns] option")].map((option) => [option.value, option.text]));
    head?.replaceChildren(...used.map((field) => cell("th", names.get(field) ?? field)));
    const rows = this.#prepared?.rows.slice(0, SAMPLE) ?? [];
    body?.replaceChildren(
      ...rows.map((row) => {
        const line = document.createElement("tr");
        line.append(...used.map((field) => cell("td", row.values[field] ?? "")));
        return line;
      }),
    );
  }

  #drawFaults(lines: { line: number; reason: string }[]): void {
    const place = this.querySelector<HTMLElement>("[data-faulty]");
    if (place) place.hidden = lines.length === 0;
    this.#write("[data-faulty-count]", this.#word("faulty").replace("{count}", String(lines.length)));
    const items = lines.slice(0, SHOWN_FAULTS).map(({ line, reason }) => {
      const item = document.createElement("li");
      item.textContent = this.#word("line").replace("{line}", String(line)).replace("{reason}", reason);
      return item;
    });
    this.querySelector("[data-faults]")?.replaceChildren(...items);
  }

  async #send(): Promise<void> {
    const prepared = this.#prepared;
    if (!prepared || prepared.faults.length > 0 || this.#isBusy) return;
    if (session.state !== "open") return this.#say(this.#word("locked"));
    this.#isBusy = true;
    this.#step("send");
    try {
      const rows = await this.#sealed(prepared.rows);
      const body = new FormData();
      body.append("rows", new File([JSON.stringify(rows)], "rows.json", { type: "application/json" }));
      const answer = await fetch(this.dataset["url"] ?? "", {
        method: "POST",
        body,
        headers: { "X-CSRFToken": csrfToken(), Accept: "application/json" },
      });
      const told = (await answer.json()) as { next?: string; message?: string; lines?: { line: number; reason: string }[] };
      if (answer.ok && told.next) {
        this.#table = this.#prepared = undefined;
        location.assign(told.next);
        return;
      }
      this.#step("check");
      this.#say(told.message ?? this.#word("failed"));
      this.#drawFaults((told.lines ?? []).map(({ line, reason }) => ({ line: prepared.rows[line - 1]?.line ?? line, reason })));
    } catch {
      // Nothing was kept, or all was: sent again, the same rows count once.
      this.#step("check");
      this.#say(this.#word("failed"));
    } finally {
      this.#isBusy = false;
    }
  }

  async #sealed(rows: FileRow[]): Promise<Record<string, string>[]> {
    const { scope = "" } = this.dataset;
    const instance = document.querySelector<HTMLElement>("sealing-state")?.dataset["instance"] ?? "";
    const bar = this.querySelector("progress");
    if (bar) bar.max = rows.length;
    const done: Record<string, string>[] = [];
    for (let start = 0; start < rows.length; start += AT_ONCE) {
      const some = rows.slice(start, start + AT_ONCE).map(async ({ values }, offset) => {
        const id = this.#ids[start + offset] ?? newRevision();
        const { emr = "", ...personal } = values;
        const fields = await Promise.all(
          Object.entries(personal).map(async ([field, text]) => [
            field,
            await session.seal({ instance, scope, record: `patient:${id}`, field }, text),
          ]),
        );
        return { id, emr, ...(Object.fromEntries(fields) as Record<string, string>) };
      });
      done.push(...(await Promise.all(some)));
      if (bar) bar.value = done.length;
    }
    return done;
  }

  #step(name: string): void {
    for (const step of this.querySelectorAll<HTMLElement>("[data-step]")) step.hidden = step.dataset["step"] !== name;
  }

  #say(text: string): void {
    const said = this.querySelector<HTMLElement>("[data-said]");
    if (!said) return;
    said.textContent = text;
    said.hidden = text === "";
  }

  #write(selector: string, text: string): void {
    for (const place of this.querySelectorAll(selector)) place.textContent = text;
  }

  #word(name: string): string {
    const key = name.replace(/-(\w)/g, (_dash, letter: string) => letter.toUpperCase());
    return this.dataset[`${key}Label`] ?? "";
  }
}

function cell(tag: "th" | "td", text: string): HTMLElement {
  const made = document.createElement(tag);
  if (tag === "th") made.setAttribute("scope", "col");
  made.textContent = text;
  return made;
}
