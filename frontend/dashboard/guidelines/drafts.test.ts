import { expect, test } from "vitest";
import { byScope, clashOf, creditOf, draftOf, type Guideline, writesOf } from "./drafts";

const one = (scope: string, name: string, priority = 50, updatedAt = "t1"): Guideline => ({
  scope, name, priority, updatedAt, rule: "be kind", createdBy: "ann", createdAt: "t0", updatedBy: "",
});

test("global guidelines come first, then projects, each by priority", () => {
  const all = [one("b", "x"), one("global", "late", 90), one("a", "y"), one("global", "early", 1)];
  expect(byScope(all, null).map(([scope, list]) => [scope, list.map(({ name }) => name)])).toEqual([
    ["global", ["early", "late"]], ["a", ["y"]], ["b", ["x"]],
  ]);
});

test("with a project chosen, only it and the global ones are shown, be they empty", () => {
  expect(byScope([one("b", "x")], "a").map(([scope, list]) => [scope, list.length])).toEqual([["global", 0], ["a", 0]]);
});

test("an edit clashes with a change and with a deletion, not with its own base", () => {
  const base = one("a", "x");
  const draft = draftOf(base);
  expect(clashOf(draft, [base])).toBeNull();
  const now = one("a", "x", 50, "t2");
  expect(clashOf(draft, [now])).toEqual({ is: "changed", now });
  expect(clashOf(draft, [])).toEqual({ is: "deleted" });
});

test("a new name that is taken in the scope clashes with the one that has it", () => {
  const there = one("a", "y");
  expect(clashOf({ ...draftOf(one("a", "x")), name: " y" }, [one("a", "x"), there])).toEqual({ is: "taken", now: there });
  expect(clashOf({ base: null, scope: "a", name: "y", rule: "r", priority: 1 }, [there])).toEqual({ is: "taken", now: there });
});

const at = (updatedAt: string) => one("a", "x", 50, updatedAt);

test("an edit in place writes over what was read, and over what the person has seen it become", () => {
  const draft = { ...draftOf(at("t1")), rule: "be kinder" };
  expect(writesOf(draft, null)).toEqual({ set: { name: "x", scope: "a", rule: "be kinder", priority: 50, updatedAt: "t1" }, remove: null });
  expect(writesOf(draft, { is: "changed", now: at("t2") }).set.updatedAt).toBe("t2");
});

test("what others deleted is set again as a new one", () => {
  expect(writesOf(draftOf(at("t1")), { is: "deleted" })).toMatchObject({ set: { updatedAt: null }, remove: null });
  expect(writesOf({ ...draftOf(at("t1")), name: "y" }, { is: "deleted" })).toMatchObject({ set: { name: "y", updatedAt: null }, remove: null });
});

test("a renamed one is removed as it was last seen", () => {
  const draft = { ...draftOf(at("t1")), name: " y " };
  const remove = { name: "x", scope: "a", updatedAt: "t1" };
  expect(writesOf(draft, null)).toMatchObject({ set: { name: "y", updatedAt: null }, remove });
  expect(writesOf(draft, { is: "changed", now: at("t2") })).toMatchObject({ set: { updatedAt: null }, remove: { ...remove, updatedAt: "t2" } });
  expect(writesOf(draft, { is: "taken", now: one("a", "y", 50, "t3") })).toMatchObject({ set: { updatedAt: "t3" }, remove });
});

test("who changed it last stands beside who wrote it; a guideline of before tells only its author", () => {
  expect(creditOf({ ...one("a", "x"), updatedBy: "bob" })).toBe("by ann, changed by bob");
  expect(creditOf({ ...one("a", "x"), updatedBy: "ann" })).toBe("by ann, changed");
  expect(creditOf(one("a", "x"))).toBe("by ann, changed");
  expect(creditOf({ ...one("a", "x", 50, "t0"), updatedBy: "ann" })).toBe("by ann,");
});
