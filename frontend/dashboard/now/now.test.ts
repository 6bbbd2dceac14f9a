import { describe, expect, test } from "vitest";
import type { FeedEvent } from "../live/events";
import type { NowProjectQuery } from "./documents";
import { beatsAfter, peopleOf } from "./people";
import { rowsOf, stepOf } from "./rows";
import { locksFor, onlyOf, peopleFor } from "./scope";
import { laterOf, seenAfter } from "./seen";
import { chosen, folded, perMinute, says } from "./told";
import { type HeldLock, type Node, treeOf } from "./tree";
import { isInTheWay, stillWaiting, waitingAt, waitsOf, waitText } from "./waiters";

const AT = "2026-01-01T12:00:00Z";
const CLOCK = Date.parse(AT);

function lock(path: string, holder = "ann"): HeldLock {
  return { path, holder, reason: "", since: AT, fence: 1, stale: false };
}

function drawn(nodes: readonly Node[], depth = 0): string[] {
  return nodes.flatMap((node) => [`${"  ".repeat(depth)}${node.name}${node.lock ? ` ${node.lock.holder}` : ` (${node.count})`}`, ...drawn(node.children, depth + 1)]);
}

function event(more: Record<string, unknown>): FeedEvent {
  return { __typename: "OtherEvent", cursor: "", sequence: 1, project: "p", kind: "", at: AT, actor: "ann", subject: "", data: {}, ...more } as FeedEvent;
}

describe("the tree of locks", () => {
  test("joins folders that hold one thing and keeps a locked folder above what is in it", () => {
    const nodes = treeOf([lock("web/src/pay/card.ts"), lock("README.md", "bob"), lock("api/"), lock("web/src/cart.ts")]);
    expect(drawn(nodes)).toEqual(["api/ ann", "README.md bob", "web/src/ (2)", "  cart.ts ann", "  pay/card.ts ann"]);
  });

  test("names each place by its whole path, so that two files of one name are two", () => {
    const ids = (nodes: readonly Node[]): string[] => nodes.flatMap((node) => [node.id, ...ids(node.children)]);
    const all = ids(treeOf([lock("a/x.py"), lock("a/b/x.py"), lock("x.py"), lock("a/b/")]));
    expect(new Set(all).size).toBe(all.length);
    expect(all).toContain("a/b/x.py");
  });

  test("stands as a person counts", () => {
    expect(treeOf(["src/file10.py", "src/file2.py", "a10/x", "a9/x", "src/File2.py"].map((path) => lock(path))).map(({ name, children }) => [name, ...children.map((one) => one.name)])).toEqual([
      ["a9/x"],
      ["a10/x"],
      ["src/", "file2.py", "File2.py", "file10.py"],
    ]);
  });

  test("of no locks is empty", () => expect(treeOf([])).toEqual([]));
});

describe("the rows of the tree", () => {
  const nodes = treeOf([lock("api/a.py"), lock("api/b.py"), lock("docs/x.md"), lock("web/cart.ts"), lock("web/")]);
  const open = rowsOf(nodes, () => true);
  const shut = rowsOf(nodes, (id) => id !== "api/");

  test("are those of open folders, each with its level and its place among its siblings", () => {
    const drawnRows = open.map(({ node, level, place, siblings }) => [node.id, level, place, siblings]);
    expect(drawnRows).toEqual([
      ["api/", 1, 1, 3],
      ["api/a.py", 2, 1, 2],
      ["api/b.py", 2, 2, 2],
      ["docs/x.md", 1, 2, 3],
      ["web/", 1, 3, 3],
      ["web/cart.ts", 2, 1, 1],
    ]);
    expect(shut.map((row) => row.node.id)).toEqual(["api/", "docs/x.md", "web/", "web/cart.ts"]);
  });

  test("are walked by arrows, home and end, and not beyond the first and the last", () => {
    expect(stepOf("ArrowDown", 0, open)).toEqual({ to: 1 });
    expect(stepOf("ArrowUp", 1, open)).toEqual({ to: 0 });
    expect(stepOf("ArrowUp", 0, open)).toBeNull();
    expect(stepOf("ArrowDown", 5, open)).toBeNull();
    expect(stepOf("End", 0, open)).toEqual({ to: 5 });
    expect(stepOf("Home", 5, open)).toEqual({ to: 0 });
  });

  test("open to the right and close to the left; a file leads to what can be done with it, and back to its folder", () => {
    expect(stepOf("ArrowRight", 0, shut)).toEqual({ turn: "api/" });
    expect(stepOf("ArrowRight", 0, open)).toEqual({ to: 1 });
    expect(stepOf("ArrowRight", 1, open)).toEqual({ act: true });
    expect(stepOf("ArrowLeft", 2, open)).toEqual({ to: 0 });
    expect(stepOf("ArrowLeft", 0, open)).toEqual({ turn: "api/" });
    expect(stepOf("ArrowLeft", 3, open)).toBeNull();
    expect(stepOf("Enter", 4, open)).toEqual({ turn: "web/" });
  });

  test("are found by the letter with which they begin, the next one first", () => {
    expect(stepOf("a", 0, open)).toEqual({ to: 1 });
    expect(stepOf("a", 1, open)).toEqual({ to: 0 });
    expect(stepOf("D", 5, open)).toEqual({ to: 3 });
    expect(stepOf("q", 0, open)).toBeNull();
  });
});

