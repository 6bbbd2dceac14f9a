// The board: pages and events together give what the server has, in whichever order they come.
import { describe, expect, test } from "vitest";
import type { FeedEvent } from "../live/events";
import { Board, type Page, type Source } from "./board";
import type { Card } from "./cards";
import type { BacklogStatus } from "./documents";

function card(id: string, more: Partial<Card> = {}): Card {
  const at = "2026-01-01T10:00:00Z";
  return { id, project: "p", title: id, status: "OPEN", priority: "MEDIUM", assignee: "", tags: [], targetVersion: "", openBlockers: 0, createdAt: at, updatedAt: at, ...more };
}

function event(one: Card, kind = "backlog.updated"): FeedEvent {
  const { id, project, title, assignee, tags, targetVersion, openBlockers } = one;
  const item = { id, title, assignee, tags, targetVersion, openBlockers, itemStatus: one.status, itemPriority: one.priority };
  return { __typename: "BacklogEvent", cursor: "c", sequence: 1, project, kind, at: one.updatedAt, actor: "ann", ...item } as FeedEvent;
}

/** A server whose answers wait to be let go. */
class Held implements Source {
  asked: { what: string; answer(page: Page): void; fail(error: Error): void }[] = [];
  cards = new Map<string, Card>();

  page(project: string, status: BacklogStatus, after: string | null): Promise<Page> {
    return new Promise((answer, fail) => this.asked.push({ what: `${project}/${status}/${after ?? ""}`, answer, fail }));
  }

  async card(id: string): Promise<Card> {
    const found = this.cards.get(id);
    if (!found) throw Object.assign(new Error("no such item"), { code: "NOT_FOUND" });
    return found;
  }

  async answer(what: string, nodes: Card[], next: string | null = null, total = nodes.length): Promise<void> {
    for (let tries = 0; tries < 50 && !this.asked.some((one) => one.what === what); tries++) {
      for (const one of this.asked.splice(0)) one.what === what ? this.asked.push(one) : one.answer({ nodes: [], total: 0, next: null });
      await settled();
    }
    const index = this.asked.findIndex((one) => one.what === what);
    this.asked.splice(index, 1)[0]!.answer({ nodes, total, next });
    await settled();
  }

  async answerTheRest(): Promise<void> {
    while (this.asked.length > 0) {
      for (const one of this.asked.splice(0)) one.answer({ nodes: [], total: 0, next: null });
      await settled();
    }
  }
}

async function settled(): Promise<void> {
  for (let turn = 0; turn < 20; turn++) await Promise.resolve();
}

function boardOf(source: Source, projects = ["p"]): Board {
  return new Board(source, projects, (_wait, work) => work());
}

const LATER = "2026-01-01T11:00:00Z";

