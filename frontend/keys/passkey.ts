// A passkey's PRF output: 32 bytes that only this key gives, for an input kept beside the wrap. Not a sign-in.
import { fromBase64url, randomBytes, toBase64url, type Bytes } from "../sealing/encoding";
import type { WrapRecord } from "../sealing/records";

/** `noPasskey`: it did not answer, or is not one of those asked for. `noPrf`: it cannot do it. */
export class PasskeyRefusal extends Error {
  readonly reason: "noPasskey" | "noPrf";

  constructor(reason: "noPasskey" | "noPrf") {
    super(reason);
    this.reason = reason;
  }
}

interface PrfResults {
  prf?: { enabled?: boolean; results?: { first?: ArrayBuffer | Uint8Array<ArrayBuffer> } };
}

/** Makes a key in an authenticator; returns its identifier. Its PRF is asked for with `prfOf`, which every key can. */
export async function makePasskey({ name, known }: { name: string; known: readonly string[] }): Promise<string> {
  const options = {
    challenge: randomBytes(32),
    rp: { name: "Vigie", id: location.hostname },
    user: { id: randomBytes(16), name, displayName: name },
    pubKeyCredParams: [{ type: "public-key", alg: -7 }, { type: "public-key", alg: -257 }],
    authenticatorSelection: { userVerification: "required", residentKey: "discouraged" },
    excludeCredentials: known.map((id) => ({ type: "public-key", id: fromBase64url(id) })),
    extensions: { prf: {} },
  } as unknown as PublicKeyCredentialCreationOptions;
  const made = (await navigator.credentials.create({ publicKey: options }).catch(() => null)) as PublicKeyCredential | null;
  if (!made) throw new PasskeyRefusal("noPasskey");
  if ((made.getClientExtensionResults() as PrfResults).prf?.enabled === false) throw new PasskeyRefusal("noPrf");
  return toBase64url(new Uint8Array(made.rawId));
}

/** Asks one of these keys, each with its own input, for its PRF output. */
export async function prfOf(asked: readonly { credential: string; salt: string }[]): Promise<{ credential: string; prf: Bytes }> {
  const options = {
    challenge: randomBytes(32),
    rpId: location.hostname,
    allowCredentials: asked.map(({ credential }) => ({ type: "public-key", id: fromBase64url(credential) })),
    userVerification: "required",
    extensions: { prf: { evalByCredential: Object.fromEntries(asked.map(({ credential, salt }) => [credential, { first: fromBase64url(salt) }])) } },
  } as unknown as PublicKeyCredentialRequestOptions;
  const given = (await navigator.credentials.get({ publicKey: options }).catch(() => null)) as PublicKeyCredential | null;
  if (!given) throw new PasskeyRefusal("noPasskey");
  const first = (given.getClientExtensionResults() as PrfResults).prf?.results?.first;
  if (!first) throw new PasskeyRefusal("noPrf");
  return { credential: toBase64url(new Uint8Array(given.rawId)), prf: new Uint8Array(first) };
}

/** What a wrap by passkey says of its key. */
export function passkeyOf(wrap: WrapRecord): { credential: string; salt: string } {
  const { credential, salt } = wrap.kdf as { credential: string; salt: string };
  return { credential, salt };
}