describe("waiters", () => {
  const waits = (agent: string, paths: string[], expiresAt = "2026-01-01T12:00:30Z") => ({ id: agent, agent, paths, reason: "", since: AT, expiresAt });

  test("stand at a lock on the same path, on a folder around it, or within it, in the order in which they came", () => {
    const all = [waits("ann", ["src/a.py"]), waits("bob", ["b.py", "src/"]), waits("cy", ["src/a"]), waits("dan", ["src/b.py"])];
    expect(waitingAt("src/a.py", all).map((waiter) => waiter.agent)).toEqual(["ann", "bob"]);
    expect(waitingAt("src/", all).map((waiter) => waiter.agent)).toEqual(["ann", "bob", "cy", "dan"]);
    expect(waitingAt("c.py", all)).toEqual([]);
  });

  test("who have given up by the clock are not shown", () => {
    const all = [waits("ann", ["a"]), waits("bob", ["a"], "2026-01-01T12:00:00Z")];
    expect(stillWaiting(all, CLOCK).map((waiter) => waiter.agent)).toEqual(["ann"]);
  });
});

describe("what an agent waits for", () => {
  const waits = (agent: string, ...paths: string[]) => ({ id: agent, agent, paths, reason: "", since: AT, expiresAt: "2026-01-01T12:00:30Z" });
  const locks = [lock("src/pool.py"), lock("src/mine.py", "bob"), lock("docs/", "cy"), lock("free.py", "bob")];

  test("is told with who holds it; its own and what nobody holds are left out", () => {
    const waiting = waitsOf("bob", [waits("bob", "src/pool.py", "src/mine.py", "docs/a.md", "free.py"), waits("eva", "other.py")], locks);
    expect(waiting).toEqual([{ path: "src/pool.py", holders: ["ann"] }, { path: "docs/a.md", holders: ["cy"] }]);
    expect(waitText(waiting)).toBe("ann: src/pool.py; cy: docs/a.md");
    expect(locks.filter((one) => isInTheWay(one, waiting)).map((one) => one.path)).toEqual(["src/pool.py", "docs/"]);
  });

  test("is told though nobody holds it, and cut where it is long", () => {
    expect(waitText(waitsOf("bob", [waits("bob", "x.py")], locks))).toBe("x.py");
    expect(waitText(waitsOf("bob", [waits("bob", "a", "b", "c", "d")], ["a", "b", "c", "d"].map((path) => lock(path))))).toBe("ann: a, b, c and 1 more");
    expect(waitsOf("ann", [waits("bob", "x.py")], locks)).toEqual([]);
  });
});

