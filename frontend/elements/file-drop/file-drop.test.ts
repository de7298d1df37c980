import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";
import { openPage } from "../../testing";

const page = openPage();
const { FileDrop, readableSize } = await import("./file-drop");
page.customElements.define("file-drop", FileDrop as never);
URL.createObjectURL = () => "blob:picture";
URL.revokeObjectURL = () => undefined;

class Transfer {
  readonly #kept: File[] = [];
  readonly items = { add: (file: File) => this.#kept.push(file) };
  get files(): File[] {
    return this.#kept;
  }
}

beforeEach(() => {
  globalThis.DataTransfer = Transfer as never;
  document.body.innerHTML = `<form><file-drop data-extensions="png,pdf" data-max-bytes="1000" data-max-files="2"
    data-too-large="trop gros" data-wrong-type="type refusé" data-too-many="trop de fichiers" data-empty="vide"
    data-remove="Retirer {name}" data-screenshot="capture"><input type="file" multiple><ul class="files"></ul></file-drop></form>`;
  // The simulated input takes no list of files: what is stored is what the element gave it.
  Object.defineProperty(input(), "files", { value: [], writable: true });
});

const element = () => document.querySelector("file-drop") as InstanceType<typeof FileDrop>;
const input = () => document.querySelector("input") as HTMLInputElement;
const names = () => [...(input().files ?? [])].map(({ name }) => name);
const refusals = () => [...document.querySelectorAll(".file-reason")].map(({ textContent }) => textContent);

function file(name: string, size = 10, type = ""): File {
  return new File(["x".repeat(size)], name, { type });
}

test("files given in two times are all sent", () => {
  element().add([file("a.pdf")]);
  element().add([file("b.png")]);
  assert.deepEqual(names(), ["a.pdf", "b.png"]);
});

test("a file too large, empty, or of another type is refused with the reason, and the others stay", () => {
  element().add([file("a.pdf"), file("b.pdf", 2000), file("c.exe"), file("d.png", 0)]);
  assert.deepEqual(names(), ["a.pdf"]);
  assert.deepEqual(refusals(), ["trop gros", "type refusé", "vide"]);
});

test("one file too many is refused", () => {
  element().add([file("a.pdf"), file("b.pdf"), file("c.pdf")]);
  assert.deepEqual(names(), ["a.pdf", "b.pdf"]);
  assert.deepEqual(refusals(), ["trop de fichiers"]);
});

test("a file can be taken back", () => {
  element().add([file("a.pdf"), file("b.pdf")]);
  (document.querySelector('[aria-label="Retirer a.pdf"]') as HTMLButtonElement).click();
  assert.deepEqual(names(), ["b.pdf"]);
});

test("a pasted screenshot gets a name of its own", () => {
  const event = new Event("paste", { bubbles: true, cancelable: true });
  Object.defineProperty(event, "clipboardData", { value: { files: [file("image.png", 10, "image/png")] } });
  document.querySelector("form")?.dispatchEvent(event);
  assert.match(names()[0] ?? "", /^capture-\d\d-\d\d-\d\d\.png$/);
  assert.equal(event.defaultPrevented, true);
});

test("pasting text is left alone", () => {
  const event = new Event("paste", { bubbles: true, cancelable: true });
  Object.defineProperty(event, "clipboardData", { value: { files: [] } });
  document.querySelector("form")?.dispatchEvent(event);
  assert.equal(event.defaultPrevented, false);
});

test("sizes read as people write them", () => {
  assert.equal(readableSize(12, "fr"), "12\u00a0octets");
  assert.equal(readableSize(331_776, "fr"), "324\u00a0Ko");
  assert.equal(readableSize(1_468_006, "fr"), "1,4\u00a0Mo");
  assert.equal(readableSize(1_468_006, "en"), "1.4\u00a0MB");
});