describe("the board", () => {
  test("reads every page of the open columns and tells how many are still to come", async () => {
    const source = new Held();
    const board = boardOf(source);
    board.read();
    await source.answer("p/OPEN/", [card("a")], "c1", 2);
    expect(board.snapshot.columns.get("OPEN")).toEqual({ unread: 1, hasMore: true });
    await source.answer("p/OPEN/c1", [card("b")]);
    await source.answerTheRest();
    expect([...board.snapshot.cards.keys()]).toEqual(["a", "b"]);
    expect(board.snapshot.columns.get("OPEN")).toEqual({ unread: 0, hasMore: false });
    expect(board.snapshot.isRead).toBe(true);
  });

  test("a page that was read before an event does not undo it", async () => {
    const source = new Held();
    const board = boardOf(source);
    board.read();
    board.take([event(card("a", { title: "new", updatedAt: LATER }), "backlog.added")], false);
    await source.answer("p/OPEN/", [card("a", { title: "old" })]);
    expect(board.snapshot.cards.get("a")?.title).toBe("new");
  });

  test("an event older than what was read is not taken", async () => {
    const source = new Held();
    const board = boardOf(source);
    board.read();
    await source.answer("p/OPEN/", [card("a", { title: "new", updatedAt: LATER })]);
    board.take([event(card("a", { title: "old" }))], false);
    expect(board.snapshot.cards.get("a")?.title).toBe("new");
  });

  test("a card of which only an update is heard is asked for, once", async () => {
    const source = new Held();
    const board = boardOf(source);
    board.read();
    await source.answerTheRest();
    source.cards.set("z", card("z", { status: "RETEST", updatedAt: LATER }));
    board.take([event(card("z")), event(card("z"))], false);
    await settled();
    expect(board.snapshot.cards.get("z")?.status).toBe("RETEST");
  });

  test("a card that changes while it is asked for is asked for again", async () => {
    const source = new Held();
    const board = boardOf(source);
    board.read();
    await source.answerTheRest();
    source.cards.set("z", card("z"));
    board.take([event(card("z"))], false);
    source.cards.set("z", card("z", { title: "newer", updatedAt: LATER }));
    board.take([event(card("z", { title: "newer", updatedAt: LATER }))], false);
    await settled();
    expect(board.snapshot.cards.get("z")?.title).toBe("newer");
  });

  test("a card that went to another project leaves the board of the first", async () => {
    const source = new Held();
    const board = boardOf(source);
    board.read();
    await source.answer("p/OPEN/", [card("a")]);
    source.cards.set("a", card("a", { project: "q", updatedAt: LATER }));
    board.take([event(card("a", { updatedAt: LATER }), "backlog.moved")], false);
    await settled();
    expect(board.snapshot.cards.size).toBe(0);
  });

  test("after a lost connection what is gone goes, and what came meanwhile stays", async () => {
    const source = new Held();
    const board = boardOf(source);
    board.read();
    await source.answer("p/OPEN/", [card("a"), card("b")]);
    await source.answerTheRest();
    board.take([], true);
    board.take([event(card("c", { updatedAt: LATER }), "backlog.added")], false);
    await source.answer("p/OPEN/", [card("b")]);
    await source.answerTheRest();
    expect([...board.snapshot.cards.keys()].sort()).toEqual(["b", "c"]);
  });

  test("what could not be read because the server was away is read again", async () => {
    const source = new Held();
    const board = boardOf(source);
    board.read();
    source.asked.shift()!.fail(Object.assign(new Error("away"), { code: "OFFLINE" }));
    await settled();
    await source.answer("p/OPEN/", [card("a")]);
    await source.answerTheRest();
    expect(board.snapshot.error).toBeNull();
    expect(board.snapshot.isRead).toBe(true);
    expect([...board.snapshot.cards.keys()]).toEqual(["a"]);
  });

  test("answers of a run that was begun anew are dropped", async () => {
    const source = new Held();
    const board = boardOf(source);
    board.read();
    const [old] = source.asked.splice(0);
    board.read();
    old!.answer({ nodes: [card("old")], total: 1, next: null });
    await settled();
    expect(board.snapshot.cards.size).toBe(0);
  });

  test("a closed column is read only when it is wanted, and further only when asked", async () => {
    const source = new Held();
    const board = boardOf(source);
    board.read();
    await source.answerTheRest();
    board.withClosed(true);
    await source.answer("p/DONE/", [card("d", { status: "DONE" })], "c1", 250);
    expect(board.snapshot.columns.get("DONE")).toEqual({ unread: 249, hasMore: true });
    await source.answerTheRest();
    board.more("DONE");
    expect(source.asked.map((one) => one.what)).toEqual(["p/DONE/c1"]);
  });

  test("a project that comes is read beside the others, which stay; one that goes takes its cards along", async () => {
    const source = new Held();
    const board = boardOf(source);
    board.of(["p"]);
    board.read();
    await source.answer("p/OPEN/", [card("a")]);
    await source.answerTheRest();
    board.of(["p", "q"]);
    expect(board.snapshot.isRead).toBe(true);
    expect([...board.snapshot.cards.keys()]).toEqual(["a"]);
    expect(source.asked.every((one) => one.what.startsWith("q/"))).toBe(true);
    board.take([event(card("live", { project: "q" }), "backlog.added")], false);
    await source.answer("q/OPEN/", [card("b", { project: "q" })]);
    await source.answerTheRest();
    expect([...board.snapshot.cards.keys()]).toEqual(["a", "live", "b"]);
    board.of(["q"]);
    expect([...board.snapshot.cards.keys()]).toEqual(["live", "b"]);
    expect(source.asked).toEqual([]);
  });

  test("a failure is told, and reading again forgets it", async () => {
    const source = new Held();
    const board = boardOf(source);
    board.read();
    source.asked.shift()!.fail(new Error("away"));
    await settled();
    expect(board.snapshot.error?.message).toBe("away");
    board.read();
    await source.answerTheRest();
    expect(board.snapshot.error).toBe(null);
  });
});
