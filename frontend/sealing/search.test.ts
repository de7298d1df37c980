import assert from "node:assert/strict";
import { test } from "node:test";
import { datesTyped, folded, SealedIndex } from "./search";

function patients(): SealedIndex {
  const index = new SealedIndex();
  index.set("1", { family_name: "Lefèvre-Dupont", given_name: "Léa", birth_date: "1980-12-31" });
  index.set("2", { family_name: "Nguyễn", given_name: "Zoé", birth_date: "1994-02-03" });
  index.set("3", { family_name: "Œrsted", given_name: "Éloi", birth_date: "" });
  index.set("4", { family_name: "", given_name: "Inconnu", birth_date: "" });
  return index;
}

const byName = { by: "family_name" };

test("accents, capitals and hyphens do not matter", () => {
  const index = patients();
  for (const typed of ["lefevre", "DUPONT lea", "  le   dup ", "Léa"]) assert.deepEqual(index.search(typed, byName), ["1"], typed);
  assert.deepEqual(index.search("oersted", byName), ["3"]);
  assert.deepEqual(index.search("nguyen", byName), ["2"]);
});

test("every word typed must begin a word", () => {
  assert.deepEqual(patients().search("evre", byName), []);
  assert.deepEqual(patients().search("lea nguyen", byName), []);
});

test("a birth date is found as people write it", () => {
  for (const typed of ["31/12/1980", "31121980", "1980-12-31", "31/12"]) assert.deepEqual(patients().search(typed, byName), ["1"], typed);
  assert.deepEqual(datesTyped("inconnue"), ["inconnue"]);
});

test("nothing typed gives everything, in the order of a French dictionary, what is missing last", () => {
  assert.deepEqual(patients().search("", byName), ["1", "2", "3", "4"]);
  assert.deepEqual(patients().search("", { by: "family_name", descending: true }), ["3", "2", "1", "4"]);
  assert.deepEqual(patients().search("", { by: "birth_date", descending: true }).slice(0, 2), ["2", "1"]);
});

test("a record that changes is found as it is now", () => {
  const index = patients();
  index.set("1", { family_name: "Martin", given_name: "Léa", birth_date: "" });
  assert.deepEqual(index.search("lefevre", byName), []);
  assert.deepEqual(index.search("martin", byName), ["1"]);
  index.delete("1");
  assert.deepEqual(index.search("martin", byName), []);
  index.clear();
  assert.equal(index.size, 0);
});

test("what is typed is no pattern", () => {
  assert.deepEqual(patients().search(".*", byName), ["1", "2", "3", "4"]);
  assert.equal(folded("D’Amico (née Ö.)"), "d amico nee o");
});
