// Names of keys, data keys and places: docs/reference/scellement.md, « Identifiers ».
import { refuse } from "./refusal";

const UUID = "[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}";
const NUMBER = "[1-9][0-9]{0,9}";
const LARGEST = 2_147_483_647;

const PATTERNS = {
  uuid: new RegExp(`^${UUID}$`),
  revision: /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/,
  kid: new RegExp(`^(site|con):(${UUID})#(${NUMBER})$`),
  scope: new RegExp(`^(evt|dat):(${UUID})$`),
  dataKey: new RegExp(`^((?:evt|dat):${UUID})#(${NUMBER})$`),
  record: new RegExp(`^[a-z]{1,16}:${UUID}$`),
  field: /^[a-z][a-z0-9_]{0,39}$/,
} as const;

/** `site:<id>#<epoch>` or `con:<id>#<epoch>`: the two key pairs of a site or connector. */
export interface Kid {
  owner: "site" | "con";
  id: string;
  epoch: number;
}

/** Where a value belongs, its revision aside. */
export interface Place {
  /** The instance's UUID, which a change of host name leaves as it is. */
  instance: string;
  /** `evt:<event id>` or `dat:<site id>`. */
  scope: string;
  /** `patient:<id>`. */
  record: string;
  field: string;
}

export function checkedUuid(text: string): string {
  return PATTERNS.uuid.test(text) ? text : refuse("malformed", "UUID");
}

export function checkedRevision(text: string): string {
  return PATTERNS.revision.test(text) ? text : refuse("malformed", "revision");
}

export function checkedNumber(text: string): number {
  if (!/^[0-9]+$/.test(text)) refuse("malformed", "number");
  const value = Number(text);
  if (!new RegExp(`^${NUMBER}$`).test(text) || value > LARGEST) refuse("non-canonical", "number");
  return value;
}

export function readKid(kid: string): Kid {
  const [, owner, id, epoch] = PATTERNS.kid.exec(kid) ?? refuse("malformed", "kid");
  return { owner: owner as Kid["owner"], id: id ?? "", epoch: checkedNumber(epoch ?? "") };
}

export function siteKid(site: string, epoch: number): string {
  return `site:${checkedUuid(site)}#${checkedNumber(String(epoch))}`;
}

export function readScope(scope: string): { kind: "evt" | "dat"; id: string } {
  const [, kind, id] = PATTERNS.scope.exec(scope) ?? refuse("malformed", "scope");
  return { kind: kind as "evt" | "dat", id: id ?? "" };
}

export function readDataKeyId(evk: string): { scope: string; number: number } {
  const [, scope, number] = PATTERNS.dataKey.exec(evk) ?? refuse("malformed", "data key");
  return { scope: scope ?? "", number: checkedNumber(number ?? "") };
}

/** `<instance>|<scope>|<record>|<field>`: what the newest revision is remembered for. */
export function placeText({ instance, scope, record, field }: Place): string {
  checkedUuid(instance);
  readScope(scope);
  if (!PATTERNS.record.test(record)) refuse("malformed", "record");
  if (!PATTERNS.field.test(field)) refuse("malformed", "field");
  return `${instance}|${scope}|${record}|${field}`;
}

/** A UUIDv7, later than `after` even where this device's clock is behind the one that made `after`. */
export function newRevision(after = ""): string {
  const known = after ? Number.parseInt(checkedRevision(after).replace("-", "").slice(0, 12), 16) : 0;
  const time = Math.max(Date.now(), known + 1).toString(16).padStart(12, "0");
  const random = Array.from(crypto.getRandomValues(new Uint8Array(10)), (byte) => byte.toString(16).padStart(2, "0")).join("");
  const variant = "89ab"[Number.parseInt(random.charAt(3), 16) & 3];
  return `${time.slice(0, 8)}-${time.slice(8)}-7${random.slice(0, 3)}-${variant}${random.slice(4, 7)}-${random.slice(7, 19)}`;
}
