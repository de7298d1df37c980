// What a workstation keeps for a site, in the browser's IndexedDB: keys that cannot be exported, and what it has seen.
import { deleteDB, openDB, type DBSchema, type IDBPDatabase } from "idb";
import type { PrivateKeys } from "./keys";
import { readKeys } from "./keys";
import type { Pin } from "./pins";
import type { WrapMethod } from "./records";
import { refuse } from "./refusal";

const NAME = "vigie-sealing";

/** One epoch opened here. */
export interface KeptKeys {
  site: string;
  kid: string;
  /** `sealed-key+jws`, as it was when the keys were checked against it. */
  record: string;
  enc: CryptoKey;
  sig: CryptoKey;
}

/** This browser, as the site's list of workstations names it. */
export interface Workstation {
  id: string;
  name: string;
  method: WrapMethod;
}

export interface Kept {
  workstation: Workstation | undefined;
  isLocked: boolean;
  /** When somebody last did something in a page of the site. */
  activeAt: number;
}

interface Schema extends DBSchema {
  keys: { key: [string, string]; value: KeptKeys };
  pins: { key: [string, string]; value: Pin & { site: string } };
  /** Newest revision by what it is of: a place, a data key. Highest number by scope. */
  seen: { key: [string, string]; value: string | number };
  sites: { key: string; value: Kept };
  instance: { key: string; value: string };
}

/** Everything of one site. Another site of the same browser has its own keys, pins and memory. */
export class Store {
  readonly #base: IDBPDatabase<Schema>;
  readonly #site: string;

  private constructor(base: IDBPDatabase<Schema>, site: string) {
    this.#base = base;
    this.#site = site;
  }

  /** Refuses another instance than the one known to this browser: its values are of other places. */
  static async open({ instance, site }: { instance: string; site: string }): Promise<Store> {
    const base = await openDB<Schema>(NAME, 1, {
      upgrade: (made) => {
        made.createObjectStore("keys", { keyPath: ["site", "kid"] });
        made.createObjectStore("pins", { keyPath: ["site", "kid"] });
        made.createObjectStore("seen");
        made.createObjectStore("sites");
        made.createObjectStore("instance");
      },
      blocking: (_from, _to, event) => (event.target as IDBDatabase).close(),
    });
    const known = await base.get("instance", "");
    if (known !== instance) {
      // Without a key there is nothing to mistake: what was seen of the other one means nothing here.
      if (known !== undefined && (await base.count("keys")) > 0) {
        base.close();
        refuse("wrong-instance");
      }
      for (const name of ["pins", "seen", "sites"] as const) await base.clear(name);
      await base.put("instance", instance, "");
    }
    return new Store(base, site);
  }

  /** Erases what this browser keeps for every site: the way out when an installation was replaced on purpose. */
  static async forgetEverything(): Promise<void> {
    await deleteDB(NAME);
  }

  close(): void {
    this.#base.close();
  }

  async state(): Promise<Kept> {
    return (await this.#base.get("sites", this.#site)) ?? { workstation: undefined, isLocked: false, activeAt: 0 };
  }

  async change(changed: Partial<Kept>): Promise<void> {
    const transaction = this.#base.transaction("sites", "readwrite");
    const before = (await transaction.store.get(this.#site)) ?? { workstation: undefined, isLocked: false, activeAt: 0 };
    await transaction.store.put({ ...before, ...changed }, this.#site);
    await transaction.done;
  }

  /** Keeps keys that cannot be exported: any other is refused, whoever asks. */
  async keep({ keys, enc, sig }: PrivateKeys, record: string): Promise<void> {
    if (enc.extractable || sig.extractable) refuse("malformed", "extractable");
    await this.#base.put("keys", { site: this.#site, kid: keys.kid, record, enc, sig });
  }

  /** Every epoch opened here, the latest first. */
  async held(): Promise<PrivateKeys[]> {
    const kept = await this.#base.getAll("keys", this.#ofSite());
    const held = await Promise.all(kept.map(async ({ record, enc, sig }) => ({ enc, sig, keys: await readKeys(record) })));
    return held.sort((one, other) => Number(other.keys.kid.split("#")[1]) - Number(one.keys.kid.split("#")[1]));
  }

  async pins(): Promise<Pin[]> {
    return (await this.#base.getAll("pins", this.#ofSite())).map(({ site: _, ...pin }) => pin);
  }

  async keepPins(pins: readonly Pin[]): Promise<void> {
    const transaction = this.#base.transaction("pins", "readwrite");
    await Promise.all(pins.map((pin) => transaction.store.put({ ...pin, site: this.#site })));
    await transaction.done;
  }

  async seen(): Promise<Map<string, string | number>> {
    const [keys, values] = await Promise.all([this.#base.getAllKeys("seen", this.#ofSite()), this.#base.getAll("seen", this.#ofSite())]);
    return new Map(keys.map(([, subject], index) => [subject, values[index] ?? ""]));
  }

  /** Never goes back, though two tabs write at once. */
  async keepSeen(seen: ReadonlyMap<string, string | number>): Promise<void> {
    const transaction = this.#base.transaction("seen", "readwrite");
    await Promise.all(
      [...seen].map(async ([subject, value]) => {
        const before = await transaction.store.get([this.#site, subject]);
        if (before === undefined || before < value) await transaction.store.put(value, [this.#site, subject]);
      }),
    );
    await transaction.done;
  }

  /** Erases everything that was kept for the site. */
  async forget(): Promise<void> {
    const transaction = this.#base.transaction(["keys", "pins", "seen", "sites"], "readwrite");
    await Promise.all([
      transaction.objectStore("keys").delete(this.#ofSite()),
      transaction.objectStore("pins").delete(this.#ofSite()),
      transaction.objectStore("seen").delete(this.#ofSite()),
      transaction.objectStore("sites").delete(this.#site),
    ]);
    await transaction.done;
  }

  #ofSite(): IDBKeyRange {
    return IDBKeyRange.bound([this.#site, ""], [this.#site, "\uffff"]);
  }
}
