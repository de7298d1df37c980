// One stream of server-sent events, kept open: tokens renewed, cuts noticed, positions resumed. No DOM here: it runs in
// the worker that all tabs share (browsers allow six connections a host), or in the page where there is none.

export type LiveState = "live" | "stale" | "ended";

export interface Change {
  kind: string;
  id: string;
  topics: string[];
}

export interface LiveListener {
  changed(change: Change): void;
  /** Something may have been missed: read again. */
  resync(): void;
  state(state: LiveState): void;
}

interface Stream {
  close(): void;
  addEventListener(type: string, listener: (event: MessageEvent<string>) => void): void;
}

/** What the connection needs of its surroundings; tests give their own. */
export interface Surroundings {
  fetch(url: string): Promise<{ ok: boolean; status: number; redirected: boolean; json(): Promise<unknown> }>;
  open(url: string): Stream;
  later(action: () => void, milliseconds: number): number;
  cancel(timer: number): void;
  random(): number;
}

const SILENCE = 40_000;
const LONGEST_WAIT = 30_000;

export class LiveConnection {
  readonly #listener: LiveListener;
  readonly #around: Surroundings;
  readonly #tokenUrl: string;
  #topics: string[] = [];
  #last = "";
  #stream: Stream | undefined;
  #watch = 0;
  #retry = 0;
  #failures = 0;
  #turn = 0;

  constructor({ tokenUrl, listener, around }: { tokenUrl: string; listener: LiveListener; around: Surroundings }) {
    this.#tokenUrl = tokenUrl;
    this.#listener = listener;
    this.#around = around;
  }

  /**
   * Follows exactly these topics from now on. `last` is the position of the page that asks: a stream opened from there
   * tells what changed since the page was made.
   */
  follow(topics: string[], last = ""): void {
    const wanted = [...new Set(topics)].sort();
    if (this.#stream && wanted.join() === this.#topics.join() && (!last || last === this.#last)) return;
    if (last) this.#last = last;
    this.#topics = wanted;
    this.close();
    if (wanted.length > 0) void this.#open();
  }

  close(): void {
    this.#turn += 1;
    this.#stream?.close();
    this.#stream = undefined;
    this.#around.cancel(this.#watch);
    this.#around.cancel(this.#retry);
  }

  async #open(): Promise<void> {
    this.close();
    const turn = this.#turn;
    let token: string;
    try {
      const query = this.#topics.map((topic) => `topic=${encodeURIComponent(topic)}`).join("&");
      const response = await this.#around.fetch(`${this.#tokenUrl}?${query}`);
      if (turn !== this.#turn) return;
      if (response.redirected || response.status === 401) {
        this.#listener.state("ended");
        return;
      }
      if (!response.ok) throw new Error("refused");
      token = ((await response.json()) as { token: string }).token;
      if (turn !== this.#turn) return;
    } catch {
      if (turn === this.#turn) this.#again();
      return;
    }
    const address = `/live/?token=${encodeURIComponent(token)}${this.#last ? `&last=${encodeURIComponent(this.#last)}` : ""}`;
    const stream = this.#around.open(address);
    this.#stream = stream;
    this.#heard();
    const on = (type: string, action: (event: MessageEvent<string>) => void) =>
      stream.addEventListener(type, (event) => {
        if (this.#stream !== stream) return;
        if (event.lastEventId) this.#last = event.lastEventId;
        action(event);
      });
    on("open", () => this.#isLive());
    on("beat", () => this.#isLive());
    on("change", (event) => {
      // The browser's own « open » event has no data; a change always has.
      this.#isLive();
      this.#listener.changed(JSON.parse(event.data) as Change);
    });
    on("resync", () => {
      this.#isLive();
      this.#listener.resync();
    });
    on("stale", () => {
      this.#heard();
      this.#listener.state("stale");
    });
    on("expired", () => this.#again({ soon: true }));
    on("error", () => this.#again());
  }

  #isLive(): void {
    this.#failures = 0;
    this.#heard();
    this.#listener.state("live");
  }

  #heard(): void {
    this.#around.cancel(this.#watch);
    this.#watch = this.#around.later(() => this.#again(), SILENCE);
  }

  /** After a cut, wait longer each time, each screen a little differently, so that all do not come back at once. */
  #again({ soon = false } = {}): void {
    this.close();
    if (!soon) this.#listener.state("stale");
    const wait = soon && this.#failures === 0 ? 300 : Math.min(LONGEST_WAIT, 500 * 2 ** this.#failures);
    this.#failures += 1;
    this.#retry = this.#around.later(() => void this.#open(), wait * (0.5 + this.#around.random()));
  }
}

export const browser: Surroundings = {
  fetch: (url) => fetch(url, { credentials: "same-origin", headers: { Accept: "application/json" } }),
  open: (url) => new EventSource(url) as unknown as Stream,
  later: (action, milliseconds) => setTimeout(action, milliseconds) as unknown as number,
  cancel: (timer) => clearTimeout(timer),
  random: () => Math.random(),
};
