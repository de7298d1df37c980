/**
 * Says what of a record its reader has before her: `data-seen`, the last entry, and `data-revision`, the facts.
 *
 * When the page is brought up to date, the forms around it learn it too, or each of them would be refused as written
 * without having read. A message already begun keeps the mark of its beginning: its author must be told.
 */
export class ReadMark extends HTMLElement {
  static readonly observedAttributes = ["data-seen", "data-revision"];

  attributeChangedCallback(_name: string, before: string | null): void {
    if (before === null) return;
    for (const field of document.querySelectorAll<HTMLInputElement>("input[name=revision], input[name=seen]")) {
      const value = this.dataset[field.name];
      if (value !== undefined && !isBegun(field)) field.value = value;
    }
  }
}

function isBegun(field: HTMLInputElement): boolean {
  const text = field.form?.querySelector<HTMLTextAreaElement>("textarea[name=body]");
  return field.name === "seen" && (text?.value.trim() ?? "") !== "";
}
