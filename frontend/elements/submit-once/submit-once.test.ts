import assert from "node:assert/strict";
import { test } from "node:test";
import { openPage } from "../../testing";

const page = openPage();
const { SubmitOnce } = await import("./submit-once");
page.customElements.define("submit-once", SubmitOnce as never);

function form(): { sent: () => number; send: () => void; button: HTMLButtonElement; element: HTMLElement } {
  document.body.innerHTML = '<submit-once><form><button name="act" value="send">Envoyer</button></form></submit-once>';
  const [element, target, button] = ["submit-once", "form", "button"].map((name) => document.querySelector(name));
  let count = 0;
  target?.addEventListener("submit", (event) => {
    count += 1;
    event.preventDefault();
  });
  const send = () => {
    const event = new Event("submit", { bubbles: true, cancelable: true });
    Object.defineProperty(event, "submitter", { value: button });
    target?.dispatchEvent(event);
  };
  return { sent: () => count, send, button: button as HTMLButtonElement, element: element as HTMLElement };
}

test("a double click sends once", () => {
  const { send, sent } = form();
  send();
  send();
  assert.equal(sent(), 1);
});

test("the button says that it works, and keeps its name in the form", () => {
  const { send, button } = form();
  send();
  assert.equal(button.getAttribute("aria-disabled"), "true");
  assert.equal(button.disabled, false);
});

test("a refused partial request can be sent again", () => {
  const { send, sent, element, button } = form();
  send();
  element.dispatchEvent(new Event("htmx:finally:request"));
  assert.equal(button.hasAttribute("aria-disabled"), false);
  send();
  assert.equal(sent(), 2);
});

test("coming back to the page allows another sending", () => {
  const { send, sent } = form();
  send();
  window.dispatchEvent(new Event("pageshow"));
  send();
  assert.equal(sent(), 2);
});
