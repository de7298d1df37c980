import "fake-indexeddb/auto";
import assert from "node:assert/strict";
import { after, test } from "node:test";
import { openWorkstation, settled, testRegister } from "../../patients/testing";
import { openField } from "../../sealing/field";
import { openPage } from "../../testing";

const page = openPage();
const { PatientImport } = await import("./patient-import");
const { session } = await import("../../sealing/session");
const register = await testRegister([{ family_name: "Lefèvre", given_name: "Léa", birth_date: "1980-12-31", emr: "DPI-1" }]);
page.customElements.define("patient-import", PatientImport as never);
after(() => session.end());
await session.start({ instance: register.instance, site: register.site.id, ringUrl: "/anneau/", idleMinutes: 15 });

const FILE = "Nom;Prénom;Date de naissance;Identifiant DPI\nNguyễn;Zoé;03/02/1951;DPI-2\nMartin;Éloi;14/07/2001;DPI-3\n";

function show(): void {
  document.body.innerHTML = `${register.state}<patient-import data-url="/envoi/" data-batch-url="/lot/" data-scope="${register.scope}" data-most="3"
    data-count-label="{count} lignes" data-faulty-label="{count} à corriger" data-line-label="Ligne {line} : {reason}" data-known-label="déjà connu"
    data-no-name-label="sans nom" data-no-rows-label="aucune ligne" data-too-many-label="trop de lignes" data-locked-label="poste fermé" data-failed-label="échec">
    <p data-said hidden></p><section data-step="choose"><input type="file"></section>
    <section data-step="check" hidden><p data-total></p><div data-columns></div><div data-faulty hidden><p data-faulty-count></p><ul data-faults></ul></div>
    <button data-act="send">Importer</button><button data-act="again">Autre</button></section>
    <section data-step="send" hidden><progress max="1"></progress></section>
    <template data-column><div><label></label><select><option value=""></option><option value="family_name">Nom</option><option value="given_name">Prénom</option>
    <option value="birth_date">Naissance</option><option value="emr">DPI</option></select></div></template></patient-import>`;
}

function choose(text: string): void {
  const input = document.querySelector("input[type=file]") as HTMLInputElement;
  Object.defineProperty(input, "files", { value: [new File([text], "patients.csv")], configurable: true });
  input.dispatchEvent(new Event("change", { bubbles: true }));
}

function step(): string {
  return [...document.querySelectorAll<HTMLElement>("[data-step]")].filter(({ hidden }) => !hidden).map(({ dataset }) => dataset["step"]).join();
}

function text(selector: string): string {
  return document.querySelector(selector)?.textContent ?? "";
}

function send(): void {
  document.querySelector<HTMLElement>("[data-act=send]")?.click();
}

function isSendable(): boolean {
  return document.querySelector<HTMLButtonElement>("[data-act=send]")?.disabled === false;
}

test("a file is checked here, and on a closed workstation nothing leaves", async () => {
  show();
  choose(FILE);
  await settled(() => step() === "check");
  assert.equal(text("[data-total]"), "2 lignes");
  assert.equal(isSendable(), true);
  send();
  assert.equal(text("[data-said]"), "poste fermé");
  assert.equal(register.asked.some(({ url }) => url === "/envoi/"), false);
});

test("lines to correct are told by their number, and nothing is sent while there are some", async () => {
  show();
  choose(`${FILE};Anna;;DPI-1\n`);
  await settled(() => step() === "check");
  assert.equal(text("[data-faulty-count]"), "1 à corriger");
  assert.match(text("[data-faults]"), /^Ligne 4 : .*sans nom/);
  assert.match(text("[data-faults]"), /déjà connu/);
  assert.equal(isSendable(), false);
});

test("a file without lines, or with too many, is refused at once", async () => {
  show();
  choose("Nom;Prénom\n");
  await settled(() => text("[data-said]") === "aucune ligne");
  choose(`Nom\n${"Martin\n".repeat(4)}`);
  await settled(() => text("[data-said]") === "trop de lignes");
  assert.equal(step(), "choose");
});

test("what is sent is ciphertext, each value in its own place; sent again, the same patients", async () => {
  await openWorkstation(session, register.site);
  show();
  choose(FILE);
  await settled(() => step() === "check");
  const bodies: string[] = [];
  register.server.answer = async ({ request }) => {
    bodies.push(await ((request?.body as FormData).get("rows") as File).text());
    return Response.json({ message: "Réessayez." }, { status: 422 });
  };
  for (const times of [1, 2]) {
    send();
    await settled(() => bodies.length === times && step() === "check");
  }
  assert.equal(text("[data-said]"), "Réessayez.");
  const [rows, again] = bodies.map((body) => JSON.parse(body) as Record<string, string>[]) as [Record<string, string>[], Record<string, string>[]];
  for (const word of ["Nguy", "Zoé", "1951", "Martin"]) assert.ok(!bodies.join().includes(word), word);
  assert.deepEqual(rows.map(({ emr }) => emr), ["DPI-2", "DPI-3"]);
  assert.deepEqual(again.map(({ id }) => id), rows.map(({ id }) => id));
  const place = { instance: register.instance, scope: register.scope, record: `patient:${rows[0]?.["id"]}`, field: "birth_date" };
  assert.equal((await openField({ key: register.key, place, token: rows[0]?.["birth_date"] ?? "" })).text, "1951-02-03");
});
