import assert from "node:assert/strict";
import { test } from "node:test";
import { openPage } from "../../testing";

const page = openPage();
const { ReadMark } = await import("./read-mark");
page.customElements.define("read-mark", ReadMark as never);

function record(text: string): { seen: () => string; revision: () => string; update: () => void } {
  document.body.innerHTML = `
    <read-mark data-seen="4" data-revision="2"></read-mark>
    <form id="plan"><input name="revision" value="2"></form>
    <form id="message"><input name="seen" value="4"><textarea name="body"></textarea></form>`;
  const area = document.querySelector("textarea");
  if (area) area.value = text;
  const mark = document.querySelector("read-mark");
  return {
    seen: () => document.querySelector<HTMLInputElement>("[name=seen]")?.value ?? "",
    revision: () => document.querySelector<HTMLInputElement>("[name=revision]")?.value ?? "",
    update: () => {
      mark?.setAttribute("data-seen", "5");
      mark?.setAttribute("data-revision", "3");
    },
  };
}

test("forms not yet begun follow what the page shows", () => {
  const { seen, revision, update } = record("");
  update();
  assert.equal(seen(), "5");
  assert.equal(revision(), "3");
});

test("a message already begun keeps the mark of its beginning", () => {
  const { seen, revision, update } = record("Bonjour,");
  update();
  assert.equal(seen(), "4");
  assert.equal(revision(), "3");
});
