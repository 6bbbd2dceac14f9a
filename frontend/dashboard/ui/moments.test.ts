import { expect, test } from "vitest";
import { ago, lasting, span } from "./moments";

const AT = "2026-01-01T12:00:00Z";
const NOW = Date.parse(AT);

test.each([
  [0, "now"],
  [4, "now"],
  [5, "5 s ago"],
  [59, "59 s ago"],
  [60, "1 min ago"],
  [3_599, "59 min ago"],
  [3_600, "1 h ago"],
  [86_399, "23 h ago"],
  [86_400, "1 d ago"],
])("a time %i seconds back reads %s", (seconds, text) => expect(ago(AT, NOW + seconds * 1000)).toBe(text));

test("what lasts is told by how long it has lasted", () => {
  expect([0, 41, 60, 7_200].map((seconds) => lasting(AT, NOW + seconds * 1000))).toEqual(["just now", "for 41 s", "for 1 min", "for 2 h"]);
  expect(lasting("no time", NOW)).toBe("");
});

test("a time that seems to lie ahead is now, and what is no time is nothing", () => {
  expect(ago(AT, NOW - 60_000)).toBe("now");
  expect(ago("soon", NOW)).toBe("");
});

test("a length is never below nothing", () => expect(span(-3)).toBe("0 s"));
