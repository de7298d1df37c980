import { csrfToken, SESSION_BACK, sessionEnded } from "../../csrf";

const PAUSE = 800;

/**
 * Keeps what is typed in the form inside it, on the server: texts may hold health data, so nothing is stored in the
 * browser. Sends to `data-draft-url` after a pause of 800 ms, and at once when the page is left or hidden.
 *
 * `[data-draft-status]`, anywhere inside, is told `data-saved-label` (« {time} » replaced) or `data-failed-label`.
 * Files and passwords are never part of a draft.
 */
export class KeepDraft extends HTMLElement {
  #timer = 0;
  #changed = false;
  #sent = false;
  #underWay: AbortController | undefined;

  connectedCallback(): void {
    this.addEventListener("input", this.#typed);
    this.addEventListener("change", this.#typed);
    this.addEventListener("submit", this.#submitted);
    document.addEventListener("visibilitychange", this.#hidden);
    window.addEventListener("pagehide", this.#leaving);
    window.addEventListener("pageshow", this.#shown);
    window.addEventListener("online", this.#again);
    document.addEventListener(SESSION_BACK, this.#again);
  }

  disconnectedCallback(): void {
    clearTimeout(this.#timer);
    document.removeEventListener("visibilitychange", this.#hidden);
    window.removeEventListener("pagehide", this.#leaving);
    window.removeEventListener("pageshow", this.#shown);
    window.removeEventListener("online", this.#again);
    document.removeEventListener(SESSION_BACK, this.#again);
  }

  readonly #typed = () => {
    this.#changed = true;
    clearTimeout(this.#timer);
    this.#timer = window.setTimeout(() => void this.save(), PAUSE);
  };

  /** The form itself is on its way: a draft sent after it would come back to haunt the next form. */
  readonly #submitted = (event: Event) => {
    if (event.defaultPrevented) return;
    this.#sent = true;
    clearTimeout(this.#timer);
    this.#underWay?.abort();
  };

  readonly #again = () => void this.save();

  readonly #shown = () => {
    this.#sent = false;
  };

  readonly #hidden = () => {
    if (document.visibilityState === "hidden") this.#leaving();
  };

  readonly #leaving = () => {
    clearTimeout(this.#timer);
    void this.save({ keepalive: true });
  };

  /** Sends the draft when something changed since the last time. A failure leaves it to be sent again. */
  async save({ keepalive = false } = {}): Promise<void> {
    const form = this.querySelector("form");
    const url = this.dataset["draftUrl"];
    if (!form || !url || !this.#changed || this.#sent) return;
    this.#changed = false;
    const body = new URLSearchParams();
    const secret = new Set([...form.querySelectorAll<HTMLInputElement>("input[type=password]")].map(({ name }) => name));
    for (const [name, value] of new FormData(form)) {
      if (typeof value === "string" && name !== "csrfmiddlewaretoken" && !secret.has(name)) body.append(name, value);
    }
    this.#underWay = new AbortController();
    try {
      const response = await fetch(url, {
        method: "POST",
        body,
        signal: this.#underWay.signal,
        // Browsers allow 64 KiB to requests that outlive their page; a longer text goes as an ordinary one.
        keepalive: keepalive && body.toString().length < 60_000,
        redirect: "manual",
        headers: { "X-CSRFToken": csrfToken(form), "X-Requested-With": "fetch" },
      });
      if (response.type === "opaqueredirect" || response.status === 401 || response.status === 403) sessionEnded();
      if (!response.ok) throw new Error(String(response.status));
      this.#say(this.dataset["savedLabel"] ?? "");
    } catch {
      this.#changed = true;
      this.#say(this.dataset["failedLabel"] ?? "");
    }
  }

  #say(label: string): void {
    const status = this.querySelector("[data-draft-status]");
    if (!status) return;
    const language = document.documentElement.lang || "fr";
    const time = new Intl.DateTimeFormat(language, { hour: "numeric", minute: "2-digit" }).format(new Date());
    status.textContent = label.replace("{time}", language.startsWith("fr") ? time.replace(":", "\u00a0h\u00a0") : time);
  }
}
