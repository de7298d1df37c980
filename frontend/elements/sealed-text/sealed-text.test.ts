import "fake-indexeddb/auto";
import assert from "node:assert/strict";
import { after, test } from "node:test";
import { makeDataKey, openDataKey } from "../../sealing/data-key";
import { openField, sealField } from "../../sealing/field";
import { newRevision } from "../../sealing/identifiers";
import { testPins, testPlace, testSite } from "../../sealing/testing";
import { kitKey, makeKit } from "../../sealing/secrets";
import { makeWrap, openWrap } from "../../sealing/wraps";
import { openPage } from "../../testing";

const page = openPage();
const { SealedText } = await import("./sealed-text");
const { SealedInput, holdForms } = await import("../sealed-input/sealed-input");
const { SealingState } = await import("../sealing-state/sealing-state");
const { session } = await import("../../sealing/session");
for (const [name, element] of Object.entries({ "sealing-state": SealingState, "sealed-text": SealedText, "sealed-input": SealedInput })) {
  page.customElements.define(name, element as never);
}
holdForms();

const [site, instance] = [await testSite(), newRevision()];
const scope = `dat:${site.id}`;
const dataKey = await makeDataKey({ scope, number: 1, recipients: [site.kid], signer: site.held, pins: testPins(site) });
const key = await openDataKey({ record: dataKey, held: [site.held], pins: testPins(site) });
const ring = { v: 1, instance, site: site.id, keys: [site.record], dataKeys: [dataKey], confirmations: [], withdrawn: [] };
const reported: unknown[] = [];
globalThis.fetch = async (url, request) => {
  if (url === "/alarme/") reported.push(JSON.parse(String(request?.body)));
  return new Response(JSON.stringify(ring));
};
after(() => session.end());

const STATE = `<sealing-state data-instance="${instance}" data-site="${site.id}" data-ring-url="/anneau/" data-alarm-url="/alarme/" data-idle-minutes="15">
  <p data-when="absent">Ouvrir ce poste</p><p data-when="open" hidden>Ouvert sur <b data-workstation></b></p>
  <ul data-alarms hidden></ul>
  <template data-words><i data-word="short-altered">valeur refusée</i><i data-word="long-altered">Cette valeur a été altérée.</i></template>
</sealing-state>`;

async function settled(condition: () => boolean): Promise<void> {
  for (let turn = 0; turn < 200 && !condition(); turn += 1) await new Promise((resolve) => setTimeout(resolve, 5));
  assert.ok(condition(), document.body.innerHTML);
}

async function openWorkstation(): Promise<void> {
  const kit = makeKit();
  const wrappingKey = await kitKey(kit, site.kid);
  const wrap = await makeWrap({ made: site.held, method: "kit", kdf: { alg: "hkdf-sha256" }, wrappingKey });
  const held = await openWrap({ wrap, keys: site.held.keys, wrappingKey });
  await session.install({ held, record: site.record, workstation: { id: newRevision(), name: "Accueil 2", method: "kit" } });
}

function shown(selector: string): string {
  return document.querySelector(selector)?.shadowRoot?.textContent ?? "";
}

async function patient(text: string) {
  const place = testPlace(scope, { instance });
  const token = text === "" ? "" : await sealField({ key, place, text });
  const attributes = `data-scope="${scope}" data-record="${place.record}" data-field="${place.field}" data-token="${token}"`;
  return { place, token, attributes };
}

function mark(id: string, attributes: string): string {
  return `<sealed-text id="${id}" ${attributes}><span>•••• chiffré</span></sealed-text>`;
}

function input({ attributes, token }: { attributes: string; token: string }): string {
  return `<form><sealed-input ${attributes}><label for="nom">Nom</label><input id="nom" name="nom" disabled>
    <input type="hidden" name="family_name" value="${token}"><p data-error hidden></p></sealed-input><button>Enregistrer</button></form>`;
}

test("closed until the key is there, then opened in place, and closed again by the lock", async () => {
  const one = await patient("Lefèvre");
  document.body.innerHTML = STATE + mark("nom", one.attributes);
  await settled(() => document.querySelector<HTMLElement>("[data-when=absent]")?.hidden === false);
  assert.equal(shown("#nom"), "");
  await openWorkstation();
  await settled(() => shown("#nom") === "Lefèvre");
  assert.equal(document.querySelector("[data-workstation]")?.textContent, "Accueil 2");
  await session.lock();
  await settled(() => shown("#nom") === "");
  await session.reopen();
  await settled(() => shown("#nom") === "Lefèvre");
});

test("the text is nowhere in the page's HTML", async () => {
  const one = await patient("Lefèvre");
  document.body.innerHTML = STATE + mark("nom", one.attributes);
  await settled(() => shown("#nom") === "Lefèvre");
  assert.ok(!document.documentElement.outerHTML.includes("Lefèvre"));
  assert.equal(document.querySelector("#nom")?.getAttribute("translate"), "no");
});

test("another value in the same place is shown, never the former one", async () => {
  const [one, other] = [await patient("Lefèvre"), await patient("Nguyễn")];
  document.body.innerHTML = STATE + mark("nom", one.attributes);
  await settled(() => shown("#nom") === "Lefèvre");
  const element = document.querySelector<HTMLElement>("#nom");
  element?.setAttribute("data-record", other.place.record);
  assert.equal(shown("#nom"), "");
  element?.setAttribute("data-token", other.token);
  await settled(() => shown("#nom") === "Nguyễn");
});

