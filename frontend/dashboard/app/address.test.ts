import { expect, test } from "vitest";
import { recordOf } from "./address";
import { addressOf } from "./links";

test("a record's address leads back to its name, whatever stands in it", () => {
  for (const name of ["p/coverage 100%", "p/50%25", "p/a%20b", "p/what? #1 & +2", "p/ünï/côde", "doc_1", ""]) {
    expect(recordOf(addressOf("specs", name, ""))).toBe(name);
  }
});

test("an address that is not encoded as it should be names what it says", () => {
  expect(recordOf("/knowledge/%E0%A4%A")).toBe("%E0%A4%A");
  expect(recordOf("/specs/p/100%")).toBe("p/100%");
  expect(recordOf("/now/")).toBe("");
});
