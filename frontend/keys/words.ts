// What people read when something is refused: the words are in the page (`sealing/_words.html`), this finds them.
import { SealingRefusal } from "../sealing/refusal";
import { PasskeyRefusal } from "./passkey";
import { ServerRefusal } from "./server";

/** The words for what went wrong, in the language of the page. */
export function wordsFor(error: unknown): string {
  if (error instanceof ServerRefusal && error.text) return error.text;
  const words = document.querySelector<HTMLElement>("[data-sealing-words]")?.dataset ?? {};
  return words[nameOf(error)] ?? words["failed"] ?? "";
}

function nameOf(error: unknown): string {
  if (error instanceof ServerRefusal) return error.status === 0 ? "unreachable" : error.status === 401 ? "signedOut" : "failed";
  if (error instanceof PasskeyRefusal) return error.reason;
  if (error instanceof SealingRefusal) return error.code.replace(/-(\w)/g, (_, letter: string) => letter.toUpperCase());
  return "failed";
}
