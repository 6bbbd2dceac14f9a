import { describe, expect, test } from "vitest";
import type { FeedEvent, FeedItem } from "./events";
import { type Batch, Feed, type Heard } from "./feed";

/** A server's end of the line, and a clock that stands still until it is told to go on. */
function scene() {
  const frames: (() => void)[] = [];
  const timers = new Set<() => void>();
  const asked: (string[] | null)[] = [];
  const heads: string[] = [];
  const past: FeedItem[] = [];
  const line = { position: { after: "" }, heard: null as unknown as Heard, stopped: 0, head: "c0" as string | Error };
  const feed = new Feed(
    {
      head: (projects) => {
        asked.push(projects);
        return line.head instanceof Error ? Promise.reject(line.head) : Promise.resolve(line.head);
      },
      before: () => Promise.resolve(past as FeedEvent[]),
      follow: (_projects, position, heard) => {
        heads.push(position.after);
        line.position = position;
        line.heard = heard;
        return () => void (line.stopped += 1);
      },
      reconnect: () => {},
    },
    {
      frame: (work) => void frames.push(work),
      after: (_milliseconds, work) => {
        timers.add(work);
        return () => void timers.delete(work);
      },
    },
  );
  const batches: Batch[] = [];
  feed.onBatch((batch) => batches.push(batch));
  return {
    feed,
    line,
    asked,
    heads,
    batches,
    past,
    draw: () => frames.splice(0).forEach((work) => work()),
    elapse: () => [...timers].forEach((work) => (timers.delete(work), work())),
    settled: () => new Promise((resolve) => setTimeout(resolve)),
    kinds: () => batches.flatMap((batch) => batch.events.map((one) => one.cursor)),
  };
}

function event(sequence: number, more: Partial<FeedEvent> = {}): FeedItem {
  return { __typename: "LockEvent", cursor: `c${sequence}`, sequence, project: "p", kind: "lock.granted", at: "", actor: "a", locks: [], displaced: [], forcedFor: "", ...more } as FeedItem;
}

async function live() {
  const at = scene();
  at.feed.start(["p"]);
  await at.settled();
  at.line.heard.connected(false);
  at.draw();
  at.batches.length = 0;
  return at;
}

