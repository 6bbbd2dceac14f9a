import { expect, test } from "vitest";
import { even, evenTicks, logarithmic, powerTicks } from "./scales";

test("an axis of counts goes in round whole steps over the most", () => {
  expect(evenTicks(4, 4)).toEqual([0, 1, 2, 3, 4]);
  expect(evenTicks(2, 4)).toEqual([0, 1, 2]);
  expect(evenTicks(13, 4)).toEqual([0, 5, 10, 15]);
  expect(evenTicks(730, 4)).toEqual([0, 200, 400, 600, 800]);
  expect(evenTicks(99_000, 4)).toEqual([0, 50_000, 100_000]);
});

test("an axis of powers holds the least and the most", () => {
  expect(powerTicks(0.3, 42)).toEqual([0.1, 1, 10, 100]);
  expect(powerTicks(1, 10)).toEqual([1, 10]);
});

test("numbers are placed evenly or by their logarithm, and none outside of the latter", () => {
  expect(even(10, [200, 0])(5)).toBe(100);
  const x = logarithmic(0.1, 1000, [0, 400]);
  expect([0.1, 1, 1000, 5000, 0].map(x)).toEqual([0, 100, 400, 400, 0].map((value) => expect.closeTo(value, 6)));
});
