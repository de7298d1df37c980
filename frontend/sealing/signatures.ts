// Signed records: compact JWS, ES256, the header in one exact form.
import { CompactSign, compactVerify } from "jose";
import { fromBase64url, fromUtf8, toUtf8 } from "./encoding";
import { checkedRevision, readKid } from "./identifiers";
import { orderedMembers, readJson, text } from "./json";
import { refuse } from "./refusal";

export type SignedType =
  | "sealed-key+jws"
  | "sealed-succession+jws"
  | "sealed-confirmation+jws"
  | "sealed-workstation+jws"
  | "sealed-evk+jws";

export interface Signed {
  kid: string;
  /** In the header of data keys only. */
  rev: string;
  payload: unknown;
}

export async function sign({ typ, kid, rev, payload, key }: {
  typ: SignedType;
  kid: string;
  rev?: string;
  payload: object;
  key: CryptoKey;
}): Promise<string> {
  const header = { alg: "ES256", typ, kid, ...(rev === undefined ? {} : { rev }) };
  return new CompactSign(toUtf8(JSON.stringify(payload))).setProtectedHeader(header).sign(key);
}

/** Reads without believing: nothing of it is true before `verify`. */
export function readSigned(jws: string, typ: SignedType): Signed {
  const parts = jws.split(".");
  if (parts.length !== 3) refuse("malformed", "JWS");
  const [header, payload] = parts.slice(0, 2).map((part) => readJson(decoded(part)));
  if (fromBase64url(parts[2] ?? "").length !== 64) refuse("malformed", "signature");
  const { alg, typ: found } = header as { alg?: unknown; typ?: unknown };
  if (alg !== "ES256" || found !== typ) refuse("other-algorithm", "JWS");
  const hasRevision = typ === "sealed-evk+jws";
  const read = orderedMembers(header, hasRevision ? ["alg", "typ", "kid", "rev"] : ["alg", "typ", "kid"]);
  const kid = text(read["kid"]);
  readKid(kid);
  return { kid, rev: hasRevision ? checkedRevision(text(read["rev"])) : "", payload };
}

export async function verify(jws: string, key: CryptoKey): Promise<void> {
  try {
    await compactVerify(jws, key, { algorithms: ["ES256"] });
  } catch {
    refuse("bad-signature");
  }
}

function decoded(part: string): string {
  const bytes = fromBase64url(part);
  try {
    return fromUtf8(bytes);
  } catch {
    return refuse("malformed", "UTF-8");
  }
}
