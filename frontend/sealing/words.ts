// What the elements say, from the page's `<sealing-state>`: texts are translated by the server.
import type { RefusalCode } from "./refusal";

export type Family = "altered" | "form" | "older" | "key" | "readers" | "instance" | "waiting";

const FAMILIES: Partial<Record<RefusalCode, Family>> = {
  "unknown-version": "form",
  "other-algorithm": "form",
  "older-revision": "older",
  "older-number": "older",
  "changed-thumbprint": "key",
  "key-mismatch": "key",
  "bad-signature": "readers",
  "unpinned-signer": "readers",
  "recipients-mismatch": "readers",
  "not-confirmed": "readers",
  "wrong-instance": "instance",
  "no-key": "waiting",
  "not-a-recipient": "waiting",
  "wrong-epoch": "waiting",
  "wrong-number": "waiting",
  locked: "waiting",
};

/** Which sentence explains a refusal: people need to know what to do, not which check failed. */
export function familyOf(code: RefusalCode): Family {
  return FAMILIES[code] ?? "altered";
}

/** A text that the page carries, `short-altered` or `long-altered`; nothing where it carries none. */
export function word(name: string): string {
  const words = document.querySelector<HTMLTemplateElement>("sealing-state template[data-words]");
  return words?.content.querySelector(`[data-word="${name}"]`)?.textContent?.trim() ?? "";
}
