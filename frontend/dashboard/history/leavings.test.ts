import { expect, test } from "vitest";
import type { EndedFieldsFragment } from "./documents";
import { matching } from "./leavings";

const session = (agent: string, endedAt: string | null, more: Partial<EndedFieldsFragment> = {}): EndedFieldsFragment => ({
  id: agent, project: "shop", agent, status: "ENDED", task: "", createdAt: "2030-01-01T00:00:00Z", activeAt: "2030-01-01T08:00:00Z",
  endedAt, summary: "", handoff: "", learnings: "", filesModified: [], endedBy: "", endReason: "", ...more,
});

test("the latest ended come first; one that lapsed without an end counts from its last activity", () => {
  const all = [session("a", "2030-01-01T07:00:00Z"), session("b", null), session("c", "2030-01-01T09:00:00Z")];
  expect(matching(all, "").map(({ agent }) => agent)).toEqual(["c", "b", "a"]);
});

test("all words must occur, in whatever the session left", () => {
  const one = session("ann", "2030-01-01T07:00:00Z", { handoff: "Rounding is open", filesModified: ["src/cart.ts"] });
  expect(matching([one], "CART rounding")).toEqual([one]);
  expect(matching([one], "cart shipping")).toEqual([]);
});
