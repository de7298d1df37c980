import assert from "node:assert/strict";
import { test } from "node:test";
import { openPage, tick } from "../../testing";

const page = openPage();
const { CopyText } = await import("./copy-text");
page.customElements.define("copy-text", CopyText as never);

const copied: string[] = [];
let isRefused = false;
Object.defineProperty(navigator, "clipboard", {
  value: { writeText: async (text: string) => (isRefused ? Promise.reject(new Error("refused")) : void copied.push(text)) },
  configurable: true,
});

function show(attributes: string): HTMLElement {
  document.body.innerHTML = `<textarea id="fiche">fiche brute</textarea>
    <copy-text hidden data-done="Copié" ${attributes}><button>Copier</button><span role="status"></span></copy-text>`;
  return document.querySelector<HTMLElement>("copy-text") as HTMLElement;
}

async function press(): Promise<void> {
  document.querySelector("button")?.click();
  await tick();
}

test("copies its text and says so", async () => {
  const element = show('data-text="#1024"');
  assert.equal(element.hidden, false);
  await press();
  assert.equal(copied.at(-1), "#1024");
  assert.equal(element.querySelector("[role=status]")?.textContent, "Copié");
});

test("copies what a field holds", async () => {
  show('data-from="fiche"');
  await press();
  assert.equal(copied.at(-1), "fiche brute");
});

test("where the browser refuses, the field is selected and nothing is said to be copied", async () => {
  isRefused = true;
  const element = show('data-from="fiche"');
  const field = document.querySelector<HTMLTextAreaElement>("textarea") as HTMLTextAreaElement;
  field.setSelectionRange(0, 0);
  await press();
  assert.deepEqual([field.selectionStart, field.selectionEnd], [0, "fiche brute".length]);
  assert.equal(element.querySelector("[role=status]")?.textContent, "");
});
