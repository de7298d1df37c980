import "fake-indexeddb/auto";
import assert from "node:assert/strict";
import { after, test } from "node:test";
import { openWorkstation, settled, testRegister } from "../../patients/testing";
import { openPage } from "../../testing";

const page = openPage();
const { PatientPicker } = await import("./patient-picker");
const { session } = await import("../../sealing/session");
const register = await testRegister([
  { family_name: "Lefèvre", given_name: "Léa", birth_date: "1980-12-31" },
  { family_name: "Nguyễn", given_name: "Zoé", birth_date: "1951-02-03" },
]);
page.customElements.define("patient-picker", PatientPicker as never);
after(() => session.end());
await session.start({ instance: register.instance, site: register.site.id, ringUrl: "/anneau/", idleMinutes: 15 });

const heard: string[] = [];
document.body.innerHTML = `${register.state}<form><patient-picker data-url="/lot/" data-scope="${register.scope}" data-none-label="Aucun patient">
  <input name="patients" value="7"><div data-open hidden><input type="search"><ul data-rows></ul>
  <template data-row><li><button type="button" data-reference="">#<span data-slot="reference"></span></button></li></template></div></patient-picker></form>`;
const form = document.querySelector("form") as HTMLFormElement;
form.addEventListener("input", (event) => heard.push((event.target as HTMLInputElement).value));
const search = document.querySelector("input[type=search]") as HTMLInputElement;
const field = document.querySelector("input[name]") as HTMLInputElement;

function type(text: string): void {
  search.value = text;
  search.dispatchEvent(new Event("input", { bubbles: true }));
}

function offered(): string {
  return document.querySelector("[data-rows]")?.textContent ?? "";
}

test("without the key, numbers are typed and names are not offered", () => {
  assert.equal(document.querySelector<HTMLElement>("[data-open]")?.hidden, true);
});

test("with the key a name leads to a number, and only the number is in the form", async () => {
  await openWorkstation(session, register.site);
  await settled(() => document.querySelector<HTMLElement>("[data-open]")?.hidden === false);
  type("nguy");
  await settled(() => offered() === "#2");
  document.querySelector<HTMLElement>("[data-reference]")?.click();
  assert.deepEqual([field.value, search.value, offered()], ["7, 2", "", ""]);
  // What keeps a draft of the form heard the numbers, never the name.
  assert.deepEqual(heard, ["7, 2"]);
  assert.deepEqual([...new FormData(form).keys()], ["patients"]);
});

test("a number is cited once", async () => {
  type("nguyen");
  await settled(() => offered() === "#2");
  document.querySelector<HTMLElement>("[data-reference]")?.click();
  assert.equal(field.value, "7, 2");
});

test("nobody found is said, and Enter sends nothing", async () => {
  type("personne");
  await settled(() => offered() === "Aucun patient");
  const enter = new KeyboardEvent("keydown", { key: "Enter", bubbles: true, cancelable: true });
  search.dispatchEvent(enter);
  assert.equal(enter.defaultPrevented, true);
});

test("the lock empties what was typed and offered", async () => {
  await session.lock();
  assert.deepEqual([search.value, offered()], ["", ""]);
});
