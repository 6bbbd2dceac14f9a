import { expect, test } from "vitest";
import type { Server } from "../live/ask";
import { parameterOf, type Registered, rowsOf, stateOf } from "./entries";
import { requeueAll } from "./read";

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

function failing(counts: Record<string, number>): Pick<Server, "mutate"> {
  const mutate = async (_document: unknown, variables: unknown) => {
    const { project } = (variables as { input: { project: string } }).input;
    const requeued = Math.min(200, counts[project]!);
    counts[project]! -= requeued;
    return { requeueFunctions: { requeued, failedCount: counts[project]! } };
  };
  return { mutate: mutate as Server["mutate"] };
}

test("all that were given up are queued anew step by step, project by project", async () => {
  expect(await requeueAll(failing({ p: 450, q: 1, r: 5 }), ["p", "q"])).toEqual({ requeued: 451, left: 0 });
});

test("more than 2,000 of a project are left for the next time", async () => {
  expect(await requeueAll(failing({ p: 2_300, q: 1 }), ["p", "q"])).toEqual({ requeued: 2_001, left: 300 });
});

test("what is not queued anew is not asked for without end", async () => {
  const stuck = { mutate: (async () => ({ requeueFunctions: { requeued: 0, failedCount: 7 } })) as unknown as Server["mutate"] };
  expect(await requeueAll(stuck, ["p"])).toEqual({ requeued: 0, left: 7 });
});
