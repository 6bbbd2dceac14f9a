// What the view is narrowed to: those in trouble, those who wait, or stale locks.
import type { Person } from "./people";
import type { HeldLock } from "./tree";
import { isInTheWay, type Waiter, waitingAt } from "./waiters";

/** What of everything is looked at, as the address's `only` says; "" is all. */
export type Only = "" | "trouble" | "waiting" | "stale";

/** Each in words, and what is said where there is none. */
export const NARROWED: Record<Exclude<Only, "">, { title: string; nobody: string; nothing: string }> = {
  trouble: { title: "agents in trouble, and what they hold or wait for", nobody: "No agent is in trouble", nothing: "No agent in trouble holds a lock or waits for one" },
  waiting: { title: "agents who wait, and the locks they wait for", nobody: "No agent waits for a lock", nothing: "No lock is waited for" },
  stale: { title: "stale locks, and who holds them", nobody: "No agent holds a stale lock", nothing: "No lock is stale" },
};

export function onlyOf(given: string | null): Only {
  return given !== null && Object.hasOwn(NARROWED, given) ? (given as Only) : "";
}

export interface Held {
  project: string;
  locks: readonly HeldLock[];
  waiters: readonly Waiter[];
}

/** Return those of the people whom `only` is about. */
export function peopleFor(only: Only, people: readonly Person[], held: readonly Held[]): readonly Person[] {
  switch (only) {
    case "":
      return people;
    case "trouble":
      return people.filter((person) => person.trouble !== "");
    case "waiting":
      return people.filter((person) => person.waitsFor.length > 0);
    case "stale":
      return people.filter((person) => locksOf(held, person.project).some((lock) => lock.stale && lock.holder === person.name));
  }
}

/** Return those of a project's locks that `only` is about. */
export function locksFor(only: Only, { project, locks, waiters }: Held, people: readonly Person[]): readonly HeldLock[] {
  if (only === "") return locks;
  if (only === "stale") return locks.filter((lock) => lock.stale);
  if (only === "waiting") return locks.filter((lock) => waitingAt(lock.path, waiters).length > 0);
  const troubled = people.filter((person) => person.project === project && person.trouble !== "");
  return locks.filter((lock) => troubled.some(({ name, waitsFor }) => name === lock.holder || isInTheWay(lock, waitsFor)));
}

function locksOf(held: readonly Held[], project: string): readonly HeldLock[] {
  return held.find((one) => one.project === project)?.locks ?? [];
}
