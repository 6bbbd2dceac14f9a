import { expect, test } from "vitest";
import { type Entry, entriesAfter, fitted, keysOf, linesOf, moveBehind, splitRecord } from "./edits";

const entries = (...texts: string[]) => texts.map((text, index) => ({ index, text }));

test("equal texts have keys of their own, and a key stays with its text", () => {
  expect(keysOf(entries("a", "b", "a"))).toEqual(["1:a", "1:b", "2:a"]);
  expect(keysOf(entries("b", "a"))).toEqual(["1:b", "1:a"]);
});

test("each edit gives the whole list as it is to be", () => {
  const list = entries("a", "b", "c");
  expect(entriesAfter(list, { does: "reword", index: 1, was: "b", text: "B" })).toEqual([{ index: 0 }, { index: 1, text: "B" }, { index: 2 }]);
  expect(entriesAfter(list, { does: "remove", index: 0, was: "a" })).toEqual([{ index: 1 }, { index: 2 }]);
  expect(entriesAfter(list, { does: "move", index: 2, was: "c", after: null })).toEqual([{ index: 2 }, { index: 0 }, { index: 1 }]);
  expect(entriesAfter(list, { does: "move", index: 0, was: "a", after: { index: 1, text: "b" } })).toEqual([{ index: 1 }, { index: 0 }, { index: 2 }]);
});

test("an edit follows its entry to where others moved it", () => {
  const edit = { does: "reword", index: 0, was: "a", text: "A" } as const;
  expect(fitted(edit, entries("new", "a"))).toEqual({ ...edit, index: 1 });
  expect(fitted(edit, entries("a", "new"))).toEqual(edit);
});

test("an edit of an entry that others reworded, removed or doubled does not fit", () => {
  const edit = { does: "remove", index: 0, was: "a" } as const;
  expect(fitted(edit, entries("other"))).toBeNull();
  expect(fitted(edit, [])).toBeNull();
  expect(fitted(edit, entries("x", "a", "a"))).toBeNull();
});

test("a move whose neighbour is gone does not fit", () => {
  const move = { does: "move", index: 0, was: "a", after: { index: 1, text: "b" } } as const;
  expect(fitted(move, entries("a", "c"))).toBeNull();
  expect(fitted(move, entries("c", "a", "b"))).toEqual({ ...move, index: 1, after: { index: 2, text: "b" } });
});

test("lines become entries, and a record is a project and a name that may hold slashes", () => {
  expect(linesOf(" a \n\n b")).toEqual(["a", "b"]);
  expect(splitRecord("shop/a/b")).toEqual(["shop", "a/b"]);
  expect(splitRecord("shop")).toEqual(["shop", ""]);
});

test("a move names its neighbour above, and one that changes nothing is none", () => {
  const [a, b, c] = entries("a", "b", "c") as [Entry, Entry, Entry];
  expect(moveBehind([a, b, c], a, c)).toEqual({ does: "move", index: 0, was: "a", after: { index: 2, text: "c" } });
  expect(moveBehind([a, b, c], c, null)).toEqual({ does: "move", index: 2, was: "c", after: null });
  expect([moveBehind([a, b, c], b, a), moveBehind([a, b, c], b, b), moveBehind([a, b, c], a, null)]).toEqual([null, null, null]);
});
