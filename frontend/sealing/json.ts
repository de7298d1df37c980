// JSON as this protocol writes it: one text for one value.
import { refuse } from "./refusal";

export type Members = Record<string, unknown>;

/** Parses and refuses any text but the canonical one. */
export function readJson(text: string): unknown {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    refuse("malformed", "JSON");
  }
  return JSON.stringify(value) === text ? value : refuse("non-canonical", "JSON");
}

/** An object with exactly these members, in any order. */
export function members(value: unknown, names: readonly string[]): Members {
  if (typeof value !== "object" || value === null || Array.isArray(value)) refuse("malformed", "object");
  const found = Object.keys(value);
  if (found.length !== names.length || !names.every((name) => Object.hasOwn(value, name))) refuse("malformed", "members");
  return value as Members;
}

/** The same, in this order: what is signed has one form. */
export function orderedMembers(value: unknown, names: readonly string[]): Members {
  const found = members(value, names);
  return Object.keys(found).join() === names.join() ? found : refuse("non-canonical", "members");
}

export function text(value: unknown): string {
  return typeof value === "string" ? value : refuse("malformed", "text");
}

/** The version, before anything else is believed of a record. */
export function checkVersion(value: unknown): void {
  if (typeof value !== "object" || value === null || !("v" in value)) refuse("malformed", "version");
  if (value.v !== 1) refuse("unknown-version");
}
