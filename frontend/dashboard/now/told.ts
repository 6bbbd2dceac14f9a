// What an event says, and which events a person wants to see.
import { areaOf, type FeedEvent } from "../live/events";
import { plainly } from "../ui/plainly";

/** The groups by which the stream is filtered, each with the areas of events in it. */
export const GROUPS: readonly { id: string; title: string; areas: readonly string[] }[] = [
  { id: "locks", title: "Locks", areas: ["lock"] },
  { id: "messages", title: "Messages", areas: ["message"] },
  { id: "work", title: "Work", areas: ["session", "work", "signal"] },
  { id: "backlog", title: "Backlog", areas: ["backlog", "checklist"] },
  { id: "knowledge", title: "Knowledge", areas: ["document", "spec", "function", "guideline"] },
];
export const OTHER = "other";

const GROUP_OF = new Map(GROUPS.flatMap(({ id, areas }) => areas.map((area) => [area, id] as const)));

export function groupOf(event: FeedEvent): string {
  return GROUP_OF.get(areaOf(event.kind)) ?? OTHER;
}

export interface Filter {
  /** Groups to show; empty: all. */
  groups: ReadonlySet<string>;
  /** Words that must all occur, upper and lower case alike. */
  text: string;
  /** "project/agent" or "". */
  actor: string;
}

/** Return the events that pass, newest first. */
export function chosen(events: readonly FeedEvent[], filter: Filter): FeedEvent[] {
  const words = filter.text.toLowerCase().split(/\s+/).filter(Boolean);
  const passes = (event: FeedEvent) => {
    if (filter.groups.size > 0 && !filter.groups.has(groupOf(event))) return false;
    if (!isBy(filter.actor, event)) return false;
    if (words.length === 0) return true;
    const text = `${event.project} ${event.actor} ${event.kind} ${says(event)}`.toLowerCase();
    return words.every((word) => text.includes(word));
  };
  return events.filter(passes).reverse();
}

function isBy(actor: string, event: FeedEvent): boolean {
  return actor === "" || `${event.project}/${event.actor}` === actor;
}

export function keyOf(event: FeedEvent): string {
  return `${event.project}:${event.sequence}`;
}

export interface Told {
  /** The newest of them. */
  event: FeedEvent;
  text: string;
  /** How many one after the other said just this. */
  times: number;
  key: string;
}

/** Return one line for events that follow each other and say the same, such as ten messages delivered to one agent. */
export function folded(events: readonly FeedEvent[]): Told[] {
  const lines: Told[] = [];
  for (const event of events) {
    const text = says(event);
    const last = lines.at(-1);
    const isSame = last && last.text === text && last.event.kind === event.kind && last.event.actor === event.actor && last.event.project === event.project;
    // The oldest names the line, so that it stays the same line while it grows.
    if (isSame) Object.assign(last, { times: last.times + 1, key: keyOf(event) });
    else lines.push({ event, text, times: 1, key: keyOf(event) });
  }
  return lines;
}

const MOST_PATHS = 4;

/** Return what happened in one line, without who did it; marks that would turn its direction are shown instead. */
export function says(event: FeedEvent): string {
  return plainly(told(event));
}

function told(event: FeedEvent): string {
  const verb = event.kind.slice(event.kind.indexOf(".") + 1).replaceAll("_", " ");
  switch (event.__typename) {
    case "LockEvent": {
      const from = event.displaced.length > 0 ? ` from ${listed(event.displaced.map((lock) => lock.agent))}` : "";
      const why = event.forcedFor || (event.kind === "lock.released" ? "" : event.locks[0]?.reason);
      return `${verb} ${listed(event.locks.map((lock) => lock.path))}${from}${why ? `: ${why}` : ""}`;
    }
    case "MessageEvent":
      if (event.kind !== "message.sent") return `message ${(event.deliveryStatus ?? verb).toLowerCase()} for ${event.recipient ?? ""}`;
      return `to ${event.isBroadcast ? "all" : listed(event.to ?? [])}: ${event.text ?? ""}`;
    case "BacklogEvent":
      return `${verb} ${event.title}${event.assignee ? ` (${event.assignee})` : ""}`;
    case "SessionEvent":
      return `${verb}${event.kind === "session.started" ? prefixed(event.task) : prefixed(event.summary)}`;
    case "WorkEvent":
      return `${(event.workStatus ?? verb).toLowerCase().replaceAll("_", " ")}: ${event.title}${event.blockedBy ? `, waits for ${event.blockedBy}` : ""}`;
    case "SignalEvent":
      return `signal ${event.name}${prefixed(event.details)}`;
    case "SpecEvent":
      return `${verb} ${event.name} ${event.specVersion}`;
    case "FunctionEvent":
      return `${verb} ${event.name || `${event.ids.length} functions`}`;
    case "DocumentEvent":
      return `${verb} ${event.title || `${event.ids.length} documents`}`;
    case "HeartbeatEvent":
      return `${(event.agentState ?? "").toLowerCase()}${prefixed(event.currentTask)}`;
    case "OtherEvent":
      if (event.kind === "lock.waiting") return `waits for ${listed((event.data as { paths?: string[] }).paths ?? [])}`;
      if (event.kind === "lock.wait_ended") return `gave up waiting for ${listed((event.data as { paths?: string[] }).paths ?? [])}`;
      return `${verb} ${event.subject}`;
  }
}

function prefixed(text: string): string {
  return text ? `: ${text}` : "";
}

function listed(names: readonly string[]): string {
  const more = names.length - MOST_PATHS;
  return names.slice(0, MOST_PATHS).join(", ") + (more > 0 ? ` and ${more} more` : "");
}

/** Return how many of the events are at most a minute old; `actor`: "project/agent", or "" for those of all. */
export function perMinute(events: readonly FeedEvent[], now: number, actor = ""): number {
  let count = 0;
  for (let index = events.length - 1; index >= 0 && Date.parse(events[index]!.at) > now - 60_000; index -= 1) if (isBy(actor, events[index]!)) count += 1;
  return count;
}
