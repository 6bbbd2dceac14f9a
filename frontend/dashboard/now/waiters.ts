// Who waits at which lock.
import type { NowProjectQuery } from "./documents";

export type Waiter = NowProjectQuery["lockWaiters"]["nodes"][number];

/** Return those who still wait, in the order in which they came. */
export function stillWaiting(waiters: readonly Waiter[], now: number): Waiter[] {
  return waiters.filter((waiter) => Date.parse(waiter.expiresAt) > now);
}

/** Return those who wait for a path, or for something around or within it. */
export function waitingAt(path: string, waiters: readonly Waiter[]): Waiter[] {
  return waiters.filter((waiter) => waiter.paths.some((wanted) => overlaps(wanted, path)));
}

function overlaps(one: string, other: string): boolean {
  return one === other || (one.endsWith("/") && other.startsWith(one)) || (other.endsWith("/") && one.startsWith(other));
}
