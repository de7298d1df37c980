// After a live update: what is new or different is lit for a moment, and said once to screen readers. Nothing moves.

const ITEMS = ".entry[id], tbody > tr, .rows > li";
const LIT = 2_500;

function signature(item: Element): string {
  const copy = item.cloneNode(true) as Element;
  // « il y a 3 min » changes by itself.
  for (const time of copy.querySelectorAll("time")) time.remove();
  return copy.textContent ?? "";
}

function described(root: Element): Map<string, string> {
  return new Map(
    [...root.querySelectorAll(ITEMS)].map((item) => [
      item.id || item.querySelector("a")?.getAttribute("href") || "",
      signature(item),
    ]),
  );
}

const before = new WeakMap<Element, Map<string, string>>();

function liveRoot(event: Event): Element | undefined {
  return event.target instanceof Element && event.target.matches("[data-live-topic]") ? event.target : undefined;
}

document.addEventListener("htmx:before:swap", (event) => {
  const root = liveRoot(event);
  if (root) before.set(root, described(root));
});

document.addEventListener("htmx:after:swap", (event) => {
  const root = liveRoot(event);
  const known = root && before.get(root);
  if (!root || !known) return;
  before.delete(root);
  const fresh = [...root.querySelectorAll(ITEMS)].filter((item) => {
    const key = item.id || item.querySelector("a")?.getAttribute("href") || "";
    return known.get(key) !== signature(item);
  });
  if (fresh.length === 0) return;
  for (const item of fresh) {
    const lit = item.querySelector(".entry-card") ?? item;
    lit.classList.add("is-fresh");
    setTimeout(() => lit.classList.remove("is-fresh"), LIT);
  }
  const status = document.querySelector<HTMLElement>("[data-live-status]");
  if (status) {
    // Emptied first: the same words twice would be said once.
    status.textContent = "";
    setTimeout(() => {
      status.textContent = status.dataset["liveStatus"] ?? "";
    }, 50);
  }
});

export {};
