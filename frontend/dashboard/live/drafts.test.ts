import { describe, expect, test, vi } from "vitest";
import { Drafts } from "./drafts";

describe("drafts", () => {
  test("are kept by their keys until they are forgotten, and the page is guarded as long as there are any", () => {
    const guard = vi.fn();
    const drafts = new Drafts(guard);
    drafts.set("item/a", "x");
    drafts.set("item/a", "xy");
    drafts.set("item/b", "z");
    expect([drafts.get("item/a"), drafts.get("item/b"), drafts.get("item/c")]).toEqual(["xy", "z", undefined]);
    expect(drafts.keys()).toEqual(["item/a", "item/b"]);
    drafts.set("item/a", undefined);
    drafts.set("item/b", undefined);
    expect(drafts.keys()).toEqual([]);
    expect(guard.mock.calls).toEqual([[true], [true], [true], [false]]);
  });

  test("tell those who look, and keep the list of keys while only a text changes", () => {
    const drafts = new Drafts(() => {});
    const told = vi.fn();
    const stop = drafts.onChange(told);
    drafts.set("a", "1");
    const keys = drafts.keys();
    drafts.set("a", "2");
    expect(drafts.keys()).toBe(keys);
    expect(told).toHaveBeenCalledTimes(2);
    stop();
    drafts.set("a", "3");
    expect(told).toHaveBeenCalledTimes(2);
  });
});
