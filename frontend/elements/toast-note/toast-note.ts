import { icon } from "../../icon";

const ICONS = { info: "info-circle", success: "circle-check", warning: "alert-triangle", danger: "alert-octagon" } as const;
const READING_TIME = 8_000;

export interface Toast {
  tone: keyof typeof ICONS;
  text: string;
  link?: { href: string; text: string };
  /** An error stays until it is read; a success goes by itself. */
  stays?: boolean;
}

/** One message in the corner. With `data-leaves`, it goes after eight seconds, unless pointed at or focused. */
export class ToastNote extends HTMLElement {
  #timer = 0;

  connectedCallback(): void {
    this.querySelector("[data-close]")?.addEventListener("click", () => this.remove());
    if (!("leaves" in this.dataset)) return;
    this.#wait();
    for (const event of ["pointerenter", "focusin"]) this.addEventListener(event, () => clearTimeout(this.#timer));
    for (const event of ["pointerleave", "focusout"]) this.addEventListener(event, () => this.#wait());
  }

  disconnectedCallback(): void {
    clearTimeout(this.#timer);
  }

  #wait(): void {
    clearTimeout(this.#timer);
    this.#timer = window.setTimeout(() => this.remove(), READING_TIME);
  }
}

export function showToast({ tone, text, link, stays = false }: Toast): void {
  const list = document.querySelector(".toasts");
  if (!list || !text) return;
  for (const shown of list.querySelectorAll(".toast-text")) if (shown.firstChild?.textContent === text) return;
  const toast = document.createElement("toast-note");
  toast.className = `toast tone-${tone}`;
  if (!stays) toast.dataset["leaves"] = "";
  const words = document.createElement("span");
  words.className = "toast-text";
  words.append(text);
  if (link) {
    const anchor = document.createElement("a");
    anchor.href = link.href;
    anchor.target = "_blank";
    anchor.textContent = link.text;
    words.append(" ", anchor);
  }
  const close = document.createElement("button");
  close.type = "button";
  close.className = "btn btn-ghost btn-small btn-icon";
  close.dataset["close"] = "";
  close.setAttribute("aria-label", list.getAttribute("data-close-label") ?? "");
  close.append(icon("x"));
  toast.append(icon(ICONS[tone]), words, close);
  list.append(toast);
}
