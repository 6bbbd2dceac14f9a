import { expect, test } from "vitest";
import { sizeOf, withNewest, withOlder, wordsOf } from "./figures";

const log = (ids: string, next: string | null) => ({ entries: [...ids].map((id) => ({ id })), next });
const ids = (known: { entries: readonly { id: string }[] }) => known.entries.map(({ id }) => id).join("");

test("sizes are said in the unit that fits", () => {
  expect([wordsOf("BacklogItem"), wordsOf("Key")]).toEqual(["Backlog item", "Key"]);
  expect([sizeOf(0), sizeOf(999), sizeOf(1_234_567), sizeOf(250_000)]).toEqual(["0 B", "999 B", "1.2 MB", "250 kB"]);
});

test("new entries come before those known, each once, and older pages behind", () => {
  const known = withOlder(log("dc", "2"), log("cb", "3"));
  expect(ids(known)).toBe("dcb");
  const newer = withNewest(known, log("fed", "9"));
  expect(ids(newer)).toBe("fedcb");
  expect(newer.next).toBe("3");
});

test("where more is new than a page holds, the log begins anew instead of having a gap", () => {
  expect(withNewest(log("dcb", "3"), log("zyx", "9"))).toEqual(log("zyx", "9"));
});

test("a page that is the whole log replaces what was known", () => {
  expect(withNewest(log("b", "1"), log("cba", null))).toEqual(log("cba", null));
  expect(withNewest(null, log("a", null))).toEqual(log("a", null));
});
