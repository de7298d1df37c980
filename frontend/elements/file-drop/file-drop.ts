import { icon } from "../../icon";

const IMAGE = /^image\/(?:png|jpeg)$/;

/**
 * Around `<input type="file" multiple>`: drag and drop, paste of screenshots anywhere in the same form, a list with
 * « Retirer », and a first check of size and type. The server decides by content; here a person is told early.
 *
 * `data-extensions="jpg,png"`, `data-max-bytes`, `data-max-files`; messages, with `{name}`, `{limit}`:
 * `data-too-large`, `data-wrong-type`, `data-too-many`, `data-empty`, `data-remove`, `data-screenshot`.
 */
export class FileDrop extends HTMLElement {
  #kept: File[] = [];
  #addresses: string[] = [];

  readonly #paste = (event: Event) => {
    const files = [...((event as ClipboardEvent).clipboardData?.files ?? [])];
    if (files.length === 0) return;
    event.preventDefault();
    this.add(files.map((file, index) => this.#named(file, index)));
  };

  connectedCallback(): void {
    this.input?.addEventListener("change", () => {
      const chosen = [...(this.input?.files ?? [])];
      this.add(chosen.filter((file) => !this.#kept.includes(file)));
    });
    for (const name of ["dragenter", "dragover"]) {
      this.addEventListener(name, (event) => {
        if (![...((event as DragEvent).dataTransfer?.types ?? [])].includes("Files")) return;
        event.preventDefault();
        this.classList.add("is-over");
      });
    }
    for (const name of ["dragleave", "drop"]) this.addEventListener(name, () => this.classList.remove("is-over"));
    this.addEventListener("drop", (event) => {
      event.preventDefault();
      this.add([...((event as DragEvent).dataTransfer?.files ?? [])]);
    });
    this.closest("form")?.addEventListener("paste", this.#paste);
  }

  disconnectedCallback(): void {
    this.closest("form")?.removeEventListener("paste", this.#paste);
    this.#forgetAddresses();
  }

  get input(): HTMLInputElement | null {
    return this.querySelector('input[type="file"]');
  }

  get #list(): Element | null {
    return this.querySelector(".files");
  }

  /** Adds the files that pass the first check; the others are listed with the reason. */
  add(files: File[]): void {
    const refused: { file: File; reason: string }[] = [];
    for (const file of files) {
      const reason = this.#reason(file);
      if (reason) refused.push({ file, reason });
      else this.#kept.push(file);
    }
    this.#store();
    this.#draw(refused);
  }

  #reason(file: File): string {
    const { maxBytes, maxFiles, extensions } = this.dataset;
    const extension = file.name.toLowerCase().split(".").pop() ?? "";
    const allowed = (extensions ?? "").split(",").filter(Boolean);
    if (file.size === 0) return this.#text("empty", file);
    if (maxBytes && file.size > Number(maxBytes)) return this.#text("tooLarge", file);
    if (allowed.length > 0 && !allowed.includes(extension)) return this.#text("wrongType", file);
    if (maxFiles && this.#kept.length >= Number(maxFiles)) return this.#text("tooMany", file);
    return "";
  }

  #text(key: string, file: File): string {
    return (this.dataset[key] ?? key).replace("{name}", file.name);
  }

  /** A pasted screenshot is called « image.png » by every browser: two of them must not look the same. */
  #named(file: File, index: number): File {
    if (!IMAGE.test(file.type) || !/^image\.\w+$/.test(file.name)) return file;
    const now = new Date();
    const stamp = [now.getHours(), now.getMinutes(), now.getSeconds()].map((part) => String(part).padStart(2, "0")).join("-");
    const suffix = index > 0 ? `-${index + 1}` : "";
    const extension = file.name.split(".").pop() ?? "png";
    return new File([file], `${this.dataset["screenshot"] ?? "capture"}-${stamp}${suffix}.${extension}`, { type: file.type });
  }

  #store(): void {
    if (!this.input) return;
    const transfer = new DataTransfer();
    for (const file of this.#kept) transfer.items.add(file);
    this.input.files = transfer.files;
  }

  #forgetAddresses(): void {
    for (const address of this.#addresses) URL.revokeObjectURL(address);
    this.#addresses = [];
  }

  #draw(refused: { file: File; reason: string }[]): void {
    const list = this.#list;
    if (!list) return;
    this.#forgetAddresses();
    list.replaceChildren(
      ...this.#kept.map((file, index) => this.#row(file, index)),
      ...refused.map(({ file, reason }) => this.#refusal(file, reason)),
    );
  }

  #row(file: File, index: number): HTMLLIElement {
    const row = document.createElement("li");
    row.className = "file";
    const name = document.createElement("span");
    name.className = "file-name";
    name.textContent = file.name;
    const size = document.createElement("span");
    size.className = "muted small nowrap";
    size.textContent = readableSize(file.size);
    const remove = document.createElement("button");
    remove.type = "button";
    remove.className = "btn btn-ghost btn-small btn-icon";
    remove.setAttribute("aria-label", this.#text("remove", file));
    remove.append(icon("x"));
    remove.addEventListener("click", () => {
      this.#kept.splice(index, 1);
      this.#store();
      this.#draw([]);
      this.input?.focus();
    });
    row.append(this.#picture(file), name, size, remove);
    return row;
  }

  #picture(file: File): Element {
    if (!IMAGE.test(file.type)) return icon(/\.pdf$/i.test(file.name) ? "file-type-pdf" : "file-text");
    const image = document.createElement("img");
    image.src = URL.createObjectURL(file);
    this.#addresses.push(image.src);
    image.alt = "";
    return image;
  }

  #refusal(file: File, reason: string): HTMLLIElement {
    const row = document.createElement("li");
    row.className = "file is-refused";
    row.setAttribute("role", "alert");
    const name = document.createElement("span");
    name.className = "file-name";
    name.textContent = file.name;
    const words = document.createElement("span");
    words.className = "file-reason";
    words.textContent = reason;
    row.append(icon("alert-circle"), name, words);
    return row;
  }
}

/** « 1,4 Mo », as the template tag `{% filesize %}` writes it. */
export function readableSize(bytes: number, language = document.documentElement.lang || "fr"): string {
  const units = language.startsWith("fr") ? ["octets", "Ko", "Mo", "Go"] : ["bytes", "KB", "MB", "GB"];
  let value = bytes;
  let unit = 0;
  while (value >= 1024 && unit < units.length - 1) {
    value /= 1024;
    unit += 1;
  }
  const number = new Intl.NumberFormat(language, { maximumFractionDigits: unit > 1 ? 1 : 0 }).format(value);
  return `${number}\u00a0${units[unit]}`;
}
