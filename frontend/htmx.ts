// htmx under our policy: HTML goes through the sanitiser, code in attributes never runs, requests carry the CSRF token.
import htmx from "htmx.org";
import { csrfToken, sessionEnded } from "./csrf";
import { showToast } from "./elements/toast-note/toast-note";
import { htmlPolicy } from "./trusted-types";

interface SecurityApi {
  initSecurity(policy: object, syncFunction: unknown, asyncFunction: unknown): void;
}

interface RequestContext {
  request: { headers: Record<string, string>; method: string };
  response?: { raw?: Response; status: number };
}

/** Stands in for `Function`: code written in an attribute is refused, even where a policy would let it run. */
class RefusedFunction {
  constructor() {
    throw new Error("Code in attributes is refused.");
  }
}

htmx.registerExtension("vigie-trust", {
  init: (api: SecurityApi) => {
    api.initSecurity(
      { createHTML: (html: string) => htmlPolicy.createHTML(html), createScript: () => "" },
      RefusedFunction,
      RefusedFunction,
    );
  },
  htmx_config_request: (_element: Element, detail: { ctx: RequestContext }) => {
    if (!/^get$/i.test(detail.ctx.request.method)) detail.ctx.request.headers["X-CSRFToken"] = csrfToken();
  },
} as never);

function message(name: string): string {
  return document.querySelector<HTMLElement>("[data-messages]")?.dataset[name] ?? "";
}

function context(event: Event): RequestContext | undefined {
  return (event as CustomEvent<{ ctx?: RequestContext }>).detail?.ctx;
}

/** The session ended: the sign-in page must not land inside a fragment, and what was typed must stay. */
document.addEventListener("htmx:before:response", (event) => {
  const raw = context(event)?.response?.raw;
  if (!raw) return;
  const home = document.querySelector<HTMLElement>("[data-sign-in]:not([data-messages])")?.dataset["signIn"] ?? "/compte/";
  if (raw.status === 401 || (raw.redirected && new URL(raw.url).pathname.startsWith(home))) {
    event.preventDefault();
    sessionEnded();
    showToast({ tone: "warning", text: message("signedOut"), link: { href: home, text: message("signIn") }, stays: true });
  }
});

document.addEventListener("htmx:response:error", (event) => {
  const status = context(event)?.response?.status ?? 0;
  if (status === 422 || status === 409) return;
  showToast({ tone: "danger", text: message(status === 403 || status === 404 ? "refused" : "failed"), stays: true });
});

document.addEventListener("htmx:error", () => {
  if (navigator.onLine) showToast({ tone: "danger", text: message("unreachable"), stays: true });
});

export default htmx;
