// Elements asked for at the same moment are opened together: one request for keys, one change of the page.
import type { Place } from "./identifiers";
import { SealingRefusal } from "./refusal";
import { session, type Opened, type Sealed } from "./session";

export interface SealedElement {
  readonly isConnected: boolean;
  /** Where it stands and what it holds; nothing when there is no value. */
  sealed(): Sealed | undefined;
  show(opened: Opened): void;
  close(): void;
}

const connected = new Set<SealedElement>();
let waiting = new Set<SealedElement>();
let state = session.state;

export function connect(element: SealedElement): void {
  connected.add(element);
  ask(element);
}

export function disconnect(element: SealedElement): void {
  connected.delete(element);
  waiting.delete(element);
  element.close();
}

export function ask(element: SealedElement): void {
  if (waiting.size === 0) queueMicrotask(() => void openWaiting());
  waiting.add(element);
}

session.subscribe(() => {
  if (session.state === state) return;
  state = session.state;
  for (const element of connected) {
    if (state === "open") ask(element);
    else element.close();
  }
});

async function openWaiting(): Promise<void> {
  const asked: (Sealed & { element: SealedElement })[] = [];
  for (const element of waiting) {
    const sealed = element.sealed();
    if (sealed) asked.push({ element, ...sealed });
  }
  waiting = new Set();
  if (session.state !== "open" || asked.length === 0) return;
  const opened = await session.openAll(asked);
  asked.forEach(({ element, token, place }, index) => {
    const now = element.sealed();
    const one = opened[index];
    // Locked, gone or changed meanwhile: what was opened is of another moment.
    if (!one || session.state !== "open" || !element.isConnected || now?.token !== token || now.place.record !== place.record) return;
    if (one instanceof SealingRefusal && one.code === "locked") return;
    element.show(one);
  });
}

/** The place that an element's attributes name, within the instance that the page states. */
export function placeOf({ dataset }: HTMLElement): Place {
  const { scope = "", record = "", field = "" } = dataset;
  const instance = document.querySelector<HTMLElement>("sealing-state")?.dataset["instance"] ?? "";
  return { instance, scope, record, field };
}
