import assert from "node:assert/strict";
import { test } from "node:test";
import { answerTo, openBundle, type Bundle, type Case } from "./interop";
import vectors from "./vectors.json";

const { python, typescript, cases } = vectors as unknown as { python: Bundle; typescript: Bundle; cases: Case[] };

for (const [maker, bundle] of Object.entries({ python, typescript })) {
  test(`what ${maker} made and wrote down opens`, async () => {
    assert.deepEqual(await openBundle(bundle), bundle.values.map(({ text }) => text));
  });
}

test("what is not exactly so is refused, with its code", async () => {
  const wrong: string[] = [];
  for (const one of cases) {
    const answer = await answerTo(python, one);
    if (answer !== one.code) wrong.push(`${one.call}: ${one.says}: ${answer} instead of ${one.code}`);
  }
  assert.deepEqual(wrong, []);
});
