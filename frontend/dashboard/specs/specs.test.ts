import { expect, test } from "vitest";
import { rowsOf } from "./schema";
import { chosenVersions, passes } from "./versions";

test("a schema is a row for each part, with the way to it", () => {
  const schema = {
    type: "object",
    required: ["id"],
    properties: {
      id: { type: "string", format: "uuid", description: "Of the order." },
      lines: { type: "array", items: { type: "object", properties: { price: { type: ["integer", "null"], minimum: 0 } } } },
      state: { enum: ["open", "paid"] },
    },
  };
  expect(rowsOf(schema)).toEqual([
    { path: "id", type: "string", isRequired: true, says: 'Of the order. · format "uuid"' },
    { path: "lines", type: "object[]", isRequired: false, says: "" },
    { path: "lines[].price", type: "integer | null", isRequired: false, says: "minimum 0" },
    { path: "state", type: "enum", isRequired: false, says: 'one of "open", "paid"' },
  ]);
});

test("what is no schema has no rows", () => {
  expect(rowsOf(null)).toEqual([]);
  expect(rowsOf({ properties: [1] })).toEqual([]);
});

const versions = ["2.0.0", "1.1.0", "1.0.0"];

test("unless others are named the newest version is compared with the one before", () => {
  expect(chosenVersions(versions, null, null)).toEqual({ from: "1.1.0", to: "2.0.0" });
  expect(chosenVersions(versions, null, "1.1.0")).toEqual({ from: "1.0.0", to: "1.1.0" });
});

test("any two versions may be named, and one that is not there is not", () => {
  expect(chosenVersions(versions, "1.0.0", null)).toEqual({ from: "1.0.0", to: "2.0.0" });
  expect(chosenVersions(versions, "9.9.9", "nonsense")).toEqual({ from: "1.1.0", to: "2.0.0" });
});

test("a spec of one version is compared with nothing", () => {
  expect(chosenVersions(["1.0.0"], null, null)).toEqual({ from: null, to: "1.0.0" });
});

test("specs are chosen by their type and by words in their name, owner and tags", () => {
  const spec = { name: "Payment API", specType: "interface", owner: "ann", tags: ["web"], project: "p" };
  expect(passes(spec, "pay web", "")).toBe(true);
  expect(passes(spec, "ann", "interface")).toBe(true);
  expect(passes(spec, "bob", "")).toBe(false);
  expect(passes(spec, "", "state")).toBe(false);
});
