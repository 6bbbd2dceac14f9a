// What the feed brings, by the names that views use.
import type { EventsSubscription } from "./documents";

type Item = EventsSubscription["events"];

/** One event of the feed; narrow it by `__typename`. */
export type FeedEvent = Exclude<Item, { __typename: "Expired" }>;
export type Expired = Extract<Item, { __typename: "Expired" }>;
export type FeedItem = Item;

/** Return the area of a kind: `lock` of `lock.granted`. */
export function areaOf(kind: string): string {
  return kind.slice(0, kind.indexOf(".") >>> 0);
}

/** Return a test for events of these areas or kinds, of one project when it is given. */
export function about(names: readonly string[], project?: string) {
  const wanted = new Set(names);
  return (event: FeedEvent) =>
    (project === undefined || event.project === project) && (wanted.has(event.kind) || wanted.has(areaOf(event.kind)));
}
