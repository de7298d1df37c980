// The shared worker: one stream for all tabs of this browser.
import { browser, type Change, LiveConnection, type LiveState } from "./live-connection";

export type ToWorker = { join: { topics: string[]; last: string; tokenUrl: string } } | { leave: true };
export type FromWorker = { change: Change } | { resync: true } | { state: LiveState };

interface Tab {
  port: MessagePort;
  topics: string[];
}

const tabs = new Set<Tab>();
let connection: LiveConnection | undefined;
let state: LiveState = "stale";

function tell(tab: Tab, message: FromWorker): void {
  tab.port.postMessage(message);
}

function start(tokenUrl: string): LiveConnection {
  return new LiveConnection({
    tokenUrl,
    around: browser,
    listener: {
      changed: (change) => {
        for (const tab of tabs) {
          if (change.topics.some((topic) => tab.topics.includes(topic) || topic.startsWith("user:"))) tell(tab, { change });
        }
      },
      resync: () => {
        for (const tab of tabs) tell(tab, { resync: true });
      },
      state: (next) => {
        state = next;
        for (const tab of tabs) tell(tab, { state: next });
      },
    },
  });
}

function refollow(last: string): void {
  connection?.follow([...tabs].flatMap(({ topics }) => topics), last);
}

(self as unknown as { onconnect: (event: MessageEvent) => void }).onconnect = (event) => {
  const port = event.ports[0];
  if (!port) return;
  const tab: Tab = { port, topics: [] };
  port.onmessage = ({ data }: MessageEvent<ToWorker>) => {
    if ("leave" in data) {
      tabs.delete(tab);
      // The topics of a page that left are kept until another page asks: it is usually the next page of the same tab.
      if (tabs.size === 0) connection?.follow([]);
      return;
    }
    const { topics, last, tokenUrl } = data.join;
    connection ??= start(tokenUrl);
    tab.topics = topics;
    tabs.add(tab);
    refollow(last);
    tell(tab, { state });
  };
};
