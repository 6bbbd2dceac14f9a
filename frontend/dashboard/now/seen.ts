// When each agent was last heard of, by what it did: the server notes the time of a session's calls only now and then.
import type { FeedEvent } from "../live/events";
import { beatKey } from "./people";

/** The time of the newest event of each agent. */
export type Seen = Readonly<Record<string, string>>;

/** Newer ones within it change nothing that a person reads. */
const STEP_MS = 5_000;

/** Return the times after more events, in any order; the same object where nobody was heard of markedly later. */
export function seenAfter(before: Seen, events: readonly FeedEvent[]): Seen {
  let after: Record<string, string> | null = null;
  for (const { project, actor, at } of events) {
    const key = beatKey(project, actor);
    const known = (after ?? before)[key];
    if (known !== undefined && Date.parse(at) - Date.parse(known) < STEP_MS) continue;
    after ??= { ...before };
    after[key] = at;
  }
  return after ?? before;
}

/** Return the later time of each agent. */
export function laterOf(one: Seen, other: Seen): Seen {
  const later = Object.entries(other).filter(([key, at]) => !(Date.parse(one[key] ?? "") >= Date.parse(at)));
  return { ...one, ...Object.fromEntries(later) };
}
