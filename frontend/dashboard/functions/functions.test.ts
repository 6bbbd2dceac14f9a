import { expect, test } from "vitest";
import { parameterOf, type Registered, rowsOf, stateOf } from "./entries";

const entry = (id: string, file: string, more: Partial<Registered> = {}): Registered => ({
  id,
  project: "p",
  name: id,
  file,
  line: 1,
  purpose: "",
  queue: "PENDING",
  isEnriched: false,
  isOutOfDate: false,
  leaseHolder: "",
  leaseUntil: null,
  attempts: 0,
  failure: "",
  queuedAt: null,
  ...more,
});

test("each file is a heading with how many functions it has and how many are enriched", () => {
  const rows = rowsOf([entry("a", "x.py", { isEnriched: true }), entry("b", "x.py"), entry("c", "y.py"), entry("d", "y.py", { project: "q" })]);
  expect(rows.map((row) => (row.is === "file" ? `${row.project} ${row.file} ${row.enriched}/${row.count}` : row.entry.id))).toEqual([
    "p x.py 1/2",
    "a",
    "b",
    "p y.py 0/1",
    "c",
    "q y.py 0/1",
    "d",
  ]);
});

test("where a function stands: what is under way or wrong is said before what is done", () => {
  expect(stateOf(entry("a", "x"))).toEqual(["waits", "plain"]);
  expect(stateOf(entry("a", "x", { queue: "LEASED", leaseHolder: "lib", isEnriched: true }))).toEqual(["with lib", "busy"]);
  expect(stateOf(entry("a", "x", { queue: "FAILED" }))).toEqual(["given up", "bad"]);
  expect(stateOf(entry("a", "x", { queue: "DONE", isEnriched: true }))).toEqual(["enriched", "good"]);
  expect(stateOf(entry("a", "x", { isEnriched: true, isOutOfDate: true }))).toEqual(["code has changed", "warn"]);
});

test("a parameter is shown whatever a librarian wrote", () => {
  expect(parameterOf({ name: "item", type: "Item", description: "what", default: 1 })).toEqual({ name: "item", type: "Item", says: "what · default: 1" });
  expect(parameterOf("item")).toEqual({ name: "item", type: "", says: "" });
  expect(parameterOf({ name: { odd: true } })).toMatchObject({ name: '{"odd":true}' });
});
