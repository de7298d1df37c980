// What browser tests and the bench do in a page: open the workstation as the page of keys does, look at what it keeps.
import { readKeys } from "./keys";
import type { WrapRecord } from "./records";
import { SealedIndex } from "./search";
import { kitKey, readKit } from "./secrets";
import { SealingSession, type Sealed } from "./session";
import { Store } from "./store";
import { openWrap } from "./wraps";

const config = document.querySelector<HTMLElement>("sealing-state")?.dataset ?? {};
const session = new SealingSession();
const started = session.start({
  instance: config["instance"] ?? "",
  site: config["site"] ?? "",
  ringUrl: config["ringUrl"] ?? "",
  idleMinutes: 15,
});

const trial = {
  async open({ record, wrap, kit, workstation }: { record: string; wrap: WrapRecord; kit: string; workstation: string }): Promise<void> {
    await started;
    const keys = await readKeys(record);
    const held = await openWrap({ wrap, keys, wrappingKey: await kitKey(await readKit(kit, keys.kid), keys.kid) });
    await session.install({ held, record, workstation: { id: workstation, name: "Accueil 2", method: "kit" } });
  },
  async reopen(): Promise<void> {
    await started;
    await session.reopen();
  },
  /** Waits until this browser has written down the newest revisions of so many values. */
  async remembered(count: number): Promise<void> {
    const store = await Store.open({ instance: config["instance"] ?? "", site: config["site"] ?? "" });
    const places = async () => [...(await store.seen()).keys()].filter((subject) => subject.includes("|")).length;
    while ((await places()) < count) await new Promise((resolve) => setTimeout(resolve, 10));
    store.close();
  },
  /** Whether anything that IndexedDB keeps could be exported. */
  async exportable(): Promise<boolean> {
    await started;
    const held = session.held();
    const tries = await Promise.allSettled(held.flatMap(({ enc, sig }) => [enc, sig].map((key) => crypto.subtle.exportKey("pkcs8", key))));
    return held.length === 0 || tries.some(({ status }) => status === "fulfilled");
  },
  /** Milliseconds that the browser itself takes to decrypt as many blocks of the same size: the floor under any opening. */
  async bare(count: number): Promise<number> {
    const key = await crypto.subtle.generateKey({ name: "AES-GCM", length: 256 }, false, ["encrypt", "decrypt"]);
    const algorithm = { name: "AES-GCM", iv: new Uint8Array(12), additionalData: new Uint8Array(300) };
    const sealed = await crypto.subtle.encrypt(algorithm, key, new Uint8Array(16));
    const begun = performance.now();
    await Promise.all(Array.from({ length: count }, () => crypto.subtle.decrypt(algorithm, key, sealed)));
    return performance.now() - begun;
  },
  /** Milliseconds to open values, to index them, to search and to sort. */
  async measure(values: Sealed[], typed: string[]): Promise<Record<string, number>> {
    await started;
    const begun = performance.now();
    const opened = await session.openAll(values);
    const open = performance.now();
    const index = new SealedIndex();
    const records = new Map<string, Record<string, string>>();
    opened.forEach((one, at) => {
      const place = values[at]?.place;
      if (!place || !("text" in one)) throw new Error("refused");
      records.set(place.record, { ...records.get(place.record), [place.field]: one.text });
    });
    for (const [record, fields] of records) index.set(record, fields);
    const indexed = performance.now();
    index.search("", { by: "family_name" });
    const sorted = performance.now();
    let found = 0;
    for (const text of typed) found += index.search(text, { by: "family_name" }).length;
    const searched = performance.now();
    index.search("", { by: "birth_date", descending: true });
    const again = performance.now();
    return {
      open: open - begun,
      index: indexed - open,
      sort: sorted - indexed,
      search: (searched - sorted) / typed.length,
      sortOther: again - searched,
      found,
    };
  },
};

Object.assign(globalThis, { trial });
