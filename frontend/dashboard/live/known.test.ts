import { expect, test } from "vitest";
import { Known } from "./known";

test("the answers asked for last stay known, the oldest go", () => {
  const known = new Known();
  for (let key = 0; key < 300; key += 1) known.keep(key, key);
  known.keep(0, "again");
  known.keep(300, 300);
  expect([known.of(0), known.of(1), known.of(2), known.of(300)]).toEqual(["again", undefined, 2, 300]);
});
