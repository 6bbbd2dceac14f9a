// Which events may change how many threads wait for the person: most are between agents, and change nothing here.
import type { FeedEvent } from "../live/events";

/** Tell whether an event may change the `count` of those that wait for the person of this name. */
export function mayChange(count: number, event: FeedEvent, own: string): boolean {
  if (event.__typename !== "MessageEvent") return false;
  if (event.recipient === own || (event.to ?? []).includes(own) || event.requireHuman) return true;
  // Another person may answer what asks for a person's word, or its recipients may be done with it.
  return count > 0 && (event.actor.startsWith("user-") || event.deliveryStatus === "COMPLETED" || event.deliveryStatus === "FAILED");
}
