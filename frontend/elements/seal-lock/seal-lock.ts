const BASE = "vigie-sealing";

interface Kept {
  workstation?: unknown;
  isLocked: boolean;
  activeAt: number;
}

/**
 * In the header of every page: a button that locks this workstation, there while it can open sealed values. Reads what
 * `sealing/store.ts` keeps, without the library, which only the pages with sealed values load. `data-idle-minutes` is
 * the time after which those pages lock by themselves.
 */
export class SealLock extends HTMLElement {
  readonly #channel = "BroadcastChannel" in globalThis ? new BroadcastChannel(BASE) : undefined;

  connectedCallback(): void {
    this.addEventListener("click", this.#clicked);
    if (this.#channel) this.#channel.onmessage = () => void this.#show();
    void this.#show();
  }

  disconnectedCallback(): void {
    this.removeEventListener("click", this.#clicked);
    this.#channel?.close();
  }

  readonly #clicked = () => void this.#lock();

  async #show(): Promise<void> {
    this.hidden = (await this.#open()).length === 0;
  }

  /** The sites whose values this browser can open now. */
  async #open(): Promise<string[]> {
    const found: string[] = [];
    await this.#sites("readonly", (site, kept) => {
      const idle = Date.now() - kept.activeAt > (Number(this.dataset["idleMinutes"]) || 15) * 60_000;
      if (kept.workstation && !kept.isLocked && !idle) found.push(site);
      return undefined;
    });
    return found;
  }

  async #lock(): Promise<void> {
    const locked: string[] = [];
    await this.#sites("readwrite", (site, kept) => {
      locked.push(site);
      return { ...kept, isLocked: true };
    });
    // Pages that are open elsewhere close their values; one that shows some here hears nothing of its own channel.
    for (const site of locked) this.#channel?.postMessage({ site, kind: "lock" });
    this.hidden = true;
    this.dispatchEvent(new CustomEvent("vigie:locked", { bubbles: true }));
  }

  async #sites(mode: IDBTransactionMode, each: (site: string, kept: Kept) => Kept | undefined): Promise<void> {
    const base = await opened();
    if (!base?.objectStoreNames.contains("sites")) return base?.close();
    await new Promise<void>((resolve) => {
      const transaction = base.transaction("sites", mode);
      transaction.oncomplete = transaction.onabort = () => resolve();
      const request = transaction.objectStore("sites").openCursor();
      request.onsuccess = () => {
        const cursor = request.result;
        if (!cursor) return;
        const changed = each(String(cursor.key), cursor.value as Kept);
        if (changed) cursor.update(changed);
        cursor.continue();
      };
    });
    base.close();
  }
}

/** Opens the base if this browser has it: it is not made here. */
function opened(): Promise<IDBDatabase | undefined> {
  return new Promise((resolve) => {
    if (!("indexedDB" in globalThis)) return resolve(undefined);
    const request = indexedDB.open(BASE);
    request.onupgradeneeded = () => request.transaction?.abort();
    request.onerror = (event) => {
      event.preventDefault();
      resolve(undefined);
    };
    request.onsuccess = () => resolve(request.result);
  });
}
