import { browser, type Change, LiveConnection, type LiveState } from "../../live-connection";
import type { FromWorker, ToWorker } from "../../live-worker";

const GATHER = 120;
const RETRY = 5_000;

/**
 * Follows the topics named by `data-live-topic` on the page, and sends the event `live` to each element whose topic
 * changed: `<div data-live-topic="incident:…" hx-get="…" hx-trigger="live" hx-swap="outerMorph">`. One whose reading
 * failed, for want of network or of server, is told again: the stream itself may have missed nothing.
 *
 * Says whether the page is up to date, in its own text: `data-live-label`, `data-stale-label` (« {time} » is the moment
 * of the last sign of life), `data-ended-label`. `data-last` is the stream's position when the page was made.
 */
export class LiveTopics extends HTMLElement {
  #port: MessagePort | undefined;
  #direct: LiveConnection | undefined;
  #lastSign = new Date();
  #due = new Set<HTMLElement>();
  #unread = new Set<HTMLElement>();
  #timer = 0;
  #retry = 0;

  readonly #leave = () => {
    this.#port?.postMessage({ leave: true } satisfies ToWorker);
    this.#direct?.close();
  };

  readonly #shown = (event: Event) => {
    if (!(event as PageTransitionEvent).persisted) return;
    this.#join();
    this.#wakeAll();
  };

  readonly #failed = (event: Event) => {
    const element = event.target;
    if (!(element instanceof HTMLElement) || !("liveTopic" in element.dataset)) return;
    const status = (event as CustomEvent<{ ctx?: { response?: { status: number } } }>).detail?.ctx?.response?.status ?? 0;
    if (event.type === "htmx:response:error" && status < 500 && status !== 429) return;
    this.#unread.add(element);
    clearTimeout(this.#retry);
    this.#retry = window.setTimeout(this.#readAgain, RETRY);
  };

  readonly #readAgain = () => {
    for (const element of this.#unread) this.#wake(element);
    this.#unread.clear();
  };

  connectedCallback(): void {
    this.#join();
    document.addEventListener("htmx:error", this.#failed);
    document.addEventListener("htmx:response:error", this.#failed);
    window.addEventListener("online", this.#readAgain);
    window.addEventListener("pagehide", this.#leave);
    window.addEventListener("pageshow", this.#shown);
  }

  disconnectedCallback(): void {
    this.#leave();
    clearTimeout(this.#retry);
    document.removeEventListener("htmx:error", this.#failed);
    document.removeEventListener("htmx:response:error", this.#failed);
    window.removeEventListener("online", this.#readAgain);
    window.removeEventListener("pagehide", this.#leave);
    window.removeEventListener("pageshow", this.#shown);
  }

  get topics(): string[] {
    const named = document.querySelectorAll<HTMLElement>("[data-live-topic]");
    return [...new Set([...named].flatMap((element) => (element.dataset["liveTopic"] ?? "").split(" ")))].filter(Boolean);
  }

  #join(): void {
    const topics = this.topics;
    const tokenUrl = this.dataset["tokenUrl"] ?? "/live/jeton/";
    const last = this.dataset["last"] ?? "";
    if (topics.length === 0) return;
    const worker = sharedWorker();
    if (worker) {
      this.#port = worker.port;
      worker.port.onmessage = ({ data }: MessageEvent<FromWorker>) => {
        if ("change" in data) this.#changed(data.change);
        else if ("resync" in data) this.#wakeAll();
        else this.#say(data.state);
      };
      worker.port.postMessage({ join: { topics, last, tokenUrl } } satisfies ToWorker);
      return;
    }
    this.#direct = new LiveConnection({
      tokenUrl,
      around: browser,
      listener: {
        changed: (change) => this.#changed(change),
        resync: () => this.#wakeAll(),
        state: (state) => this.#say(state),
      },
    });
    this.#direct.follow(topics, last);
  }

  #changed(change: Change): void {
    document.body.dispatchEvent(new CustomEvent("live:change", { detail: change }));
    for (const element of document.querySelectorAll<HTMLElement>("[data-live-topic]")) {
      const own = (element.dataset["liveTopic"] ?? "").split(" ");
      if (change.topics.some((topic) => own.includes(topic))) this.#wake(element);
    }
  }

  #wakeAll(): void {
    for (const element of document.querySelectorAll<HTMLElement>("[data-live-topic]")) this.#wake(element);
  }

  /** One write often publishes several messages: they are answered by one reading. */
  #wake(element: HTMLElement): void {
    this.#due.add(element);
    clearTimeout(this.#timer);
    this.#timer = window.setTimeout(() => {
      for (const due of this.#due) if (due.isConnected) due.dispatchEvent(new CustomEvent("live"));
      this.#due.clear();
    }, GATHER);
  }

  #say(state: LiveState): void {
    if (state === "live") this.#lastSign = new Date();
    const label = this.dataset[`${state}Label`] ?? "";
    const language = document.documentElement.lang || "fr";
    const time = new Intl.DateTimeFormat(language, { hour: "numeric", minute: "2-digit" }).format(this.#lastSign);
    const text = label.replace("{time}", language.startsWith("fr") ? time.replace(":", "\u00a0h\u00a0") : time);
    if (this.getAttribute("state") !== state) this.setAttribute("state", state);
    const words = this.querySelector("span");
    if (words && words.textContent !== text) words.textContent = text;
  }
}

let shared: SharedWorker | undefined;

function sharedWorker(): SharedWorker | undefined {
  const address = document.querySelector<HTMLMetaElement>('meta[name="vigie-live-worker"]')?.content;
  if (!address || typeof SharedWorker === "undefined") return undefined;
  const factory = (
    window as unknown as {
      trustedTypes?: { createPolicy(name: string, rules: object): { createScriptURL(url: string): unknown } };
    }
  ).trustedTypes;
  // A policy of one address: nothing else can become a worker.
  shared ??= new SharedWorker(
    (factory?.createPolicy("vigie-worker", {
      createScriptURL: (url: string) => {
        if (url !== address) throw new TypeError("Not our worker.");
        return url;
      },
    }).createScriptURL(address) ?? address) as string,
    { type: "module", name: "vigie-live" },
  );
  return shared;
}