describe("people", () => {
  const session = (agent: string, activeAt: string) => ({ id: `ses_${agent}`, agent, task: `${agent}'s task`, spawnedBy: "", createdAt: AT, activeAt });
  const now = (more: Partial<NowProjectQuery> = {}) =>
    ({ sessions: { nodes: [] }, agentStatuses: { nodes: [] }, agents: { nodes: [] }, activeWork: { currentlyActive: [] }, lockWaiters: { nodes: [] }, locks: { nodes: [] }, ...more }) as unknown as NowProjectQuery;
  const beat = (agent: string, state: string, at: string, project = "p") =>
    event({ __typename: "HeartbeatEvent", project, agent, agentState: state, currentTask: `${state} task`, heartbeatAt: at });

  test("of whom nothing was heard for five minutes are quiet, without a session away", () => {
    const given = now({
      sessions: { nodes: [session("ann", AT), session("bob", "2026-01-01T11:50:00Z")] } as never,
      agents: { nodes: [{ name: "cy", lastSeenAt: AT, lastTask: "old", tier: "NAMED", roleDescription: "", sessionCount: 1 }] } as never,
    });
    expect(peopleOf("p", given, {}, CLOCK).map((one) => [one.name, one.presence])).toEqual([["ann", "active"], ["bob", "quiet"], ["cy", "away"]]);
  });

  test("who are silent with locks are in trouble and stand first; without they are not", () => {
    const given = now({
      sessions: { nodes: [session("ann", AT), session("bob", "2026-01-01T11:50:00Z"), session("cy", "2026-01-01T11:50:00Z")] } as never,
      locks: { nodes: [lock("a.py", "cy"), lock("b.py", "ann")] } as never,
    });
    expect(peopleOf("p", given, {}, CLOCK).map((one) => [one.name, one.trouble, one.held])).toEqual([
      ["cy", "silent, but still holds a lock", ["a.py"]],
      ["ann", "", ["b.py"]],
      ["bob", "", []],
    ]);
  });

  test("were last seen when their newest event came, though the server has not noted it yet", () => {
    const given = now({ sessions: { nodes: [session("ann", "2026-01-01T11:50:00Z"), session("bob", "2026-01-01T11:50:00Z")] } as never });
    const seen = seenAfter({}, [event({ at: "2026-01-01T11:59:50Z" }), event({ at: "2026-01-01T11:58:00Z" }), event({ project: "q", actor: "bob" })]);
    expect(peopleOf("p", given, {}, CLOCK, seen).map((one) => [one.name, one.presence, one.seenAt])).toEqual([
      ["ann", "active", "2026-01-01T11:59:50Z"],
      ["bob", "quiet", "2026-01-01T11:50:00Z"],
    ]);
  });

  test("seen again within some seconds change nothing, and the later of two times counts", () => {
    const seen = seenAfter({}, [event({})]);
    expect(seenAfter(seen, [event({ at: "2026-01-01T12:00:04Z" })])).toBe(seen);
    expect(seenAfter(seen, [event({ at: "2026-01-01T12:00:05Z" })])).toEqual({ "p/ann": "2026-01-01T12:00:05Z" });
    expect(laterOf(seen, { "p/ann": "2026-01-01T11:00:00Z", "p/bob": AT })).toEqual({ "p/ann": AT, "p/bob": AT });
  });

  test("and locks are narrowed to those in trouble, those who wait, and stale locks", () => {
    const locks = [lock("a.py"), { ...lock("b.py", "bob"), stale: true }, lock("c.py", "cy")];
    const waiters = [{ id: "v", agent: "cy", paths: ["b.py"], reason: "", since: AT, expiresAt: "2026-01-01T12:00:30Z" }, { id: "w", agent: "bob", paths: ["a.py"], reason: "", since: AT, expiresAt: "2026-01-01T12:00:30Z" }];
    const given = now({
      sessions: { nodes: [session("ann", AT), session("bob", AT), session("cy", "2026-01-01T11:50:00Z")] } as never,
      locks: { nodes: locks } as never,
      lockWaiters: { nodes: waiters } as never,
    });
    const people = peopleOf("p", given, {}, CLOCK);
    const held = { project: "p", locks, waiters };
    const left = (only: string) => [peopleFor(onlyOf(only), people, [held]).map((one) => one.name), locksFor(onlyOf(only), held, people).map((one) => one.path)];
    expect(left("trouble")).toEqual([["cy"], ["b.py", "c.py"]]);
    expect(left("waiting")).toEqual([["cy", "bob"], ["a.py", "b.py"]]);
    expect(left("stale")).toEqual([["bob"], ["b.py"]]);
    expect(left("nonsense")).toEqual([["cy", "ann", "bob"], ["a.py", "b.py", "c.py"]]);
    expect(onlyOf("toString")).toBe("");
  });

  test("are as the newest heartbeat says, whichever way it came", () => {
    const given = now({
      sessions: { nodes: [session("ann", AT)] } as never,
      agentStatuses: { nodes: [{ agent: "ann", status: "IDLE", currentTask: "read", heartbeatAt: AT }] } as never,
    });
    const newer = beatsAfter({}, [beat("ann", "ERROR", "2026-01-01T12:00:09Z")]);
    const older = beatsAfter({}, [beat("ann", "ERROR", "2026-01-01T11:59:09Z")]);
    expect(peopleOf("p", given, newer, CLOCK)[0]).toMatchObject({ presence: "error", task: "ERROR task" });
    expect(peopleOf("p", given, older, CLOCK)[0]).toMatchObject({ presence: "idle", task: "read" });
  });

  test("of one name in two projects are two people", () => {
    const beats = beatsAfter({}, [beat("ann", "BUSY", AT, "q")]);
    const given = now({ sessions: { nodes: [session("ann", AT)] } as never });
    expect(peopleOf("p", given, beats, CLOCK)[0]!.presence).toBe("active");
    expect(peopleOf("q", given, beats, CLOCK)[0]!.presence).toBe("busy");
  });

  test("keep the newer of two heartbeats that come in the wrong order", () => {
    const beats = beatsAfter({}, [beat("ann", "BUSY", "2026-01-01T12:00:02Z"), beat("ann", "IDLE", AT)]);
    expect(Object.values(beats).map((one) => one.status)).toEqual(["BUSY"]);
  });
});