describe("the feed", () => {
  test("begins where the log ended when the page was opened, and reads all anew once it follows", async () => {
    const at = scene();
    at.feed.start(["p"]);
    expect(at.feed.state).toBe("connecting");
    await at.settled();
    expect(at.heads).toEqual(["c0"]);
    at.line.heard.connected(false);
    at.draw();
    expect(at.feed.state).toBe("live");
    expect(at.batches).toEqual([{ events: [], isReset: true }]);
  });

  test("hands out what came since the last frame at once and in order", async () => {
    const at = await live();
    for (const sequence of [1, 2, 3]) at.line.heard.item(event(sequence));
    expect(at.batches).toEqual([]);
    at.draw();
    expect(at.batches).toHaveLength(1);
    expect(at.kinds()).toEqual(["c1", "c2", "c3"]);
  });

  test("goes on behind the last event after a lost connection, and says so until it has caught up", async () => {
    const at = await live();
    at.line.heard.item(event(1));
    at.line.heard.lost();
    expect(at.feed.state).toBe("offline");
    expect(at.line.position.after).toBe("c1");
    at.line.head = "c3";
    at.line.heard.connected(true);
    expect(at.feed.state).toBe("catching up");
    await at.settled();
    at.line.heard.item(event(2));
    expect(at.feed.state).toBe("catching up");
    at.line.heard.item(event(3));
    expect(at.feed.state).toBe("live");
    at.draw();
    expect(at.kinds()).toEqual(["c1", "c2", "c3"]);
    expect(at.batches.at(-1)!.isReset).toBe(true);
  });

  test("is live at once after a lost connection in which nothing happened", async () => {
    const at = await live();
    at.line.heard.lost();
    at.line.heard.connected(true);
    await at.settled();
    expect(at.feed.state).toBe("live");
  });

  test("takes silence for the end of what was missed, as the last event may be hidden from the key", async () => {
    const at = await live();
    at.line.heard.lost();
    at.line.head = "a cursor that never comes";
    at.line.heard.connected(true);
    await at.settled();
    expect(at.feed.state).toBe("catching up");
    at.elapse();
    expect(at.feed.state).toBe("live");
  });

  test("drops what it has had, project by project, but no heartbeat", async () => {
    const at = await live();
    at.line.heard.item(event(2));
    at.line.heard.item(event(2));
    at.line.heard.item(event(1));
    at.line.heard.item(event(1, { project: "q", cursor: "q1" }));
    const beat = { __typename: "HeartbeatEvent", sequence: 0, cursor: "beat" } as Partial<FeedEvent>;
    at.line.heard.item(event(0, beat));
    at.line.heard.item(event(0, beat));
    at.draw();
    expect(at.kinds()).toEqual(["c2", "q1", "beat", "beat"]);
    expect(at.feed.recent.map((one) => one.cursor)).toEqual(["c2", "q1"]);
  });

  test("after Expired reads all anew and takes the project's numbers as they come", async () => {
    const at = await live();
    at.line.heard.item(event(9));
    at.line.heard.item({ __typename: "Expired", cursor: "c20", projects: ["p"] });
    at.line.heard.item(event(3));
    at.draw();
    expect(at.line.position.after).toBe("c3");
    expect(at.kinds()).toEqual(["c9", "c3"]);
    expect(at.batches[0]!.isReset).toBe(true);
  });

  test("after Expired lists the past as the server has it now, without the events before the hole", async () => {
    const at = await live();
    at.line.heard.item(event(9));
    at.line.heard.item(event(1, { project: "q", cursor: "q1" }));
    at.draw();
    at.past.push(event(40), event(41));
    at.line.heard.item({ __typename: "Expired", cursor: "c20", projects: ["p"] });
    at.line.heard.item(event(42));
    await at.settled();
    at.draw();
    expect(at.feed.recent.map((one) => one.cursor)).toEqual(["c40", "c41", "q1", "c42"]);
  });

  test("of a project that the key may not see says that it is refused, and asks no more", async () => {
    const at = scene();
    at.line.head = Object.assign(new Error("no"), { code: "FORBIDDEN" });
    at.feed.start(["p"]);
    await at.settled();
    expect(at.feed.state).toBe("refused");
    at.elapse();
    await at.settled();
    expect(at.asked).toHaveLength(1);
  });

  test("of another choice of projects hears nothing of the one before", async () => {
    const at = await live();
    const before = at.line.heard;
    at.feed.start(["q"]);
    await at.settled();
    expect(at.line.stopped).toBeGreaterThan(0);
    before.item(event(7));
    before.lost();
    at.draw();
    expect(at.kinds()).toEqual([]);
    expect(at.feed.state).toBe("connecting");
    expect(at.asked).toEqual([["p"], ["q"]]);
  });

  test("follows again behind its last event when the server ends the subscription", async () => {
    const at = await live();
    at.line.heard.item(event(1));
    at.line.heard.ended();
    expect(at.feed.state).toBe("offline");
    at.elapse();
    expect(at.heads).toEqual(["c0", "c1"]);
    at.line.head = "c2";
    at.line.heard.connected(false);
    await at.settled();
    expect(at.feed.state).toBe("catching up");
    at.line.heard.item(event(2));
    expect(at.feed.state).toBe("live");
    at.draw();
    expect(at.kinds()).toEqual(["c1", "c2"]);
  });

  test("asks again for its beginning while the server is away", async () => {
    const at = scene();
    at.line.head = new Error("away");
    at.feed.start(null);
    await at.settled();
    expect(at.feed.state).toBe("offline");
    at.line.head = "c5";
    at.elapse();
    await at.settled();
    expect(at.heads).toEqual(["c5"]);
  });

  test("knows some of what happened before, each event once, though views are told only of what is new", async () => {
    const at = scene();
    at.past.push(event(1), event(2), event(3));
    at.feed.start(null);
    await at.settled();
    at.line.heard.connected(false);
    at.line.heard.item(event(3));
    at.line.heard.item(event(4));
    at.draw();
    expect(at.feed.recent.map((one) => one.sequence)).toEqual([1, 2, 3, 4]);
    expect(at.kinds()).toEqual(["c3", "c4"]);
  });

  test("keeps a thousand events and no more", async () => {
    const at = await live();
    for (let sequence = 1; sequence <= 1_200; sequence += 1) at.line.heard.item(event(sequence));
    at.draw();
    expect(at.feed.recent).toHaveLength(1_000);
    expect(at.feed.recent[0]!.sequence).toBe(201);
    expect(at.feed.count).toBe(1_200);
  });
});
