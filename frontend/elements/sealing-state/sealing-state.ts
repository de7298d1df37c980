import { ask } from "../../keys/server";
import { session, type Alarm } from "../../sealing/session";
import { familyOf, word, type Family } from "../../sealing/words";

const MOST_DETAILS = 5;

/** What the journal calls each kind of alarm: see `vigie/sealing/actions.py`. */
const IN_JOURNAL: Partial<Record<Family, string>> = {
  altered: "value", form: "value", older: "revision", key: "key", readers: "recipient", instance: "instance",
};

/**
 * Says whether the page's sealed values are readable here, and what was refused; starts the session that opens them.
 *
 * `data-instance`, `data-site`, `data-ring-url`, `data-alarm-url`, `data-idle-minutes`. Inside: a `[data-when]` for each state, a `[data-when-behind]`, the
 * texts `[data-word]`, a list `[data-alarms]`, buttons `[data-lock]` and `[data-forget]`.
 */
export class SealingState extends HTMLElement {
  #end: (() => void) | undefined;
  #told = 0;
  readonly #reported = new Set<string>();

  connectedCallback(): void {
    this.#end = session.subscribe(() => this.#show());
    this.addEventListener("click", this.#clicked);
    this.#show();
    const { instance = "", site = "", ringUrl = "", idleMinutes = "" } = this.dataset;
    if (instance && site && ringUrl) void session.start({ instance, site, ringUrl, idleMinutes: Number(idleMinutes) || 15 });
  }

  disconnectedCallback(): void {
    this.#end?.();
    this.removeEventListener("click", this.#clicked);
  }

  readonly #clicked = (event: Event) => {
    const target = event.target as Element;
    if (target.closest("[data-lock]")) void session.lock();
    if (target.closest("[data-forget]")) void session.forgetEverything().then(() => location.reload());
  };

  #show(): void {
    const isElsewhere = session.alarms.some(({ code }) => code === "wrong-instance");
    for (const part of this.querySelectorAll<HTMLElement>("[data-when-elsewhere]")) part.hidden = !isElsewhere;
    for (const part of this.querySelectorAll<HTMLElement>("[data-when]")) part.hidden = part.dataset["when"] !== session.state;
    for (const part of this.querySelectorAll<HTMLElement>("[data-when-behind]")) part.hidden = session.state !== "open" || !session.isBehind;
    for (const name of this.querySelectorAll("[data-workstation]")) name.textContent = session.workstation?.name ?? "";
    for (const alarm of session.alarms.slice(this.#told)) {
      this.#alarm(alarm);
      this.#report(alarm);
    }
    this.#told = session.alarms.length;
  }

  /** Each kind is written in the journal once a page: one changed key closes thousands of values. */
  #report({ code }: Alarm): void {
    const [url, alarm] = [this.dataset["alarmUrl"], IN_JOURNAL[familyOf(code)]];
    if (!url || !alarm || this.#reported.has(alarm)) return;
    this.#reported.add(alarm);
    // Shown in any case: the page must not depend on a server that is perhaps the one that tampers.
    void ask(url, { alarm, expected: "", found: code }).catch(() => undefined);
  }

  /** One sentence for each kind of alarm, with what it is about for whoever will look into it. */
  #alarm({ code, about }: Alarm): void {
    const list = this.querySelector<HTMLElement>("[data-alarms]");
    if (!list) return;
    list.hidden = false;
    const family = familyOf(code);
    let item = list.querySelector<HTMLElement>(`[data-family="${family}"]`);
    if (!item) {
      item = document.createElement("li");
      item.dataset["family"] = family;
      item.append(word(`long-${family}`));
      list.append(item);
    }
    if (item.querySelectorAll("code").length >= MOST_DETAILS) return;
    const detail = document.createElement("code");
    detail.className = "sealing-detail";
    detail.textContent = about ? `${code} ${about}` : code;
    item.append(" ", detail);
  }
}

/** Once a page: what counts as somebody being there, and what a page that leaves must close. */
export function watchPage(): void {
  for (const kind of ["pointerdown", "keydown", "wheel", "touchstart"]) {
    document.addEventListener(kind, () => session.active(), { passive: true, capture: true });
  }
  // The button of the header, which is outside of the session.
  document.addEventListener("vigie:locked", () => void session.lock());
  window.addEventListener("pagehide", () => session.suspend());
  window.addEventListener("pageshow", (event) => {
    if (event.persisted) void session.resume();
  });
}
