import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";
import { openPage, tick } from "../../testing";

const page = openPage();
const { KeepDraft } = await import("./keep-draft");
page.customElements.define("keep-draft", KeepDraft as never);

interface Sent {
  url: string;
  body: URLSearchParams;
  options: RequestInit;
}

let sent: Sent[] = [];
let answer: () => Promise<Response> = async () => new Response(null, { status: 204 });

beforeEach(() => {
  sent = [];
  answer = async () => new Response(null, { status: 204 });
  globalThis.fetch = (async (url: string, options: RequestInit) => {
    sent.push({ url, body: options.body as URLSearchParams, options });
    return answer();
  }) as typeof fetch;
  document.body.innerHTML = `
    <keep-draft data-draft-url="/brouillon/" data-saved-label="Enregistré à {time}" data-failed-label="Échec">
      <form><input name="csrfmiddlewaretoken" value="token"><input name="subject"><input type="password" name="secret" value="x">
      <textarea name="body"></textarea></form><span data-draft-status></span>
    </keep-draft>`;
});

function type(text: string): void {
  const field = document.querySelector("textarea") as HTMLTextAreaElement;
  field.value = text;
  field.dispatchEvent(new Event("input", { bubbles: true }));
}

const element = () => document.querySelector("keep-draft") as InstanceType<typeof KeepDraft>;
const status = () => document.querySelector("[data-draft-status]")?.textContent;

test("what is typed is sent once, after a pause", async () => {
  type("a");
  type("ab");
  await tick(500);
  assert.equal(sent.length, 0);
  await tick(450);
  assert.equal(sent.length, 1);
  assert.equal(sent[0]?.url, "/brouillon/");
  assert.equal(sent[0]?.body.get("body"), "ab");
  assert.equal((sent[0]?.options.headers as Record<string, string>)["X-CSRFToken"], "token");
  assert.match(status() ?? "", /^Enregistré à \d+\u00a0h\u00a0\d\d$/);
});

test("passwords and tokens are no part of a draft", async () => {
  type("a");
  await element().save();
  assert.deepEqual([...(sent[0]?.body.keys() ?? [])], ["subject", "body"]);
});

test("nothing typed, nothing sent", async () => {
  await element().save();
  assert.equal(sent.length, 0);
});

test("leaving the page sends at once, in a request that outlives it", () => {
  type("a");
  window.dispatchEvent(new Event("pagehide"));
  assert.equal(sent.length, 1);
  assert.equal(sent[0]?.options.keepalive, true);
});

test("a failure is said, and the draft is sent again", async () => {
  answer = async () => new Response(null, { status: 503 });
  type("a");
  await element().save();
  assert.equal(status(), "Échec");
  answer = async () => new Response(null, { status: 204 });
  await element().save();
  assert.equal(sent.length, 2);
});

test("no draft follows the form that was sent", async () => {
  type("a");
  document.querySelector("form")?.dispatchEvent(new Event("submit", { bubbles: true }));
  await tick(900);
  window.dispatchEvent(new Event("pagehide"));
  assert.equal(sent.length, 0);
});

test("a sending that something refused leaves the draft alive", async () => {
  type("a");
  const event = new Event("submit", { bubbles: true, cancelable: true });
  event.preventDefault();
  document.querySelector("form")?.dispatchEvent(event);
  await element().save();
  assert.equal(sent.length, 1);
});

test("a draft that could not leave goes when the network is back", async () => {
  answer = async () => {
    throw new TypeError("no network");
  };
  type("a");
  await element().save();
  answer = async () => new Response(null, { status: 204 });
  window.dispatchEvent(new Event("online"));
  await tick();
  assert.equal(sent.length, 2);
});

test("after signing in beside, the page takes the new token and sends its draft", async () => {
  document.body.dataset["tokenPage"] = "/aide/";
  answer = async () => new Response(null, { status: 403 });
  type("a");
  await element().save();
  answer = async () => new Response('<meta name="csrf-token" content="fresh">');
  window.dispatchEvent(new Event("focus"));
  await tick(20);
  assert.deepEqual(sent.map(({ url }) => url), ["/brouillon/", "/aide/", "/brouillon/"]);
  assert.equal((sent[2]?.options.headers as Record<string, string>)["X-CSRFToken"], "fresh");
  delete document.body.dataset["tokenPage"];
});
