import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";
import { openPage } from "../../testing";

const page = openPage();
const { DropMenu } = await import("./drop-menu");
page.customElements.define("drop-menu", DropMenu as never);

beforeEach(() => {
  document.body.innerHTML = `<drop-menu><details open><summary>Menu</summary><div class="menu-panel">
    <a class="menu-item" href="#1">Un</a><a class="menu-item" href="#2">Deux</a></div></details></drop-menu><p>ailleurs</p>`;
});

const details = () => document.querySelector("details") as HTMLDetailsElement;

function press(key: string): void {
  const target = details().contains(document.activeElement) ? document.activeElement : document.querySelector("summary");
  target?.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true, cancelable: true }));
}

test("Escape closes, and gives the focus back to the button", () => {
  press("Escape");
  assert.equal(details().open, false);
  assert.equal(document.activeElement?.tagName, "SUMMARY");
});

test("arrows walk through the items, round and round", () => {
  press("ArrowDown");
  assert.equal(document.activeElement?.textContent, "Un");
  press("ArrowDown");
  press("ArrowDown");
  assert.equal(document.activeElement?.textContent, "Un");
  press("ArrowUp");
  assert.equal(document.activeElement?.textContent, "Deux");
});

test("a click elsewhere closes", () => {
  document.querySelector("p")?.dispatchEvent(new Event("pointerdown", { bubbles: true }));
  assert.equal(details().open, false);
});
