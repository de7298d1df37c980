// The public part of what a site has: keys, envelopes, confirmations. What is believed of it is decided by pins.
import { readKeys, type PrivateKeys } from "../sealing/keys";
import { Pins } from "../sealing/pins";
import type { KeyRing } from "../sealing/records";
import { ask } from "./server";

export function readRing(url: string, site: string): Promise<KeyRing> {
  return ask<KeyRing>(`${url}?scope=${encodeURIComponent(`dat:${site}`)}`);
}

/** Pins for one piece of work: the keys that are open here are trusted, the others as their confirmations say. */
export async function pinsFor(held: readonly PrivateKeys[], ring: KeyRing): Promise<Pins> {
  const pins = new Pins();
  for (const { keys } of held) pins.see(keys, "own");
  for (const record of ring.keys) pins.see(await readKeys(record));
  for (const record of ring.confirmations) {
    // Signed by an epoch that is not open here: it counts where that one is.
    await pins.confirm(record).catch(() => undefined);
  }
  return pins;
}

/** The session's configuration, as the page states it beside the ring. */
export function sessionConfig(element: HTMLElement, ring: KeyRing): { instance: string; site: string; ringUrl: string; idleMinutes: number } {
  return { instance: ring.instance, site: ring.site, ringUrl: element.dataset["ringUrl"] ?? "", idleMinutes: Number(element.dataset["idleMinutes"]) || 15 };
}
