// Argon2id, through WebAssembly: imported by the page that makes or opens keys, which alone may compile it.
import { argon2id } from "hash-wasm";
import { fromBase64url, randomBytes, toBase64url } from "./encoding";
import type { Kdf } from "./records";
import { readPassphrase, wrappingKey } from "./secrets";

export type Argon2 = Extract<Kdf, { alg: "argon2id" }>;

export function passphraseKdf(): Argon2 {
  return { alg: "argon2id", m: 65536, t: 3, p: 1, salt: toBase64url(randomBytes(16)) };
}

/** Takes a second or so, and 64 MiB. */
export async function passphraseKey(typed: string, kdf: Argon2): Promise<CryptoKey> {
  const derived = await argon2id({
    password: readPassphrase(typed),
    salt: fromBase64url(kdf.salt),
    memorySize: kdf.m,
    iterations: kdf.t,
    parallelism: kdf.p,
    hashLength: 32,
    outputType: "binary",
  });
  return wrappingKey(new Uint8Array(derived));
}
