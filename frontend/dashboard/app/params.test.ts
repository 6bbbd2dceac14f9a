import { expect, test } from "vitest";
import { addressWith } from "./params";

test("an address keeps the parameters that nothing changes", () => {
  expect(addressWith("knowledge", "doc_1", "project=p&q=a+b")).toBe("/knowledge/doc_1?project=p&q=a+b");
});

test("an empty value takes its parameter away", () => {
  expect(addressWith("specs", "", "project=p&from=1.0.0", { from: null, type: "" })).toBe("/specs?project=p");
});

test("a record's path keeps its slashes and escapes the rest", () => {
  expect(addressWith("specs", "p/state: a?b", "", { from: "1.0.0" })).toBe("/specs/p/state%3A%20a%3Fb?from=1.0.0");
});