describe("the stream", () => {
  const granted = event({ __typename: "LockEvent", kind: "lock.granted", sequence: 1, locks: [{ path: "src/a.py", agent: "ann", reason: "fix" }], displaced: [], forcedFor: "" });
  const said = event({ __typename: "MessageEvent", kind: "message.sent", sequence: 2, actor: "bob", to: ["ann"], text: "Hello", isBroadcast: false });

  test("shows the newest first, and only what passes each filter", () => {
    const all = { groups: new Set<string>(), text: "", actor: "" };
    expect(chosen([granted, said], all)).toEqual([said, granted]);
    expect(chosen([granted, said], { ...all, groups: new Set(["locks"]) })).toEqual([granted]);
    expect(chosen([granted, said], { ...all, text: "HELLO bob" })).toEqual([said]);
    expect(chosen([granted, said], { ...all, actor: "p/ann" })).toEqual([granted]);
  });

  test("that say the same one after the other are one line, which stays that line while it grows", () => {
    const delivered = (sequence: number, actor = "ann") => event({ __typename: "MessageEvent", kind: "message.status_changed", sequence, actor, recipient: actor, deliveryStatus: "DELIVERED" });
    const lines = folded([delivered(5, "bob"), delivered(4), delivered(3), delivered(2, "bob")]);
    expect(lines.map(({ event: { sequence }, text, times }) => [sequence, text, times])).toEqual([
      [5, "message delivered for bob", 1],
      [4, "message delivered for ann", 2],
      [2, "message delivered for bob", 1],
    ]);
    expect(folded([delivered(4), delivered(3)])[0]!.key).toBe(folded([delivered(3)])[0]!.key);
  });

  test("says what happened in a line", () => {
    expect(says(granted)).toBe("granted src/a.py: fix");
    expect(says(said)).toBe("to ann: Hello");
    expect(says({ ...said, text: "all \u202Ewell\u202C" } as FeedEvent)).toBe("to ann: all [U+202E]well[U+202C]");
    expect(says(event({ kind: "lock.waiting", data: { paths: ["a", "b"] } }))).toBe("waits for a, b");
    expect(says(event({ kind: "guideline.set", subject: "tests" }))).toBe("set tests");
  });

  test("counts what is at most a minute old", () => {
    const old = event({ at: "2026-01-01T11:58:00Z" });
    expect(perMinute([old, granted, said], CLOCK)).toBe(2);
    expect(perMinute([old, granted, said], CLOCK, "p/bob")).toBe(1);
  });
});
