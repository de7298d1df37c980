// One service for all sealed elements of a page: which key is open, what it opens, what it alarms about. Tabs of one
// browser agree by a channel: locked or forgotten in one, locked or forgotten in all.
import { openDataKey, readDataKey, type DataKey } from "./data-key";
import { openToken, readToken, sealField, type OpenedValue } from "./field";
import { checkedUuid, placeText, readKid, type Place } from "./identifiers";
import { checkVersion, members } from "./json";
import { readKeys, type PrivateKeys } from "./keys";
import { Pins } from "./pins";
import type { KeyRing } from "./records";
import { refuse, SealingRefusal, type RefusalCode } from "./refusal";
import { Store, type Workstation } from "./store";

const ACTIVITY_EVERY = 15_000;

/** `absent`: no key of the site here. `locked`: closed until somebody reopens. `unusable`: the browser keeps nothing. */
export type SessionState = "starting" | "absent" | "locked" | "open" | "unusable";

export interface SessionConfig {
  instance: string;
  site: string;
  /** Where the key ring is read: `?scope=dat:…&scope=evt:…`. */
  ringUrl: string;
  idleMinutes: number;
}

export interface Alarm {
  code: RefusalCode;
  /** A kid, a data key or a place: never a value. */
  about: string;
}

export interface Sealed {
  place: Place;
  token: string;
  /** A draft: newer than what is stored, and perhaps given up. It is not remembered as the newest. */
  isDraft?: boolean;
}

export type Opened = OpenedValue | SealingRefusal;

/** What somebody must be told, whatever the page shows: somebody tampered, or a mistake looks like it. */
const ALARMING: ReadonlySet<RefusalCode> = new Set<RefusalCode>([
  "does-not-open", "bad-padding", "changed-thumbprint", "bad-signature", "unpinned-signer", "recipients-mismatch",
  "older-revision", "older-number", "wrong-instance", "key-mismatch", "other-algorithm", "unknown-version", "malformed",
  "non-canonical", "short-tag", "bad-nonce", "too-long",
]);

type Message = { site: string; kind: "lock" | "reopen" | "forget" | "installed" | "active" };

interface ScopeKeys {
  byNumber: Map<number, DataKey | SealingRefusal>;
  highest: DataKey | SealingRefusal;
}

export class SealingSession {
  #state: SessionState = "starting";
  #config: SessionConfig | undefined;
  #store: Store | undefined;
  #held: PrivateKeys[] = [];
  #pins = new Pins();
  #workstation: Workstation | undefined;
  #seen = new Map<string, string | number>();
  #unwritten = new Map<string, string | number>();
  #scopes = new Map<string, Promise<ScopeKeys>>();
  #asked: { scope: string; answer: PromiseWithResolvers<ScopeKeys> }[] = [];
  #alarms = new Map<string, Alarm>();
  #isBehind = false;
  #listeners = new Set<() => void>();
  #channel: BroadcastChannel | undefined;
  #activeAt = 0;
  #toldAt = 0;
  #idleTimer: ReturnType<typeof setTimeout> | undefined;
  #writeTimer: ReturnType<typeof setTimeout> | undefined;
  #ready: Promise<void> | undefined;

  get state(): SessionState {
    return this.#state;
  }

