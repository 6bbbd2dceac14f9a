import { expect, test } from "vitest";
import type { FeedEvent } from "../live/events";
import { mayChange } from "./awaited";

function event(more: object): FeedEvent {
  return { __typename: "MessageEvent", actor: "ann", to: ["bob"], recipient: null, requireHuman: false, deliveryStatus: null, ...more } as FeedEvent;
}

test("what agents say to each other changes nothing of what waits for the person", () => {
  for (const count of [0, 3]) {
    expect(mayChange(count, event({}), "user-local")).toBe(false);
    expect(mayChange(count, event({ to: null, recipient: "bob", deliveryStatus: "DELIVERED" }), "user-local")).toBe(false);
    expect(mayChange(count, event({ __typename: "LockEvent" }), "user-local")).toBe(false);
  }
});

test("a word to the person, or one that asks for a person's, does", () => {
  expect(mayChange(0, event({ to: ["bob", "user-local"] }), "user-local")).toBe(true);
  expect(mayChange(0, event({ to: null, recipient: "user-local" }), "user-local")).toBe(true);
  expect(mayChange(0, event({ requireHuman: true }), "user-local")).toBe(true);
});

test("what may settle it does where something waits", () => {
  for (const settling of [event({ actor: "user-boss" }), event({ to: null, recipient: "bob", deliveryStatus: "COMPLETED" })]) {
    expect(mayChange(0, settling, "user-local")).toBe(false);
    expect(mayChange(1, settling, "user-local")).toBe(true);
  }
});
