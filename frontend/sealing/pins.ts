// Which key was seen under which name, and which of them two administrators confirmed.
import type { PublicKeys } from "./keys";
import { refuse } from "./refusal";
import { readConfirmation } from "./statements";

/** `own`: unlocked here. `confirmed`: by two administrators. `seen`: pinned, not trusted. */
export type Standing = "own" | "confirmed" | "seen";

export interface Pin {
  kid: string;
  thumbprint: string;
  standing: Standing;
  /** The administrators who confirmed it. */
  confirmedBy: string[];
}

const CONFIRMATIONS = 2;

export class Pins {
  readonly #pins = new Map<string, Pin>();
  readonly #keys = new Map<string, PublicKeys>();

  constructor(kept: readonly Pin[] = []) {
    for (const pin of kept) this.#pins.set(pin.kid, { ...pin, confirmedBy: [...pin.confirmedBy] });
  }

  /** What to keep for the next time. */
  get kept(): Pin[] {
    return [...this.#pins.values()];
  }

  /** Pins a key at first sight. Another key under the same name is an alarm: `changed-thumbprint`. */
  see(keys: PublicKeys, standing: "own" | "seen" = "seen"): void {
    const pin = this.#pins.get(keys.kid);
    if (pin && pin.thumbprint !== keys.thumbprint) refuse("changed-thumbprint", keys.kid);
    this.#keys.set(keys.kid, keys);
    if (!pin) this.#pins.set(keys.kid, { kid: keys.kid, thumbprint: keys.thumbprint, standing, confirmedBy: [] });
    else if (standing === "own") pin.standing = "own";
  }

  /** Counts a confirmation signed by one of the site's own keys. It makes a pin where there was none. */
  async confirm(record: string): Promise<void> {
    const own = [...this.#keys.values()].filter(({ kid }) => this.#pins.get(kid)?.standing === "own");
    const { kid, thumbprint, by } = await readConfirmation(record, own);
    const pin = this.#pins.get(kid) ?? { kid, thumbprint, standing: "seen", confirmedBy: [] };
    if (pin.thumbprint !== thumbprint) refuse("changed-thumbprint", kid);
    if (!pin.confirmedBy.includes(by)) pin.confirmedBy.push(by);
    if (pin.standing === "seen" && pin.confirmedBy.length >= CONFIRMATIONS) pin.standing = "confirmed";
    this.#pins.set(kid, pin);
  }

  standing(kid: string): Standing | undefined {
    return this.#pins.get(kid)?.standing;
  }

  /** The key of this name, if it was seen; trusted or not. */
  keys(kid: string): PublicKeys | undefined {
    return this.#keys.get(kid);
  }

  /** The key of this name, if it may read and sign. */
  trusted(kid: string): PublicKeys | undefined {
    const standing = this.#pins.get(kid)?.standing;
    return standing === "own" || standing === "confirmed" ? this.#keys.get(kid) : undefined;
  }
}
