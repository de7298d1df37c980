// What the guides share: one part shown at a time, an error told once, a form that waits.
import { wordsFor } from "./words";

/** Shows the part `[data-step=name]`, hides the others, and puts the reader at its title. */
export function showStep(within: HTMLElement, name: string): void {
  for (const part of within.querySelectorAll<HTMLElement>("[data-step]")) part.hidden = part.dataset["step"] !== name;
  const marks = [...within.querySelectorAll<HTMLElement>("[data-step-mark]")];
  const here = marks.findIndex((mark) => mark.dataset["stepMark"] === name);
  marks.forEach((mark, index) => {
    mark.classList.toggle("done", index < here);
    if (index === here) mark.setAttribute("aria-current", "step");
    else mark.removeAttribute("aria-current");
  });
  tell(within, "");
  within.querySelector<HTMLElement>(`[data-step="${name}"] h2`)?.focus();
}

export function tell(within: ParentNode, text: string): void {
  const place = within.querySelector<HTMLElement>("[data-error]");
  if (!place) return;
  place.textContent = text;
  place.hidden = !text;
}

/** Runs what a button or a form asks for, once at a time; what it throws is told. */
export async function attempt(within: HTMLElement, work: () => Promise<void>): Promise<void> {
  if (within.hasAttribute("aria-busy")) return;
  within.setAttribute("aria-busy", "true");
  const busy = within.querySelector<HTMLElement>("[data-busy]");
  if (busy) busy.hidden = false;
  tell(within, "");
  try {
    await work();
  } catch (error) {
    tell(within, wordsFor(error));
  } finally {
    within.removeAttribute("aria-busy");
    if (busy) busy.hidden = true;
  }
}

export function onSubmit(within: ParentNode, selector: string, work: (form: HTMLFormElement) => void): void {
  within.querySelector<HTMLFormElement>(selector)?.addEventListener("submit", (event) => {
    event.preventDefault();
    work(event.currentTarget as HTMLFormElement);
  });
}

export function onClick(within: ParentNode, selector: string, work: () => void): void {
  for (const button of within.querySelectorAll(selector)) button.addEventListener("click", work);
}

/** The JSON that the page left inside an element. */
export function dataOf<Data>(within: ParentNode): Data {
  return JSON.parse(within.querySelector('script[type="application/json"]')?.textContent ?? "null") as Data;
}

/** Shows a secret, with a button that copies it. */
export function showPassphrase(within: ParentNode, passphrase: string): void {
  const place = within.querySelector("[data-passphrase]");
  if (place) place.textContent = passphrase;
}

export function listenCopy(within: ParentNode): void {
  onClick(within, "[data-copy-passphrase]", () => {
    const text = within.querySelector("[data-passphrase]")?.textContent ?? "";
    const note = within.querySelector<HTMLElement>("[data-copied]");
    void navigator.clipboard?.writeText(text).then(() => {
      if (note) note.hidden = false;
    });
  });
}
