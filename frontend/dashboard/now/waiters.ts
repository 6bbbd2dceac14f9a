// Who waits for which paths: told by the feed alone, no query lists it, so a wait begun before the page is not shown.
import type { FeedEvent } from "../live/events";

export interface Waiter {
  id: string;
  project: string;
  agent: string;
  paths: readonly string[];
  since: string;
}

/** A request waits at most 55 seconds; one whose end was not heard of is dropped after that. */
const LONGEST_MS = 65_000;

/** Return the waiters after a batch of events, in the order in which they came. */
export function waitersAfter(before: readonly Waiter[], events: readonly FeedEvent[], now: number): readonly Waiter[] {
  const started = before.filter((waiter) => Date.parse(waiter.since) + LONGEST_MS > now);
  const after = events.reduce(step, started);
  return after.length === before.length && after.every((waiter, index) => waiter === before[index]) ? before : after;
}

function step(waiters: Waiter[], event: FeedEvent): Waiter[] {
  if (event.__typename === "OtherEvent" && event.kind === "lock.waiting") {
    const data = event.data as { waiter: string; agent: string; paths: string[] };
    const one = { id: data.waiter, project: event.project, agent: data.agent, paths: data.paths, since: event.at };
    return [...waiters.filter((waiter) => waiter.id !== one.id), one];
  }
  if (event.__typename === "OtherEvent" && event.kind === "lock.wait_ended") {
    const { waiter: gone } = event.data as { waiter: string };
    return waiters.filter((waiter) => waiter.id !== gone);
  }
  if (event.__typename === "LockEvent" && (event.kind === "lock.granted" || event.kind === "lock.taken_over")) {
    // A grant of all that it waited for ends a wait. The event names the agent and the paths, not the waiter.
    const granted = new Set(event.locks.map((lock) => lock.path));
    return waiters.filter((waiter) => waiter.project !== event.project || waiter.agent !== event.actor || !waiter.paths.every((path) => granted.has(path)));
  }
  return waiters;
}

/** Tell whether two paths cannot both be locked: the same, or one a folder around the other. */
export function overlaps(one: string, other: string): boolean {
  return one === other || (one.endsWith("/") && other.startsWith(one)) || (other.endsWith("/") && one.startsWith(other));
}
