// The register of a site, as a browser holds it while the key is open: fetched by batches, opened together, found in memory.
import { SealedIndex } from "../sealing/search";
import { session } from "../sealing/session";

/** Sealed fields that the list carries: see `vigie/patients/queries.py`. */
export const IN_LIST = ["family_name", "birth_name", "given_name", "birth_date", "phone", "email"] as const;

export interface Row {
  id: string;
  reference: number;
  emr: string;
  [field: string]: string | number;
}

interface Batch {
  v: 1;
  rows: Row[];
  next: number | null;
}

export class Register {
  readonly rows = new Map<string, Row>();
  readonly #index: SealedIndex;
  readonly #url: string;
  readonly #scope: string;

  constructor(url: string, scope: string, language = document.documentElement.lang) {
    this.#url = url;
    this.#scope = scope;
    this.#index = new SealedIndex(language);
  }

  get size(): number {
    return this.rows.size;
  }

  /** Fetches all that the server holds, without opening anything; tells after each batch how many there are. */
  async fetch(tell: (count: number) => void = () => {}): Promise<void> {
    let after: number | null = 0;
    while (after !== null) {
      const answer = await fetch(`${this.#url}?apres=${after}`, { headers: { Accept: "application/json" } });
      if (!answer.ok || answer.redirected) throw new Error(`batch: ${answer.status}`);
      const batch = (await answer.json()) as Batch;
      for (const row of batch.rows) this.rows.set(row.id, row);
      tell(this.rows.size);
      after = batch.next;
    }
  }

  /** Opens what was fetched. A value that is refused is found by its number only; the page's state tells the alarm. */
  async open(instance: string): Promise<void> {
    const sealed = [...this.rows.values()].flatMap((row) =>
      IN_LIST.flatMap((field) => {
        const token = row[field];
        if (typeof token !== "string" || token === "") return [];
        return [{ id: row.id, field, token, place: { instance, scope: this.#scope, record: `patient:${row.id}`, field } }];
      }),
    );
    const opened = await session.openAll(sealed);
    const values = new Map<string, Record<string, string>>();
    for (const row of this.rows.values()) values.set(row.id, { reference: String(row.reference), emr: row.emr });
    sealed.forEach(({ id, field }, index) => {
      const one = opened[index];
      const own = values.get(id);
      if (one && "text" in one && own) own[field] = one.text;
    });
    for (const [id, own] of values) this.#index.set(id, own);
  }

  search(typed: string, order: { by: string; descending?: boolean }): Row[] {
    return this.#index.search(typed, order).flatMap((id) => this.rows.get(id) ?? []);
  }

  /** Everything goes with the key. */
  forget(): void {
    this.#index.clear();
    this.rows.clear();
  }
}

/** Writes a row into a copy of the page's template: numbers as text, sealed values as elements that open themselves. */
export function drawn(row: Row, template: HTMLTemplateElement, scope: string): DocumentFragment {
  const copy = template.content.cloneNode(true) as DocumentFragment;
  for (const slot of copy.querySelectorAll<HTMLElement>("[data-slot]")) slot.textContent = String(row[slot.dataset["slot"] ?? ""] ?? "");
  for (const link of copy.querySelectorAll("a[data-href]")) link.setAttribute("href", (link.getAttribute("data-href") ?? "").replace("ID", row.id));
  for (const value of copy.querySelectorAll<HTMLElement>("sealed-text")) {
    const token = row[value.dataset["field"] ?? ""];
    if (typeof token !== "string" || token === "") {
      value.remove();
      continue;
    }
    Object.assign(value.dataset, { scope, record: `patient:${row.id}`, token });
  }
  return copy;
}
