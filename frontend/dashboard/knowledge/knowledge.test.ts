import { expect, test } from "vitest";
import { filtersOf, passes, words } from "./filters";
import { stepsOf } from "./history";
import { linked, marked } from "./passage";

test("an address without filters asks for what holds", () => {
  expect(filtersOf(new URLSearchParams(""), true)).toEqual({ query: "", type: null, status: "ACTIVE", tag: "", isEverywhere: false });
});

test("an address's filters are read, and what it says wrongly is not", () => {
  const params = new URLSearchParams("q=cart&type=GOTCHA&status=any&tag=web&in=everywhere");
  expect(filtersOf(params, true)).toEqual({ query: "cart", type: "GOTCHA", status: null, tag: "web", isEverywhere: true });
  expect(filtersOf(new URLSearchParams("type=NONSENSE&status=nonsense"), true)).toMatchObject({ type: null, status: "ACTIVE" });
});

test("without a chosen project the search is everywhere", () => {
  expect(filtersOf(new URLSearchParams(""), false).isEverywhere).toBe(true);
});

test("a result passes by its status and its tag", () => {
  const found = { status: "ARCHIVED" as const, tags: ["web"] };
  expect(passes(found, { status: null, tag: "" })).toBe(true);
  expect(passes(found, { status: "ACTIVE", tag: "" })).toBe(false);
  expect(passes(found, { status: "ARCHIVED", tag: "api" })).toBe(false);
  expect(passes(found, { status: "ARCHIVED", tag: "web" })).toBe(true);
});

test("the words asked for are marked where a word begins, and signs mean nothing", () => {
  expect(marked("The Cart's carts, not a discart.", "cart (.*)")).toEqual([
    { text: "The " },
    { text: "Cart", isAsked: true },
    { text: "'s " },
    { text: "cart", isAsked: true },
    { text: "s, not a discart." },
  ]);
});

test("nothing is marked for a question of short words", () => {
  expect(marked("to be", "to be")).toEqual([{ text: "to be" }]);
});

test("the ids of documents in a text lead to them", () => {
  expect(linked("see doc_0123abcd, please")).toEqual([
    { text: "see " },
    { text: "doc_0123abcd", document: "doc_0123abcd" },
    { text: ", please" },
  ]);
});

test("the history of a document holds its own events only", () => {
  const event = { at: "2026-01-01T00:00:00Z", actor: "ann", status: "ARCHIVED" as const, reason: "old" };
  const events = [
    { ...event, sequence: 3, kind: "document.status_changed", ids: ["doc_1"] },
    { ...event, sequence: 2, kind: "document.archived", ids: ["doc_2", "doc_3"] },
    {},
  ];
  expect(stepsOf(events, "doc_1")).toMatchObject([{ key: "3", verb: "status changed", status: "ARCHIVED", reason: "old", actor: "ann" }]);
});

test("names of the schema are shown as words", () => {
  expect(words("CODE_SNIPPET")).toBe("code snippet");
});
