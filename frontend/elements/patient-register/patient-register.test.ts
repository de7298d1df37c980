import "fake-indexeddb/auto";
import assert from "node:assert/strict";
import { after, test } from "node:test";
import { openWorkstation, settled, testRegister } from "../../patients/testing";
import { openPage } from "../../testing";

const page = openPage();
const { PatientRegister } = await import("./patient-register");
const { SealingState } = await import("../sealing-state/sealing-state");
const { session } = await import("../../sealing/session");
const register = await testRegister([
  { family_name: "Lefèvre", given_name: "Léa", birth_date: "1980-12-31" },
  { family_name: "Nguyễn", given_name: "Zoé", birth_date: "1951-02-03" },
  { family_name: "Martin", given_name: "Éloi", birth_date: "2001-07-14" },
]);
page.customElements.define("sealing-state", SealingState as never);
page.customElements.define("patient-register", PatientRegister as never);
after(() => session.end());
await session.start({ instance: register.instance, site: register.site.id, ringUrl: "/anneau/", idleMinutes: 15 });

function show(): void {
  document.body.innerHTML = `${register.state}<patient-register data-url="/lot/" data-scope="${register.scope}"
    data-count-label="{shown} affichés sur {count}" data-loading-label="{count} reçus">
    <div data-open hidden><input type="search"><p data-count></p><table><thead><tr><th><button data-sort="reference">#</button></th>
    <th><button data-sort="family_name">Nom</button></th></tr></thead></table><div data-rows></div><button data-more hidden></button>
    <template data-row><p><b data-slot="reference"></b><sealed-text data-field="family_name"></sealed-text></p></template></div>
    <p data-failed hidden></p><div data-closed>#3 #2 #1<p data-count></p></div></patient-register>`;
}

function part(selector: string): HTMLElement {
  return document.querySelector<HTMLElement>(selector) as HTMLElement;
}

function numbers(): string {
  return [...document.querySelectorAll("[data-rows] [data-slot=reference]")].map((cell) => cell.textContent).join(" ");
}

function type(text: string): void {
  const search = document.querySelector("input") as HTMLInputElement;
  search.value = text;
  search.dispatchEvent(new Event("input", { bubbles: true }));
}

test("without the key the list of the server stays, and the register is not fetched", async () => {
  show();
  await settled(() => session.state === "absent");
  assert.deepEqual([part("[data-open]").hidden, part("[data-closed]").hidden], [true, false]);
  assert.equal(register.asked.some(({ url }) => url.startsWith("/lot/")), false);
});

test("with the key all of it is searched and sorted here, the newest first", async () => {
  await openWorkstation(session, register.site);
  await settled(() => numbers() === "3 2 1");
  assert.deepEqual([part("[data-open]").hidden, part("[data-closed]").hidden], [false, true]);
  assert.equal(part("[data-open] [data-count]").textContent, "3 affichés sur 3");
  type("nguyen");
  assert.equal(numbers(), "2");
  type("");
  part("[data-sort=family_name]").click();
  assert.equal(numbers(), "1 3 2");
  assert.equal(part("[data-sort=family_name]").closest("th")?.getAttribute("aria-sort"), "ascending");
  part("[data-sort=family_name]").click();
  assert.equal(numbers(), "2 3 1");
});

test("the lock takes everything off the page", async () => {
  show();
  await settled(() => numbers() !== "");
  await session.lock();
  assert.equal(numbers(), "");
  assert.deepEqual([part("[data-open]").hidden, part("[data-closed]").hidden], [true, false]);
  await session.reopen();
  await settled(() => numbers() !== "");
});

test("a register that does not arrive is told, and the list of the server stays", async () => {
  register.server.isDown = true;
  show();
  await settled(() => !part("[data-failed]").hidden);
  register.server.isDown = false;
  assert.equal(part("[data-closed]").hidden, false);
});
