// A simulated page for tests of elements.
import { Window } from "happy-dom";

const NAMES = [
  "window", "document", "customElements", "HTMLElement", "HTMLInputElement", "HTMLSelectElement", "HTMLDialogElement",
  "HTMLDetailsElement", "HTMLMetaElement", "Element", "Node", "Event", "CustomEvent", "FormData", "File", "DataTransfer",
  "KeyboardEvent", "SubmitEvent", "CSS",
] as const;

/** Makes a fresh page the global one. Import the element under test after this, and define it. */
export function openPage(html = ""): Window {
  const page = new Window({ url: "http://localhost/" });
  Object.defineProperty(globalThis, "navigator", { value: page.navigator, configurable: true });
  for (const name of NAMES) {
    Object.defineProperty(globalThis, name, { value: name === "window" ? page : page[name as keyof Window], configurable: true, writable: true });
  }
  page.document.documentElement.lang = "fr";
  page.document.body.innerHTML = html;
  return page;
}

export function tick(milliseconds = 0): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}
