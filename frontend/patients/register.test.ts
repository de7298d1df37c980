import "fake-indexeddb/auto";
import assert from "node:assert/strict";
import { after, test } from "node:test";
import { openPage } from "../testing";
import type { Row } from "./register";
import { openWorkstation, testRegister } from "./testing";

openPage();
const { drawn, Register } = await import("./register");
const { session } = await import("../sealing/session");

const register = await testRegister([
  { family_name: "Lefèvre", given_name: "Léa", birth_date: "1980-12-31", emr: "DPI-1" },
  { family_name: "Nguyễn", given_name: "Zoé", birth_date: "1951-02-03" },
  { family_name: "Martin", given_name: "Éloi", birth_date: "2001-07-14" },
]);
after(() => session.end());
await session.start({ instance: register.instance, site: register.site.id, ringUrl: "/anneau/", idleMinutes: 15 });
await openWorkstation(session, register.site);

async function opened() {
  const one = new Register("/lot/", register.scope);
  await one.fetch();
  await one.open(register.instance);
  return one;
}

function found(one: InstanceType<typeof Register>, typed: string): number[] {
  return one.search(typed, { by: "reference" }).map(({ reference }) => reference);
}

test("all batches are fetched, each patient once", async () => {
  const [one, counts] = [new Register("/lot/", register.scope), [] as number[]];
  await one.fetch((count) => counts.push(count));
  assert.deepEqual(counts, [2, 3]);
  assert.equal(one.size, 3);
});

test("what is sealed is found by name, date, number and identifier, and the server is not asked", async () => {
  const one = await opened();
  const before = register.asked.length;
  assert.deepEqual(found(one, "nguyen"), [2]);
  assert.deepEqual(found(one, "lea lefevre"), [1]);
  assert.deepEqual(found(one, "14/07/2001"), [3]);
  assert.deepEqual(found(one, "DPI-1"), [1]);
  assert.equal(register.asked.length, before);
});

test("a value put in the place of another is not found under that name", async () => {
  const [first, second] = register.rows;
  assert.ok(first && second);
  const kept = String(first["family_name"]);
  first["family_name"] = String(second["family_name"]);
  const one = await opened();
  first["family_name"] = kept;
  assert.deepEqual(found(one, "nguyen"), [2]);
  assert.deepEqual(found(one, "lefevre"), []);
});

test("nothing stays once the key goes", async () => {
  const one = await opened();
  one.forget();
  assert.equal(one.size, 0);
  assert.deepEqual(found(one, ""), []);
});

test("a server that refuses a batch is told, not taken for an empty register", async () => {
  register.server.isDown = true;
  await assert.rejects(new Register("/lot/", register.scope).fetch(), /503/);
  register.server.isDown = false;
});

test("a row is drawn with its number as text and its values sealed", () => {
  document.body.innerHTML = `<template><p><a data-href="/fiche/ID/">#<span data-slot="reference"></span></a><i data-slot="emr"></i>
    <sealed-text data-field="family_name"></sealed-text><sealed-text data-field="phone"></sealed-text></p></template>`;
  const row: Row = { ...(register.rows[0] as Row), emr: "<b>DPI</b>" };
  document.body.append(drawn(row, document.querySelector("template") as HTMLTemplateElement, register.scope));
  assert.equal(document.querySelector("a")?.getAttribute("href"), `/fiche/${row.id}/`);
  assert.equal(document.querySelector("i")?.textContent, "<b>DPI</b>");
  const values = [...document.querySelectorAll<HTMLElement>("body > p sealed-text")];
  assert.deepEqual(values.map(({ dataset }) => [dataset["field"], dataset["record"], dataset["token"]]), [["family_name", `patient:${row.id}`, row["family_name"]]]);
});
