import assert from "node:assert/strict";
import { test } from "node:test";
import { type Change, LiveConnection, type LiveState, type Surroundings } from "./live-connection";

class FakeStream {
  closed = false;
  readonly #listeners = new Map<string, (event: MessageEvent<string>) => void>();
  readonly url: string;
  constructor(url: string) {
    this.url = url;
  }
  close(): void {
    this.closed = true;
  }
  addEventListener(type: string, listener: (event: MessageEvent<string>) => void): void {
    this.#listeners.set(type, listener);
  }
  emit(type: string, { data = "", id = "" } = {}): void {
    this.#listeners.get(type)?.({ data, lastEventId: id } as MessageEvent<string>);
  }
}

function room() {
  const streams: FakeStream[] = [];
  const asked: string[] = [];
  const timers = new Map<number, { action: () => void; wait: number }>();
  const heard: { changes: Change[]; resyncs: number; states: LiveState[] } = { changes: [], resyncs: 0, states: [] };
  let timer = 0;
  const answer = { ok: true, status: 200, redirected: false };
  const around: Surroundings = {
    fetch: async (url) => {
      asked.push(url);
      return { ...answer, json: async () => ({ token: `t${asked.length}` }) };
    },
    open: (url) => {
      const stream = new FakeStream(url);
      streams.push(stream);
      return stream;
    },
    later: (action, wait) => {
      timers.set(++timer, { action, wait });
      return timer;
    },
    cancel: (which) => void timers.delete(which),
    random: () => 0.5,
  };
  const connection = new LiveConnection({
    tokenUrl: "/live/jeton/",
    around,
    listener: {
      changed: (change) => heard.changes.push(change),
      resync: () => (heard.resyncs += 1),
      state: (state) => heard.states.push(state),
    },
  });
  const fire = async () => {
    for (const [which, { action }] of [...timers]) {
      timers.delete(which);
      action();
    }
    await settled();
  };
  const waits = () => [...timers.values()].map(({ wait }) => wait);
  return { connection, streams, asked, heard, answer, fire, waits };
}

const settled = () => new Promise((resolve) => setImmediate(resolve));
const change = { kind: "incident.changed", id: "1", topics: ["incident:1"] };

test("opens one stream for all topics, from the page's position", async () => {
  const { connection, streams, asked } = room();
  connection.follow(["incident:1", "desk:2", "incident:1"], "e-7");
  await settled();
  assert.deepEqual(asked, ["/live/jeton/?topic=desk%3A2&topic=incident%3A1"]);
  assert.deepEqual(streams.map(({ url }) => url), ["/live/?token=t1&last=e-7"]);
});

test("passes changes on", async () => {
  const { connection, streams, heard } = room();
  connection.follow(["incident:1"]);
  await settled();
  streams[0]?.emit("open", { id: "e-1" });
  streams[0]?.emit("change", { id: "e-2", data: JSON.stringify(change) });
  assert.deepEqual(heard.changes, [change]);
  assert.deepEqual(new Set(heard.states), new Set(["live"]));
});

test("after a cut it says so, comes back, and resumes", async () => {
  const { connection, streams, heard, fire } = room();
  connection.follow(["incident:1"], "e-1");
  await settled();
  streams[0]?.emit("change", { id: "e-2", data: JSON.stringify(change) });
  streams[0]?.emit("error");
  assert.equal(streams[0]?.closed, true);
  assert.equal(heard.states.at(-1), "stale");
  await fire();
  assert.equal(streams[1]?.url, "/live/?token=t2&last=e-2");
});

test("waits longer after each failure, never more than thirty seconds or so", async () => {
  const { connection, answer, fire, waits } = room();
  answer.ok = false;
  connection.follow(["incident:1"]);
  await settled();
  const seen: number[] = [];
  for (let attempt = 0; attempt < 9; attempt += 1) {
    seen.push(waits()[0] ?? 0);
    await fire();
  }
  assert.deepEqual(seen.slice(0, 3), [500, 1000, 2000]);
  assert.equal(seen.at(-1), 30_000);
});

test("an expired token is renewed without a word to the reader", async () => {
  const { connection, streams, heard, fire } = room();
  connection.follow(["incident:1"]);
  await settled();
  streams[0]?.emit("open");
  streams[0]?.emit("expired");
  assert.deepEqual(heard.states, ["live"]);
  await fire();
  assert.match(streams[1]?.url ?? "", /token=t2/);
});

test("silence is a cut too", async () => {
  const { connection, streams, heard, fire } = room();
  connection.follow(["incident:1"]);
  await settled();
  streams[0]?.emit("open");
  await fire();
  assert.equal(heard.states.at(-1), "stale");
});

test("a session that ended stops the attempts", async () => {
  const { connection, answer, heard, waits } = room();
  answer.redirected = true;
  connection.follow(["incident:1"]);
  await settled();
  assert.deepEqual(heard.states, ["ended"]);
  assert.deepEqual(waits(), []);
});

test("resync asks to read everything again", async () => {
  const { connection, streams, heard } = room();
  connection.follow(["incident:1"]);
  await settled();
  streams[0]?.emit("resync");
  assert.equal(heard.resyncs, 1);
});

test("a page made later moves the stream to its own position", async () => {
  const { connection, streams } = room();
  connection.follow(["incident:1"], "e-1");
  await settled();
  connection.follow(["incident:1"], "e-1");
  connection.follow(["incident:1"], "e-5");
  await settled();
  assert.deepEqual(streams.map(({ closed }) => closed), [true, false]);
  assert.match(streams[1]?.url ?? "", /last=e-5/);
});
