import assert from "node:assert/strict";
import { test } from "node:test";
import { openPage } from "../../testing";

const page = openPage();
// An open channel would keep the test's process alive.
delete (globalThis as { BroadcastChannel?: unknown }).BroadcastChannel;
const { SealLock } = await import("./seal-lock");
page.customElements.define("seal-lock", SealLock as never);

interface Request {
  onsuccess?: () => void;
  result?: unknown;
}

/** A base with one store of sites, as the browser keeps it. */
function keep(sites: Map<string, { workstation?: object; isLocked: boolean; activeAt: number }>): void {
  const open = () => {
    const request: Request = {};
    const store = {
      openCursor: () => {
        const cursorRequest: Request = {};
        const entries = [...sites];
        const step = (): void => {
          const entry = entries.shift();
          cursorRequest.result = entry && {
            key: entry[0],
            value: entry[1],
            update: (changed: never) => sites.set(entry[0], changed),
            continue: () => setTimeout(step),
          };
          cursorRequest.onsuccess?.();
          if (!entry) setTimeout(() => transaction.oncomplete?.());
        };
        setTimeout(step);
        return cursorRequest;
      },
    };
    const transaction: { objectStore: () => typeof store; oncomplete?: () => void } = { objectStore: () => store };
    request.result = { objectStoreNames: { contains: () => true }, transaction: () => transaction, close: () => void (closed += 1) };
    setTimeout(() => request.onsuccess?.());
    return request;
  };
  (globalThis as { indexedDB?: unknown }).indexedDB = { open };
}

let closed = 0;

async function shown(): Promise<HTMLElement> {
  const before = closed;
  document.body.innerHTML = '<seal-lock hidden data-idle-minutes="15"><button type="button">Verrouiller</button></seal-lock>';
  // It has read the base, and said what it found.
  while (closed === before) await new Promise((resolve) => setTimeout(resolve, 1));
  await Promise.resolve();
  await Promise.resolve();
  return document.querySelector("seal-lock") as HTMLElement;
}

const minutesAgo = (minutes: number) => Date.now() - minutes * 60_000;

test("the button is there while the workstation can open something", async () => {
  keep(new Map([["a", { workstation: {}, isLocked: false, activeAt: minutesAgo(1) }]]));
  assert.equal((await shown()).hidden, false);
});

test("it is not there where nothing opens: no workstation, locked, or idle", async () => {
  for (const kept of [
    { isLocked: false, activeAt: minutesAgo(1) },
    { workstation: {}, isLocked: true, activeAt: minutesAgo(1) },
    { workstation: {}, isLocked: false, activeAt: minutesAgo(16) },
  ]) {
    keep(new Map([["a", kept]]));
    assert.equal((await shown()).hidden, true);
  }
});

test("it locks every site, tells the page, and goes", async () => {
  const sites = new Map([
    ["a", { workstation: {}, isLocked: false, activeAt: minutesAgo(1) }],
    ["b", { workstation: {}, isLocked: false, activeAt: minutesAgo(1) }],
  ]);
  keep(sites);
  const lock = await shown();
  let told = false;
  document.addEventListener("vigie:locked", () => {
    told = true;
  });
  lock.querySelector("button")?.click();
  while (!told) await new Promise((resolve) => setTimeout(resolve, 1));
  assert.deepEqual([...sites.values()].map(({ isLocked }) => isLocked), [true, true]);
  assert.equal(lock.hidden, true);
});
