// Searching and sorting sealed values, in memory, in the browser: the server has no index of them.

const OTHER_LETTERS: Record<string, string> = { œ: "oe", æ: "ae", ß: "ss", ø: "o", đ: "d", ł: "l" };

/** Small letters without accents; what is neither letter nor digit is a space. */
export function folded(text: string): string {
  return text
    .toLowerCase()
    .normalize("NFD")
    .replace(/\p{M}+/gu, "")
    .replace(/[œæßøđł]/g, (letter) => OTHER_LETTERS[letter] ?? letter)
    .replace(/[^\p{L}\p{N}]+/gu, " ")
    .trim();
}

/** The ways in which people type a date stored as `1980-12-31`. */
export function datesTyped(stored: string): string[] {
  const [, year = "", month = "", day = ""] = /^(\d{4})-(\d{2})-(\d{2})$/.exec(stored) ?? [];
  return year ? [stored, `${day}/${month}/${year}`, `${day}${month}${year}`] : [stored];
}

interface Entry {
  id: string;
  /** Each value folded, between line breaks. */
  text: string;
  keys: Record<string, string>;
}

/**
 * What a page has opened, by record. `set` a record again when it changes. Every word typed must begin a word of one of
 * its values: « le dup » finds Dupont, Léa.
 */
export class SealedIndex {
  readonly #entries = new Map<string, Entry>();
  readonly #collator: Intl.Collator;
  readonly #sorted = new Map<string, string[]>();

  constructor(language = "fr") {
    this.#collator = new Intl.Collator(language, { sensitivity: "base", numeric: true, ignorePunctuation: true });
  }

  get size(): number {
    return this.#entries.size;
  }

  /** `values` by field; a date is found however it is typed. */
  set(id: string, values: Readonly<Record<string, string>>): void {
    const text = Object.values(values).flatMap(datesTyped).map(folded).filter(Boolean).join("\n ");
    this.#entries.set(id, { id, text: ` ${text}`, keys: { ...values } });
    this.#sorted.clear();
  }

  delete(id: string): void {
    this.#entries.delete(id);
    this.#sorted.clear();
  }

  /** Everything goes with the key. */
  clear(): void {
    this.#entries.clear();
    this.#sorted.clear();
  }

  /** Records that match, in the order of a field; those without it come last, either way. */
  search(typed: string, { by, descending = false }: { by: string; descending?: boolean }): string[] {
    const words = folded(typed).split(" ").filter(Boolean).map((word) => ` ${word}`);
    const found = this.#order(by).filter((id) => {
      const text = this.#entries.get(id)?.text ?? "";
      return words.every((word) => text.includes(word));
    });
    if (!descending) return found;
    const last = found.findIndex((id) => !this.#entries.get(id)?.keys[by]);
    const filled = last < 0 ? found : found.slice(0, last);
    return [...filled.reverse(), ...(last < 0 ? [] : found.slice(last))];
  }

  #order(by: string): string[] {
    const known = this.#sorted.get(by);
    if (known) return known;
    const filled = [...this.#entries.values()].filter(({ keys }) => keys[by]);
    const empty = [...this.#entries.values()].filter(({ keys }) => !keys[by]);
    // Dates sort as they are, much faster than words.
    const isPlain = filled.every(({ keys }) => /^\d{4}-\d{2}-\d{2}$/.test(keys[by] ?? ""));
    const compare = isPlain ? (one: string, other: string) => (one < other ? -1 : Number(one > other)) : this.#collator.compare;
    filled.sort((one, other) => compare(one.keys[by] ?? "", other.keys[by] ?? ""));
    const order = [...filled, ...empty].map(({ id }) => id);
    this.#sorted.set(by, order);
    return order;
  }
}
