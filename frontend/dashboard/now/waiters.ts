// Who waits at which lock.
import type { NowProjectQuery } from "./documents";
import type { HeldLock } from "./tree";

export type Waiter = NowProjectQuery["lockWaiters"]["nodes"][number];

/** Return those who still wait, in the order in which they came. */
export function stillWaiting(waiters: readonly Waiter[], now: number): Waiter[] {
  return waiters.filter((waiter) => Date.parse(waiter.expiresAt) > now);
}

/** Return those who wait for a path, or for something around or within it. */
export function waitingAt(path: string, waiters: readonly Waiter[]): Waiter[] {
  return waiters.filter((waiter) => waiter.paths.some((wanted) => overlaps(wanted, path)));
}

/** What an agent waits for, and who else holds it or something around or within it. */
export interface Wait {
  path: string;
  holders: readonly string[];
}

/** Return what an agent waits for; paths that nobody else holds only where nobody holds any. */
export function waitsOf(agent: string, waiters: readonly Waiter[], locks: readonly HeldLock[]): Wait[] {
  const paths = new Set(waiters.filter((waiter) => waiter.agent === agent).flatMap((waiter) => waiter.paths));
  const all = [...paths].map((path) => {
    const inTheWay = locks.filter((lock) => lock.holder !== agent && overlaps(path, lock.path));
    return { path, holders: [...new Set(inTheWay.map((lock) => lock.holder))] };
  });
  const held = all.filter((wait) => wait.holders.length > 0);
  return held.length > 0 ? held : all;
}

/** Tell whether a lock is in the way of one who waits. */
export function isInTheWay(lock: HeldLock, waits: readonly Wait[]): boolean {
  return waits.some((wait) => overlaps(wait.path, lock.path));
}

const MOST_PATHS = 3;

/** Return it in words: "ann: src/pool.py, src/b.py; cy: docs/". */
export function waitText(waits: readonly Wait[]): string {
  const byHolder = new Map<string, string[]>();
  for (const { path, holders } of waits) {
    const who = holders.join(", ");
    byHolder.set(who, [...(byHolder.get(who) ?? []), path]);
  }
  return [...byHolder].map(([who, paths]) => (who ? `${who}: ${some(paths)}` : some(paths))).join("; ");
}

function some(paths: readonly string[]): string {
  const more = paths.length - MOST_PATHS;
  return paths.slice(0, MOST_PATHS).join(", ") + (more > 0 ? ` and ${more} more` : "");
}

function overlaps(one: string, other: string): boolean {
  return one === other || (one.endsWith("/") && other.startsWith(one)) || (other.endsWith("/") && one.startsWith(other));
}
