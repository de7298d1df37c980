import assert from "node:assert/strict";
import { createRequire } from "node:module";
import { dirname } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { SAFELIST, ownSheet, trimmedKit } from "./kit-css.mjs";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const tabler = createRequire(import.meta.url).resolve("@tabler/core/dist/css/tabler.css");
const kit = await trimmedKit({ root, tabler });

test("classes that no file spells out stay in the style sheet", () => {
  for (const name of SAFELIST) assert.match(kit, new RegExp(`\\.${name}\\b`), name);
});

test("what nobody uses goes", () => {
  assert.doesNotMatch(kit, /\.carousel\b/);
  assert.ok(kit.length < 160_000, `${kit.length} characters`);
});

test("a dark rule holds in the automatic theme too, on a dark screen", () => {
  const sheet = ownSheet("[data-bs-theme=dark] .a { color: red }");
  assert.match(sheet, /@media screen and \(prefers-color-scheme: dark\)\s*\{\s*\[data-bs-theme=auto\] \.a/);
});
