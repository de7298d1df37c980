// Opening the key of a site with what a person holds. The wraps come from the server, each reading written in its journal.
import { readKeys, type PrivateKeys, type PublicKeys } from "../sealing/keys";
import { passphraseKey, type Argon2 } from "../sealing/passphrase";
import type { WrapRecord } from "../sealing/records";
import { refuse } from "../sealing/refusal";
import { kitKey, passkeyKey, readKit, readPassphrase } from "../sealing/secrets";
import { openWrap, readWrap } from "../sealing/wraps";
import { passkeyOf, PasskeyRefusal, prfOf } from "./passkey";
import { ask } from "./server";

/** A key as the server gives it, before any secret: its public record and its wraps. */
export interface LockedKey {
  record: string;
  keys: PublicKeys;
  wraps: WrapRecord[];
}

/** What a person gives: the passphrase as typed, the kit as typed or scanned, or a passkey. */
export type Secret = { method: "passphrase" | "kit"; typed: string } | { method: "passkey" };

/** Asks for the wraps of an epoch, the one in service when it is null. */
export async function lockedKey(url: string, purpose: "unlock" | "manage", epoch: number | null = null): Promise<LockedKey> {
  const answer = await ask<{ key: string; wraps: unknown[] }>(url, { purpose, epoch });
  return { record: answer.key, keys: await readKeys(answer.key), wraps: answer.wraps.map(readWrap) };
}

/**
 * Opens a key. Where two wraps have the same method (a replacement that is not proven yet), whichever the secret opens.
 * What cannot be a secret is refused before the slow derivation.
 */
export async function openKey({ locked: { keys, wraps }, secret, extractable }: {
  locked: Omit<LockedKey, "record">;
  secret: Secret;
  extractable: boolean;
}): Promise<{ held: PrivateKeys; wrap: WrapRecord }> {
  const candidates = wraps.filter(({ method }) => method === secret.method);
  if (secret.method === "passkey") {
    const { credential, prf } = await prfOf(candidates.map(passkeyOf));
    const wrap = candidates.find((one) => passkeyOf(one).credential === credential);
    if (!wrap) throw new PasskeyRefusal("noPasskey");
    const wrappingKey = await passkeyKey({ prf, salt: passkeyOf(wrap).salt, kid: keys.kid });
    prf.fill(0);
    return { held: await openWrap({ wrap, keys, wrappingKey, extractable }), wrap };
  }
  if (secret.method === "passphrase") readPassphrase(secret.typed);
  const kit = secret.method === "kit" ? await readKit(secret.typed, keys.kid) : undefined;
  let refusal: unknown;
  for (const wrap of candidates) {
    const wrappingKey = kit ? await kitKey(kit, keys.kid) : await passphraseKey(secret.typed, wrap.kdf as Argon2);
    try {
      return { held: await openWrap({ wrap, keys, wrappingKey, extractable }), wrap };
    } catch (error) {
      refusal = error;
    }
  }
  throw refusal ?? refuse("wrong-secret");
}

