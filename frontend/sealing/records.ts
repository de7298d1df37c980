// The JSON that goes to the server and comes back. Signed records are compact JWS strings: these are their payloads.

export interface PublicJwk {
  kty: "EC";
  crv: "P-256";
  x: string;
  y: string;
}

/** Payload of `sealed-key+jws`, signed by its own `sig`. */
export interface KeyPayload {
  v: 1;
  kid: string;
  enc: PublicJwk;
  sig: PublicJwk;
  /** `7KQ2-M9XD`: only a holder of the private key can compute it. */
  check: string;
  rev: string;
}

/** Payload of `sealed-succession+jws`, signed by the epoch before. Information, no reason to trust. */
export interface SuccessionPayload {
  v: 1;
  kid: string;
  thumbprint: string;
  rev: string;
}

/** Payload of `sealed-confirmation+jws`, signed by the site that confirms another's key. */
export interface ConfirmationPayload {
  v: 1;
  kid: string;
  thumbprint: string;
  /** The administrator who compared fingerprints. */
  by: string;
  rev: string;
}

/** Payload of `sealed-workstation+jws`. */
export interface WorkstationPayload {
  v: 1;
  id: string;
  kid: string;
  /** What its users call it: « Accueil 2 ». */
  name: string;
  method: WrapMethod;
  check: string;
  rev: string;
}

export type WrapMethod = "passphrase" | "passkey" | "kit";

export interface SealedBytes {
  iv: string;
  ciphertext: string;
  tag: string;
}

export type Kdf =
  | { alg: "argon2id"; m: 65536; t: 3; p: 1; salt: string }
  | { alg: "hkdf-sha256"; salt: string; credential: string }
  | { alg: "hkdf-sha256" };

/** The private keys of one epoch, opened by one secret. Plain JSON: its own encryption authenticates it. */
export interface WrapRecord {
  v: 1;
  id: string;
  kid: string;
  method: WrapMethod;
  kdf: Kdf;
  enc: SealedBytes;
  sig: SealedBytes;
}

export interface JweRecipient {
  header: { alg: "ECDH-ES+A256KW"; kid: string; jkt: string; epk: PublicJwk };
  encrypted_key: string;
}

/** Payload of `sealed-evk+jws`. */
export interface DataKeyJwe {
  protected: string;
  aad: string;
  iv: string;
  ciphertext: string;
  tag: string;
  recipients: JweRecipient[];
}

/** What a page receives for the current site and the scopes that it shows. */
export interface KeyRing {
  v: 1;
  instance: string;
  site: string;
  /** Public records (`sealed-key+jws`): every epoch of the site, every signer and recipient of `dataKeys`. */
  keys: string[];
  /** `sealed-evk+jws`: every number still used, the latest revision of each. */
  dataKeys: string[];
  /** `sealed-confirmation+jws`, signed by the site. */
  confirmations: string[];
  /** Workstations asked to forget what they keep. */
  withdrawn: string[];
}
