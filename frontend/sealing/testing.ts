// Keys and places for tests, and a check of refusals.
import assert from "node:assert/strict";
import { makeKeys, type PrivateKeys } from "./keys";
import { newRevision, siteKid, type Place } from "./identifiers";
import { Pins } from "./pins";
import { SealingRefusal, type RefusalCode } from "./refusal";

export interface TestSite {
  id: string;
  kid: string;
  record: string;
  held: PrivateKeys;
}

export async function testSite({ id = newRevision(), epoch = 1 } = {}): Promise<TestSite> {
  const kid = siteKid(id, epoch);
  const { record, made } = await makeKeys(kid);
  return { id, kid, record, held: made };
}

/** Pins of a workstation of the first site, which trusts all of them. */
export function testPins(...sites: TestSite[]): Pins {
  const pins = new Pins();
  for (const { held } of sites) pins.see(held.keys, "own");
  return pins;
}

export function testPlace(scope: string, parts: Partial<Place> = {}): Place {
  return { instance: newRevision(), scope, record: `patient:${newRevision()}`, field: "family_name", ...parts };
}

export async function refused(code: RefusalCode, action: () => unknown): Promise<void> {
  await assert.rejects(async () => action(), (error) => {
    assert.ok(error instanceof SealingRefusal, String(error));
    assert.equal(error.code, code);
    return true;
  });
}
