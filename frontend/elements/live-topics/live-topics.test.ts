import assert from "node:assert/strict";
import { test } from "node:test";
import { openPage } from "../../testing";

const page = openPage();
const { LiveTopics } = await import("./live-topics");
page.customElements.define("live-topics", LiveTopics as never);

// Connected before there is a topic: the connection itself has tests of its own.
function list(): { element: HTMLElement; readings: () => number } {
  document.body.innerHTML = "<live-topics></live-topics>";
  const element = document.createElement("section");
  element.dataset["liveTopic"] = "incident:1";
  document.body.append(element);
  let count = 0;
  element.addEventListener("live", () => {
    count += 1;
  });
  return { element, readings: () => count };
}

function fail(element: HTMLElement, type: string, status?: number): void {
  const detail = status === undefined ? {} : { ctx: { response: { status } } };
  element.dispatchEvent(new CustomEvent(type, { bubbles: true, detail }));
}

async function networkReturns(): Promise<void> {
  const gathered = new Promise((resolve) => setTimeout(resolve, 200));
  window.dispatchEvent(new Event("online"));
  await gathered;
}

test("what could not be read without network is read when it returns", async () => {
  const { element, readings } = list();
  fail(element, "htmx:error");
  assert.equal(readings(), 0);
  await networkReturns();
  assert.equal(readings(), 1);
});

test("a server that was down is asked again", async () => {
  const { element, readings } = list();
  fail(element, "htmx:response:error", 503);
  await networkReturns();
  assert.equal(readings(), 1);
});

test("a refusal is not asked again", async () => {
  const { element, readings } = list();
  fail(element, "htmx:response:error", 404);
  await networkReturns();
  assert.equal(readings(), 0);
});
