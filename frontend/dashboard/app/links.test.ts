import { expect, test } from "vitest";
import { addressOf } from "./links";

test("an address keeps the chosen project unless it names another", () => {
  expect(addressOf("now", "", "?project=a")).toBe("/now?project=a");
  expect(addressOf("now", "", "?project=a", "b")).toBe("/now?project=b");
  expect(addressOf("now", "", "?project=a", null)).toBe("/now");
});

test("a record's name may hold anything", () => {
  expect(addressOf("specs", "p/what? 100%", "")).toBe("/specs/p/what%3F%20100%25");
});
