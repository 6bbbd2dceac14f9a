import { expect, test } from "vitest";
import { addedUp, contested, EVENT_SERIES, groupOfKind, namedBelow, saidOf, spanOf, SPANS, took, totalsOf, whenOf } from "./figures";

const bucket = (startsAt: string, counts: Record<string, number>) => ({
  startsAt,
  counts: Object.entries(counts).map(([name, count]) => ({ name, count })),
});
const NINE = "2030-01-01T09:00:00Z";
const TEN = "2030-01-01T10:00:00Z";

test("the same hour of several projects is one bar, in the order of time", () => {
  const bars = addedUp([[bucket(NINE, { "lock.granted": 2 }), bucket(TEN, {})], [bucket(NINE, { "lock.released": 1, "message.sent": 4 })]], groupOfKind);
  expect(bars).toEqual([
    { key: NINE, counts: { locks: 3, messages: 4 }, total: 7 },
    { key: TEN, counts: {}, total: 0 },
  ]);
});

test("a kind that no group has is counted as other", () => {
  expect([groupOfKind("lock.granted"), groupOfKind("project.created"), groupOfKind("…")]).toEqual(["locks", "other", "other"]);
  expect(EVENT_SERIES.at(-1)?.id).toBe("other");
});

test("totals over all bars, the most frequent first", () => {
  const bars = addedUp([[bucket(NINE, { info: 1, task: 2 }), bucket(TEN, { info: 5 })]], (name) => name);
  expect(totalsOf(bars).map(({ key, total }) => [key, total])).toEqual([["info", 6], ["task", 2]]);
});

test("paths of several projects are told apart and ranked together", () => {
  const path = (name: string, total: number) => ({ path: name, refusals: total, waits: 0, takeovers: 0, total });
  const several = contested([{ project: "a", paths: [path("x.py", 1)] }, { project: "b", paths: [path("x.py", 3), path("y.py", 2)] }], 2);
  expect(several.map(({ key }) => key)).toEqual(["b: x.py", "b: y.py"]);
  expect(contested([{ project: "a", paths: [path("x.py", 1)] }], 5)[0]?.key).toBe("x.py");
});

test("an unknown span is a day, and no span asks for more than the server gives", () => {
  expect(spanOf("nonsense").id).toBe("24h");
  expect(spanOf("90d").unit).toBe("DAY");
  expect(SPANS.every(({ last }) => last <= 400)).toBe(true);
});

test("counts, days and lengths of time are said in words", () => {
  expect(saidOf({ key: NINE, counts: { messages: 4, locks: 3 }, total: 7 }, EVENT_SERIES)).toBe("7: Messages 4, Locks 3");
  expect(saidOf({ key: NINE, counts: {}, total: 0 }, EVENT_SERIES)).toBe("0");
  expect(whenOf("2030-01-31T00:00:00Z", "DAY")).toMatch(/31/);
  expect([took(0.42), took(12.3), took(1_250), took(61_000)]).toEqual(["0.4 ms", "12 ms", "1.3 s", "61 s"]);
});

test("the buckets named below a chart are round hours, not more than there is room for", () => {
  const bars = Array.from({ length: 168 }, (_, hour) => ({ key: new Date(2026, 2, 2, hour + 5).toISOString(), counts: {}, total: 0 }));
  const hoursOf = (most: number) => namedBelow(bars, "HOUR", most).map(({ index }) => new Date(bars[index]!.key).getHours());
  expect(new Set(hoursOf(16))).toEqual(new Set([0, 12]));
  expect(new Set(hoursOf(30))).toEqual(new Set([0, 6, 12, 18]));
  for (const most of [2, 3, 5, 9, 20, 50]) expect(hoursOf(most).length).toBeLessThanOrEqual(most + 1);
  expect(namedBelow(bars.slice(0, 30), "DAY", 10).map(({ index }) => index)).toEqual([0, 3, 6, 9, 12, 15, 18, 21, 24, 27]);
});