test("a value of another record is not shown, and an alarm says why", async () => {
  const [one, other] = [await patient("Lefèvre"), await patient("Nguyễn")];
  document.body.innerHTML = STATE + mark("nom", one.attributes.replace(one.token, other.token));
  await settled(() => shown("#nom") === "valeur refusée");
  const alarms = document.querySelector<HTMLElement>("[data-alarms]");
  assert.equal(alarms?.hidden, false);
  assert.match(alarms?.textContent ?? "", /altérée.*does-not-open/);
});

test("an alarm goes to the journal once a page, without any value", async () => {
  const [one, other, third] = [await patient("Lefèvre"), await patient("Nguyễn"), await patient("Martin")];
  reported.length = 0;
  document.body.innerHTML =
    STATE + mark("nom", one.attributes.replace(one.token, other.token)) + mark("autre", other.attributes.replace(other.token, third.token));
  await settled(() => shown("#nom") === "valeur refusée" && shown("#autre") === "valeur refusée" && reported.length > 0);
  assert.deepEqual(reported, [{ alarm: "value", expected: "", found: "does-not-open" }]);
});

test("what was sealed is text, never markup", async () => {
  const hostile = '<img src="x" onerror="window.attacked = true"><b>Lefèvre</b>';
  const one = await patient(hostile);
  document.body.innerHTML = STATE + mark("nom", one.attributes);
  await settled(() => shown("#nom") === hostile);
  assert.equal(document.querySelector("#nom")?.shadowRoot?.querySelector("img, b"), null);
});

test("dates are written as people do", async () => {
  const one = await patient("1980-12-31");
  document.body.innerHTML = STATE + mark("nom", `${one.attributes} data-format="date"`);
  await settled(() => shown("#nom") === "31/12/1980");
});

test("what is typed leaves as ciphertext only", async () => {
  const one = await patient("Lefèvre");
  document.body.innerHTML = STATE + input(one);
  const control = document.querySelector<HTMLInputElement>("#nom");
  await settled(() => control?.value === "Lefèvre" && !control.disabled);
  assert.ok(control);
  const sent: [string, string][] = [];
  const form = document.querySelector("form");
  form?.addEventListener("submit", (event) => {
    event.preventDefault();
    for (const [name, text] of new FormData(form)) sent.push([name, String(text)]);
  });
  control.value = "Lefebvre";
  control.dispatchEvent(new Event("input", { bubbles: true }));
  form?.requestSubmit();
  await settled(() => sent.length > 0);
  assert.deepEqual(sent.map(([name]) => name), ["family_name"]);
  const token = sent[0]?.[1] ?? "";
  assert.ok(!token.includes("Lefebvre"));
  assert.equal((await openField({ key, place: one.place, token, newest: one.token.split(".")[2] ?? "" })).text, "Lefebvre");
});

test("typing the stored value again sends it back as it was", async () => {
  const one = await patient("Lefèvre");
  document.body.innerHTML = STATE + input(one);
  const control = document.querySelector<HTMLInputElement>("#nom");
  const hidden = document.querySelector<HTMLInputElement>("input[type=hidden]");
  await settled(() => control?.value === "Lefèvre");
  assert.ok(control && hidden);
  control.value = "Lefèvr";
  control.dispatchEvent(new Event("input", { bubbles: true }));
  await settled(() => hidden.value !== one.token);
  control.value = "Lefèvre";
  control.dispatchEvent(new Event("input", { bubbles: true }));
  await settled(() => hidden.value === one.token);
});

test("an emptied field is sent empty, an empty one can be filled", async () => {
  const [one, none] = [await patient("Lefèvre"), await patient("")];
  document.body.innerHTML = STATE + input(one);
  let control = document.querySelector<HTMLInputElement>("#nom");
  await settled(() => control?.value === "Lefèvre");
  assert.ok(control);
  control.value = "";
  control.dispatchEvent(new Event("input", { bubbles: true }));
  await settled(() => document.querySelector<HTMLInputElement>("input[type=hidden]")?.value === "");
  document.body.innerHTML = STATE + input(none);
  control = document.querySelector<HTMLInputElement>("#nom");
  await settled(() => control?.disabled === false);
});

test("locked, the field is closed, and what was typed is kept sealed", async () => {
  const one = await patient("Lefèvre");
  document.body.innerHTML = STATE + input(one);
  const control = document.querySelector<HTMLInputElement>("#nom");
  const hidden = document.querySelector<HTMLInputElement>("input[type=hidden]");
  await settled(() => control?.value === "Lefèvre");
  assert.ok(control && hidden);
  control.value = "Lefebvre";
  control.dispatchEvent(new Event("input", { bubbles: true }));
  await settled(() => hidden.value !== one.token);
  await session.lock();
  assert.deepEqual([control.value, control.disabled], ["", true]);
  await session.reopen();
  await settled(() => control.value === "Lefebvre");
});

test("a draft opens in the field, and the stored value still shows after it is given up", async () => {
  const one = await patient("Lefèvre");
  const draft = await session.seal(one.place, "Lefeb", one.token);
  document.body.innerHTML = STATE + input({ attributes: one.attributes, token: draft });
  const control = document.querySelector<HTMLInputElement>("#nom");
  await settled(() => control?.value === "Lefeb");
  document.body.innerHTML = STATE + mark("texte", one.attributes);
  await settled(() => shown("#texte") === "Lefèvre");
});

test("a value that does not open is sent back untouched", async () => {
  const [one, other] = [await patient("Lefèvre"), await patient("Nguyễn")];
  document.body.innerHTML = STATE + input({ attributes: one.attributes, token: other.token });
  await settled(() => document.querySelector<HTMLElement>("[data-error]")?.hidden === false);
  assert.equal(document.querySelector<HTMLInputElement>("#nom")?.disabled, true);
  assert.equal(document.querySelector<HTMLInputElement>("input[type=hidden]")?.value, other.token);
});
