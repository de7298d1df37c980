import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";
import { openPage } from "../../testing";

const page = openPage();
const { PasskeyForm, decoded, encoded } = await import("./passkey-form");
page.customElements.define("passkey-form", PasskeyForm as never);

const OPTIONS = { request_options: { publicKey: { challenge: "AAEC_w", allowCredentials: [{ type: "public-key", id: "-_8" }] } } };
const bytes = (...values: number[]) => Uint8Array.from(values).buffer;
let asked: { publicKey: Record<string, unknown> } | undefined;
let answer: () => unknown;

beforeEach(() => {
  asked = undefined;
  answer = () => ({
    id: "-_8",
    rawId: bytes(251, 255),
    type: "public-key",
    authenticatorAttachment: "platform",
    getClientExtensionResults: () => ({}),
    response: { clientDataJSON: bytes(1), authenticatorData: bytes(2), signature: bytes(3), userHandle: bytes(4) },
  });
  (page as unknown as Record<string, unknown>)["PublicKeyCredential"] = class {};
  Object.defineProperty(navigator, "credentials", {
    configurable: true,
    value: {
      get: (wanted: { publicKey: Record<string, unknown> }) => {
        asked = wanted;
        return Promise.resolve().then(answer);
      },
    },
  });
});

function open(): { field: HTMLInputElement; error: HTMLElement; sent: () => boolean; send: () => Promise<void>; element: HTMLElement } {
  document.body.innerHTML = `<passkey-form data-failed="La clé n’a pas répondu." hidden><form><input type="hidden" name="credential">
    <p data-error hidden></p></form><script type="application/json">${JSON.stringify(OPTIONS)}</script></passkey-form>`;
  const form = document.querySelector("form") as HTMLFormElement;
  let sent = false;
  form.submit = () => {
    sent = true;
  };
  return {
    element: document.querySelector("passkey-form") as HTMLElement,
    field: document.querySelector("input") as HTMLInputElement,
    error: document.querySelector("[data-error]") as HTMLElement,
    sent: () => sent,
    send: async () => {
      form.dispatchEvent(new Event("submit", { bubbles: true, cancelable: true }));
      await new Promise((resolve) => setTimeout(resolve, 5));
    },
  };
}

test("it shows itself where the browser knows keys", () => {
  assert.equal(open().element.hidden, false);
});

test("it stays hidden where the browser knows none", () => {
  delete (page as unknown as Record<string, unknown>)["PublicKeyCredential"];
  assert.equal(open().element.hidden, true);
});

test("the key’s answer is sent as WebAuthn writes it in JSON", async () => {
  const { send, field, sent } = open();
  await send();
  assert.equal(sent(), true);
  assert.deepEqual(asked?.publicKey["challenge"], Uint8Array.of(0, 1, 2, 255));
  const credential = JSON.parse(field.value) as { rawId: string; response: Record<string, string> };
  assert.equal(credential.rawId, "-_8");
  assert.deepEqual(credential.response, { clientDataJSON: "AQ", authenticatorData: "Ag", signature: "Aw", userHandle: "BA" });
});

test("a key that does not answer is told, and nothing is sent", async () => {
  answer = () => {
    throw new Error("NotAllowedError");
  };
  const { send, error, sent } = open();
  await send();
  assert.equal(sent(), false);
  assert.equal(error.hidden, false);
  assert.equal(error.textContent, "La clé n’a pas répondu.");
});

test("bytes survive the way to text and back", () => {
  const all = Uint8Array.from({ length: 256 }, (_, index) => index);
  assert.deepEqual(decoded(encoded(all.buffer)), all);
});
