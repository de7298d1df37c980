/** Why something sealed was refused. The meaning of each is in docs/reference/scellement.md. */
export const REFUSALS = [
  "unknown-version", "malformed", "non-canonical", "other-algorithm", "short-tag", "bad-nonce", "does-not-open",
  "bad-padding", "too-long", "bad-signature", "unpinned-signer", "changed-thumbprint", "not-confirmed", "not-a-recipient",
  "recipients-mismatch", "older-revision", "older-number", "no-key", "wrong-epoch", "wrong-number", "wrong-instance",
  "wrong-secret", "malformed-secret", "key-mismatch", "locked",
] as const;

export type RefusalCode = (typeof REFUSALS)[number];

/** Carries no part of what was refused: its message may be logged. */
export class SealingRefusal extends Error {
  readonly code: RefusalCode;

  constructor(code: RefusalCode, detail = "") {
    super(detail ? `${code}: ${detail}` : code);
    this.name = "SealingRefusal";
    this.code = code;
  }
}

export function refuse(code: RefusalCode, detail?: string): never {
  throw new SealingRefusal(code, detail);
}
