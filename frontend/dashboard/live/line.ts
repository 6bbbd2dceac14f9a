// How the feed travels: graphql-transport-ws with as many attempts as it takes, the cursor by HTTP.
import { createClient } from "graphql-ws";
import { EventsBeforeDocument, EventsDocument, FeedCursorDocument, type EventsSubscription } from "./documents";
import type { Clock, Heard, Line } from "./feed";
import type { Ask } from "./ask";

const PING_MS = 10_000;
const PATIENCE_MS = 5_000;
const OPENING_MS = 10_000;
const LONGEST_WAIT_MS = 5_000;
const BETWEEN_BATCHES_MS = 100;
const LONGEST_FRAME_MS = 250;
const REFUSALS = new Set([4401, 4403]);

export function lineTo(ask: Ask, key: string): Line {
  let reconnect = () => {};
  return {
    head: async (projects) => (await ask(FeedCursorDocument, { projects })).feedCursor,
    before: async (projects) => {
      const { eventLog } = await ask(EventsBeforeDocument, { projects });
      return eventLog.nodes.filter((event) => event.__typename !== "Expired").reverse();
    },
    reconnect: () => reconnect(),
    follow(projects, position, listener) {
      let heard = listener;
      let pong: ReturnType<typeof setTimeout> | undefined;
      let opening: ReturnType<typeof setTimeout> | undefined;
      const client = createClient({
        url: `${location.origin.replace(/^http/, "ws")}/graphql`,
        connectionParams: key ? { authorization: `Bearer ${key}` } : undefined,
        keepAlive: PING_MS,
        connectionAckWaitTimeout: PATIENCE_MS,
        retryAttempts: Infinity,
        retryWait: waitAttempt,
        shouldRetry: (event) => !(event instanceof CloseEvent && REFUSALS.has(event.code)),
        on: {
          // The browser would wait for minutes for a server that takes the connection and says nothing.
          connecting: () => (opening = setTimeout(() => client.terminate(), OPENING_MS)),
          opened: () => clearTimeout(opening),
          connected: (_socket, _payload, isAgain) => heard.connected(isAgain),
          closed: () => {
            clearTimeout(pong);
            clearTimeout(opening);
            heard.lost();
          },
          // A dead connection does not close by itself: no answer to a ping ends it.
          ping: (isReceived) => {
            if (!isReceived) pong = setTimeout(() => client.terminate(), PATIENCE_MS);
          },
          pong: (isReceived) => isReceived && clearTimeout(pong),
        },
      });
      reconnect = () => client.terminate();
      const stop = client.subscribe<EventsSubscription>(request(projects, position), {
        next: (result) => result.data && heard.item(result.data.events),
        error: (error) => (isRefusal(error) ? heard.refused() : heard.ended()),
        complete: () => heard.ended(),
      });
      return () => {
        reconnect = () => {};
        // Its connection closes later, and is no news any more.
        heard = DEAF;
        stop();
        void client.dispose();
      };
    },
  };
}

const DEAF: Heard = { connected() {}, lost() {}, refused() {}, ended() {}, item() {} };

/** The client sends this same object after each lost connection: `after` is where the feed has come to. */
function request(projects: string[] | null, position: { after: string }) {
  return {
    query: EventsDocument,
    variables: {
      projects,
      get after() {
        return position.after;
      },
    },
  };
}

function isRefusal(error: unknown): boolean {
  if (error instanceof CloseEvent) return REFUSALS.has(error.code);
  const [first] = Array.isArray(error) ? (error as { extensions?: { code?: string } }[]) : [];
  return first?.extensions?.code === "UNAUTHENTICATED" || first?.extensions?.code === "FORBIDDEN";
}

/** Wait longer each time, up to 5 s; less when the network or the page comes back. */
function waitAttempt(retries: number): Promise<void> {
  const spread = 0.75 + Math.random() / 2;
  const wait = Math.min(LONGEST_WAIT_MS, 150 * 2 ** Math.min(retries, 6)) * spread;
  return new Promise((resolve) => {
    const done = () => {
      clearTimeout(timer);
      removeEventListener("online", done);
      document.removeEventListener("visibilitychange", done);
      resolve();
    };
    const timer = setTimeout(done, wait);
    addEventListener("online", done);
    document.addEventListener("visibilitychange", done);
  });
}

let batchAt = -Infinity;

/** Before the next frame; also where none comes, as in a tab that is hidden, or becomes so. */
function soon(work: () => void): void {
  let isDone = false;
  const once = () => {
    if (!isDone) work();
    isDone = true;
  };
  requestAnimationFrame(once);
  setTimeout(once, LONGEST_FRAME_MS);
}

export const browserClock: Clock & { now(): number } = {
  now: () => performance.now(),
  frame(work) {
    const wait = Math.max(0, batchAt + BETWEEN_BATCHES_MS - performance.now());
    setTimeout(() => soon(() => {
      batchAt = performance.now();
      work();
    }), wait);
  },
  after(milliseconds, work) {
    const timer = setTimeout(work, milliseconds);
    return () => clearTimeout(timer);
  },
};
