// Filters, order, drafts and what is asked before a card is moved.
import { describe, expect, test } from "vitest";
import { type Card, columnsOf, filterOf, passes } from "./cards";
import { additionOf, type Draft, NEW, overtaken, shown, tagsOf, touched, updateOf } from "./draft";
import { giftOf, moveOf, questionOfGift, questionOfMove } from "./moves";

const AT = "2026-01-01T10:00:00Z";
const CARD: Card = { id: "itm_1", project: "p", title: "Price in cents", status: "OPEN", priority: "HIGH", assignee: "", tags: ["api"], targetVersion: "2.0", openBlockers: 0, createdAt: AT, updatedAt: AT };
const NONE = new Set<string>();

describe("cards", () => {
  test("stand in the order of the server: priority, then age", () => {
    const cards = [
      { ...CARD, id: "late", createdAt: "2026-01-02T10:00:00Z" },
      { ...CARD, id: "low", priority: "LOW" as const },
      { ...CARD, id: "early" },
      { ...CARD, id: "first", priority: "CRITICAL" as const },
    ];
    expect(columnsOf(cards, () => true).get("OPEN")!.map((card) => card.id)).toEqual(["first", "early", "late", "low"]);
  });

  test.each([
    ["assignee=-", true],
    ["assignee=ann", false],
    ["tag=api&priority=HIGH&milestone=2.0", true],
    ["priority=LOW", false],
    ["q=cents+API", true],
    ["q=cents+web", false],
    ["q=itm_1", true],
    ["q=1", false],
    ["only=ready", true],
    ["only=blocked", false],
    ["priority=nonsense", true],
  ])("pass by the address's %s: %s", (query, isShown) => {
    expect(passes(filterOf(new URLSearchParams(query)), NONE)(CARD)).toBe(isShown);
  });

  test("pass by what only the server finds", () => {
    expect(passes(filterOf(new URLSearchParams("q=description")), new Set(["itm_1"]))(CARD)).toBe(true);
  });
});

describe("a draft", () => {
  const item = { ...NEW, title: "old", assignee: "ann", tags: ["a"] };

  test("sends only what was touched, and nothing that was set back", () => {
    let draft: Draft = touched({}, item, "title", "new");
    draft = touched(draft, item, "priority", "LOW");
    draft = touched(draft, item, "priority", "MEDIUM");
    draft = touched(draft, item, "assignee", "");
    expect(updateOf("itm_1", draft, "why")).toEqual({ itemId: "itm_1", title: "new", assignedTo: "", reason: "why" });
  });

  test("shows what others change in fields that were not touched, and names those that were", () => {
    const draft = touched({}, item, "title", "mine");
    const now = { ...item, title: "theirs", assignee: "bob" };
    expect(shown(draft, now)).toMatchObject({ title: "mine", assignee: "bob" });
    expect(overtaken(draft, now)).toEqual(["title"]);
    expect(overtaken(draft, { ...item, title: "mine" })).toEqual([]);
  });

  test("of a new item leaves out what is empty", () => {
    expect(additionOf("p", { ...NEW, title: " A ", tags: tagsOf("x, ,y, x") })).toEqual({
      project: "p",
      title: "A",
      description: "A",
      priority: "MEDIUM",
      assignedTo: null,
      targetVersion: null,
      tags: ["x", "y"],
      blockedBy: null,
    });
  });
});

describe("moving a card", () => {
  test("asks nothing where it is nobody's, and for a reason where it is somebody's", () => {
    expect(questionOfMove(CARD, "RETEST")).toBe(null);
    expect(questionOfMove({ ...CARD, assignee: "ann" }, "RETEST")).toMatchObject({ reasonLabel: "Reason" });
    expect(questionOfMove(CARD, "DONE")).toMatchObject({ reasonLabel: "What was done" });
  });

  test("closes with a resolution, puts off with a reason, opens again by its status", () => {
    expect(moveOf(CARD, "WONT_DO", "no")).toEqual({ close: { itemId: "itm_1", resolution: "no", wontDo: true } });
    expect(moveOf(CARD, "DEFERRED", "later")).toEqual({ update: { itemId: "itm_1", status: "DEFERRED", deferredReason: "later", reason: "later" } });
    expect(moveOf({ ...CARD, status: "DONE" }, "WONT_DO", "no")).toEqual({ update: { itemId: "itm_1", status: "WONT_DO", reason: "no" } });
  });

  test("to another agent tells both", () => {
    expect(questionOfGift({ ...CARD, assignee: "ann" }, "bob").text).toContain("ann and bob");
    expect(giftOf(CARD, "bob", true, "free")).toEqual({ itemId: "itm_1", assignedTo: "bob", status: "IN_PROGRESS", reason: "free" });
  });
});
