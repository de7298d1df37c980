import assert from "node:assert/strict";
import { test } from "node:test";
import { checked, decoded, fieldsOf, isoDate, parsed, rowsOf } from "./csv";

const bytes = (...values: number[]) => new Uint8Array(values).buffer;

test("a file of a spreadsheet in French is read with its accents", () => {
  assert.equal(decoded(bytes(0x48, 0xe9, 0x6c, 0xe8, 0x6e, 0x65)), "Hélène");
  assert.equal(decoded(new TextEncoder().encode("\ufeffHélène").buffer as ArrayBuffer), "Hélène");
});

test("the separator is the one that the first line uses, outside of quotes", () => {
  assert.deepEqual(parsed('"a;b;c",d\n1,2\n').header, ["a;b;c", "d"]);
  assert.deepEqual(parsed("a\tb\n1\t2").rows, [{ line: 2, cells: ["1", "2"] }]);
});

test("quotes, separators and line breaks inside a cell stay in it, and lines are counted as people see them", () => {
  const table = parsed('nom;adresse\r\n"Le ""Goff"";";"12 rue\nde Brest"\r\n\r\nHenry;\r\n');
  assert.deepEqual(table.rows, [
    { line: 2, cells: ['Le "Goff";', "12 rue\nde Brest"] },
    { line: 5, cells: ["Henry", ""] },
  ]);
});

test("columns are recognised by the names that files give them, each field once", () => {
  const header = ["NOM", "Prénom(s)", "Date de naissance", "N° IPP", "IPP", "Nom", "Commentaire", "Couleur"];
  assert.deepEqual(fieldsOf(header), ["family_name", "", "birth_date", "", "emr", "", "note", ""]);
  assert.deepEqual(fieldsOf(["Prénom", "family_name", "E-mail"]), ["given_name", "family_name", "email"]);
});

test("a row keeps its line and its known columns", () => {
  const table = parsed("Nom;Couleur;IPP\nDurand;bleu;77\n");
  assert.deepEqual(rowsOf(table, fieldsOf(table.header)), [{ line: 2, values: { family_name: "Durand", emr: "77" } }]);
});

test("dates are read as the French write them, and what is no date is none", () => {
  const today = new Date("2026-11-26T12:00:00Z");
  for (const text of ["05/06/1983", "5/6/1983", "05.06.1983", "05-06-1983", "1983-06-05", "1983-06-05T00:00:00"]) {
    assert.equal(isoDate(text, today), "1983-06-05", text);
  }
  for (const text of ["31/02/1983", "06/05/83", "1983", "hier", "27/11/2026", "00/00/0000", "12/13/1983"]) assert.equal(isoDate(text, today), "", text);
});

test("what is wrong in a row is told, all of it", () => {
  const seen = new Set<string>();
  const known = new Set(["9"]);
  const faults = (values: Record<string, string>) => checked({ line: 2, values }, seen, known).faults;
  assert.deepEqual(faults({ family_name: "Durand", emr: "7", birth_date: "05/06/1983" }), []);
  assert.deepEqual(faults({ birth_date: "hier", emr: "7" }), ["no-name", "bad-date", "twice"]);
  assert.deepEqual(faults({ family_name: "Henry", emr: "Jean Henry" }), ["bad-identifier"]);
  assert.deepEqual(faults({ family_name: "Henry", emr: "9" }), ["known"]);
  assert.deepEqual(faults({ family_name: "x".repeat(2001) }), ["too-long"]);
});