  get alarms(): readonly Alarm[] {
    return [...this.#alarms.values()];
  }

  /** The server speaks of a later epoch of the site's key than those open here: nothing of it is believed until it is unlocked. */
  get isBehind(): boolean {
    return this.#isBehind;
  }

  get workstation(): Workstation | undefined {
    return this.#workstation;
  }

  /** Tells of every change of state and every new alarm. Returns what ends it. */
  subscribe(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Once a page, by `<sealing-state>`. */
  start(config: SessionConfig): Promise<void> {
    this.#ready ??= this.#begin(config);
    return this.#ready;
  }

  /** Opens values, in any order; each comes back as text or as the refusal. */
  async openAll(values: readonly Sealed[]): Promise<Opened[]> {
    const scopes = new Map<string, ScopeKeys | SealingRefusal>();
    await Promise.all(
      [...new Set(values.map(({ place }) => place.scope))].map(async (scope) => {
        scopes.set(scope, await this.#keysOf(scope).catch(asRefusal));
      }),
    );
    return Promise.all(
      values.map(async (value) => {
        try {
          const subject = placeText(value.place);
          const opened = await this.#open(value, subject, scopes.get(value.place.scope));
          if (!value.isDraft) this.#remember(subject, opened.rev);
          return opened;
        } catch (error) {
          const refusal = asRefusal(error);
          this.#alarm(refusal.code, place(value.place));
          return refusal;
        }
      }),
    );
  }

  /** Seals a text under the newest data key. `base` is the stored value that it replaces, if there is one. */
  async seal(place: Place, text: string, base = ""): Promise<string> {
    const { highest } = await this.#keysOf(place.scope);
    if (highest instanceof SealingRefusal) throw highest;
    const subject = placeText(place);
    const known = [String(this.#seen.get(subject) ?? ""), base ? readToken(base).rev : ""].sort().at(-1) ?? "";
    return sealField({ key: highest, place, text, after: known });
  }

  /** « Qui peut lire » what is sealed from now on in a scope. */
  async readers(scope: string): Promise<{ kid: string; fingerprint: string | undefined }[]> {
    const { highest } = await this.#keysOf(scope);
    if (highest instanceof SealingRefusal) throw highest;
    return highest.recipients.map(({ kid }) => ({ kid, fingerprint: this.#pins.keys(kid)?.fingerprint }));
  }

  /** The site's private keys, latest epoch first: to confirm, to make or make again data keys. Refused while locked. */
  held(): readonly PrivateKeys[] {
    return this.#state === "open" ? this.#held : refuse("locked");
  }

  pins(): Pins {
    return this.#state === "open" ? this.#pins : refuse("locked");
  }

  /** Keeps keys just unwrapped here, not extractable, and opens the page with them. */
  async install({ held, record, workstation }: { held: PrivateKeys; record: string; workstation: Workstation }): Promise<void> {
    await this.#ready;
    const store = this.#store ?? refuse("locked");
    await store.keep(held, record);
    await store.change({ workstation, isLocked: false, activeAt: Date.now() });
    this.#tell("installed");
    await this.#load();
  }

  /** Closes every value here and in the other tabs, and lets the data keys go. */
  async lock(): Promise<void> {
    if (this.#state !== "open") return;
    this.#tell("lock");
    await this.#store?.change({ isLocked: true });
    await this.#close("locked");
  }

  /** For the page that has just asked who is there. */
  async reopen(): Promise<void> {
    await this.#store?.change({ isLocked: false, activeAt: Date.now() });
    this.#tell("reopen");
    await this.#load();
  }

  /** « Oublier ce poste »: erases keys, pins and memory of the site from this browser. */
  async forget(): Promise<void> {
    this.#unwritten.clear();
    await this.#store?.forget();
    this.#tell("forget");
    await this.#close("absent");
  }

  /** The same for every site, where the browser knows another installation of Vigie: the page is to be loaded again. */
  async forgetEverything(): Promise<void> {
    await Store.forgetEverything();
  }

  /** Somebody is there: the lock waits again. */
  active(): void {
    const now = Date.now();
    this.#activeAt = now;
    if (this.#state !== "open" || now - this.#toldAt < ACTIVITY_EVERY) return;
    this.#toldAt = now;
    this.#tell("active");
    void this.#store?.change({ activeAt: now });
  }

  /** What was seen is written down before the page goes. */
  async flush(): Promise<void> {
    clearTimeout(this.#writeTimer);
    this.#writeTimer = undefined;
    const seen = this.#unwritten;
    this.#unwritten = new Map();
    if (seen.size > 0) await this.#store?.keepSeen(seen);
  }

  /** The page leaves, perhaps into the browser's memory of pages, where nothing must stay readable. */
  suspend(): void {
    clearTimeout(this.#idleTimer);
    void this.flush();
    if (this.#state !== "open") return;
    this.#state = "starting";
    this.#scopes.clear();
    this.#changed();
  }

  /** The page is back from there. */
  async resume(): Promise<void> {
    if (this.#state === "starting") await this.#load();
  }

  /** Lets everything go, as a closed tab does. */
  async end(): Promise<void> {
    await this.#close("absent");
    this.#channel?.close();
    this.#store?.close();
  }

  /** Reads the key ring again: a site was let in, a number made. */
  refresh(): void {
    this.#scopes.clear();
    this.#changed();
  }

  async #begin(config: SessionConfig): Promise<void> {
    this.#config = config;
    checkedUuid(config.instance);
    checkedUuid(config.site);
    try {
      this.#store = await Store.open(config);
    } catch (error) {
      // A private window without storage, a full disk: everything else on the page works.
      if (error instanceof SealingRefusal) this.#alarm(error.code, config.instance);
      this.#state = "unusable";
      this.#changed();
      return;
    }
    this.#channel = new BroadcastChannel("vigie-sealing");
    this.#channel.onmessage = ({ data }: MessageEvent<Message>) => void this.#told(data);
    await this.#load();
  }

  async #load(): Promise<void> {
    const { store, idle } = { store: this.#store, idle: (this.#config?.idleMinutes ?? 0) * 60_000 };
    if (!store) return;
    const kept = await store.state();
    this.#workstation = kept.workstation;
    const held = await store.held();
    if (held.length === 0) return this.#close("absent");
    const isIdle = Date.now() - kept.activeAt > idle;
    if (isIdle && !kept.isLocked) await store.change({ isLocked: true });
    if (isIdle || kept.isLocked) return this.#close("locked");
    this.#held = held;
    this.#pins = new Pins(await store.pins());
    for (const { keys } of held) this.#guarded(keys.kid, () => this.#pins.see(keys, "own"));
    this.#seen = await store.seen();
    this.#scopes.clear();
    this.#isBehind = false;
    this.#state = "open";
    this.#activeAt = Date.now();
    this.#watch();
    this.#changed();
  }

  async #close(state: "absent" | "locked"): Promise<void> {
    clearTimeout(this.#idleTimer);
    this.#state = state;
    this.#held = [];
    this.#pins = new Pins();
    this.#scopes.clear();
    // Before waiting for anything: whoever reopens meanwhile must find what was seen, not have it taken away.
    this.#seen = new Map();
    if (state === "absent") this.#workstation = undefined;
    this.#changed();
    await this.flush();
  }

  #watch(): void {
    clearTimeout(this.#idleTimer);
    const left = this.#activeAt + (this.#config?.idleMinutes ?? 0) * 60_000 - Date.now();
    this.#idleTimer = setTimeout(() => (left <= 0 ? void this.lock() : this.#watch()), Math.max(left, 0));
  }

  async #told({ site, kind }: Message): Promise<void> {
    if (site !== this.#config?.site) return;
    if (kind === "active") this.#activeAt = Date.now();
    else if (kind === "lock") await this.#close("locked");
    else if (kind === "forget") {
      this.#unwritten.clear();
      await this.#close("absent");
    } else await this.#load();
  }

  #tell(kind: Message["kind"]): void {
    if (this.#config) this.#channel?.postMessage({ site: this.#config.site, kind } satisfies Message);
  }

  /** One request for all the scopes that a page asks for at the same moment. */
  #keysOf(scope: string): Promise<ScopeKeys> {
    if (this.#state !== "open") return Promise.reject(new SealingRefusal("locked"));
    const known = this.#scopes.get(scope);
    if (known) return known;
    const answer = resolvers<ScopeKeys>();
    this.#scopes.set(scope, answer.promise);
    this.#asked.push({ scope, answer });
    if (this.#asked.length === 1) queueMicrotask(() => void this.#readRing());
    return answer.promise;
  }

  async #readRing(): Promise<void> {
    const [asked, pins] = [this.#asked, this.#pins];
    this.#asked = [];
    // Locked meanwhile, what is learnt would be judged by pins that are gone.
    const stillOpen = () => (this.#state === "open" && this.#pins === pins ? undefined : refuse("locked"));
    try {
      const ring = await this.#ring(asked.map(({ scope }) => scope));
      stillOpen();
      if (this.#workstation && ring.withdrawn.includes(this.#workstation.id)) {
        await this.forget();
        refuse("locked");
      }
      await this.#learn(ring);
      stillOpen();
      const read = await Promise.all(ring.dataKeys.map((record) => this.#dataKey(record)));
      stillOpen();
      if (this.#isBehind) this.#changed();
      for (const { scope, answer } of asked) {
        try {
          answer.resolve(this.#keysIn(scope, read));
        } catch (error) {
          answer.reject(error);
        }
      }
      await this.#store?.keepPins(this.#pins.kept);
    } catch (error) {
      for (const { scope, answer } of asked) {
        // Asked again at the next value: the network may be back.
        this.#scopes.delete(scope);
        answer.reject(error);
      }
    }
  }

  async #ring(scopes: string[]): Promise<KeyRing> {
    const { ringUrl, instance, site } = this.#config ?? refuse("locked");
    const station = this.#workstation ? [`workstation=${this.#workstation.id}`] : [];
    const query = [...scopes.map((scope) => `scope=${encodeURIComponent(scope)}`), ...station].join("&");
    const response = await fetch(`${ringUrl}?${query}`, { headers: { Accept: "application/json" }, cache: "no-store", redirect: "error" });
    if (!response.ok) refuse("no-key", String(response.status));
    const ring: unknown = await response.json();
    checkVersion(ring);
    members(ring, ["v", "instance", "site", "keys", "dataKeys", "confirmations", "withdrawn"]);
    const read = ring as KeyRing;
    if (read.instance !== instance || read.site !== site) refuse("wrong-instance");
    return read;
  }

  async #learn({ keys, confirmations }: KeyRing): Promise<void> {
    for (const record of keys) {
      await this.#guarded("", async () => {
        const read = await readKeys(record);
        this.#guarded(read.kid, () => this.#pins.see(read));
      });
    }
    for (const record of confirmations) {
      try {
        await this.#pins.confirm(record);
      } catch (error) {
        const { code, message } = asRefusal(error);
        // Signed by an epoch that this workstation does not hold: it counts for those that do.
        if (code !== "unpinned-signer") this.#alarm(code, message);
      }
    }
  }

  async #dataKey(record: string): Promise<{ scope: string; number: number; key: DataKey | SealingRefusal } | undefined> {
    let about = "";
    try {
      const { id, scope, number, signer } = readDataKey(record);
      about = id;
      const newest = String(this.#seen.get(id) ?? "");
      const opened = await openDataKey({ record, held: this.#held, pins: this.#pins, newest }).catch(asRefusal);
      const isLater = opened instanceof SealingRefusal && opened.code === "unpinned-signer" && this.#isLaterEpoch(signer);
      if (isLater) this.#isBehind = true;
      const key = isLater ? new SealingRefusal("wrong-epoch", id) : opened;
      if (key instanceof SealingRefusal) this.#alarm(key.code, id);
      else {
        this.#remember(id, key.rev);
        this.#remember(scope, Math.max(number, Number(this.#seen.get(scope) ?? 0)));
      }
      return { scope, number, key };
    } catch (error) {
      this.#alarm(asRefusal(error).code, about);
      return undefined;
    }
  }

  /** A key of this very site, made after those open here: after each change of key, on every workstation, until it is unlocked. */
  #isLaterEpoch(kid: string): boolean {
    const { owner, id, epoch } = readKid(kid);
    return owner === "site" && id === this.#config?.site && this.#held.every(({ keys }) => readKid(keys.kid).epoch < epoch);
  }

  #keysIn(scope: string, read: ({ scope: string; number: number; key: DataKey | SealingRefusal } | undefined)[]): ScopeKeys {
    const mine = read.filter((one) => one?.scope === scope).filter((one) => one !== undefined);
    const byNumber = new Map(mine.map(({ number, key }) => [number, key]));
    const offered = Math.max(0, ...byNumber.keys());
    const highest = byNumber.get(offered) ?? refuse("no-key", scope);
    if (offered < Number(this.#seen.get(scope) ?? 0)) {
      this.#alarm("older-number", scope);
      return { byNumber, highest: new SealingRefusal("older-number", scope) };
    }
    return { byNumber, highest };
  }

  async #open({ token: text }: Sealed, subject: string, keys: ScopeKeys | SealingRefusal | undefined): Promise<OpenedValue> {
    if (!keys || keys instanceof SealingRefusal) throw keys ?? new SealingRefusal("locked");
    const token = readToken(text);
    const key = keys.byNumber.get(token.number) ?? refuse("no-key");
    if (key instanceof SealingRefusal) throw key;
    return openToken({ key, subject, token, newest: String(this.#seen.get(subject) ?? "") });
  }

  #remember(subject: string, value: string | number): void {
    const before = this.#seen.get(subject);
    if (before !== undefined && before >= value) return;
    this.#seen.set(subject, value);
    this.#unwritten.set(subject, value);
    // Soon, and together: a page that is left at once must have remembered what it showed.
    this.#writeTimer ??= setTimeout(() => void this.flush());
  }

  #guarded(about: string, action: () => void): void;
  #guarded(about: string, action: () => Promise<void>): Promise<void>;
  #guarded(about: string, action: () => void | Promise<void>): void | Promise<void> {
    const caught = (error: unknown) => this.#alarm(asRefusal(error).code, about);
    try {
      return action()?.catch(caught);
    } catch (error) {
      caught(error);
    }
  }

  #alarm(code: RefusalCode, about: string): void {
    const name = `${code} ${about}`;
    if (!ALARMING.has(code) || this.#alarms.has(name)) return;
    this.#alarms.set(name, { code, about });
    this.#changed();
  }

  #changed(): void {
    for (const listener of this.#listeners) listener();
  }
}

/** The page's own. */
export const session = new SealingSession();

function place({ scope, record, field }: Place): string {
  return `${scope} ${record} ${field}`;
}

/** Anything that is not a refusal of ours (network, storage) is « no key »: nothing opens, nothing is alarming. */
function asRefusal(error: unknown): SealingRefusal {
  return error instanceof SealingRefusal ? error : new SealingRefusal("no-key");
}

interface PromiseWithResolvers<Value> {
  promise: Promise<Value>;
  resolve(value: Value): void;
  reject(reason: unknown): void;
}

function resolvers<Value>(): PromiseWithResolvers<Value> {
  let resolve!: (value: Value) => void;
  let reject!: (reason: unknown) => void;
  const promise = new Promise<Value>((done, failed) => {
    resolve = done;
    reject = failed;
  });
  return { promise, resolve, reject };
}
