// What stands on the board: statuses as columns, cards in the server's order, and which of them pass a filter.
import type { BacklogPriority, BacklogStatus, CardFieldsFragment } from "./documents";

export type Card = CardFieldsFragment;

export const OPEN_STATUSES: readonly BacklogStatus[] = ["OPEN", "IN_PROGRESS", "BLOCKED", "NEEDS_INFO", "RETEST", "DEFERRED"];
export const CLOSED_STATUSES: readonly BacklogStatus[] = ["DONE", "WONT_DO", "DUPLICATE"];
export const PRIORITIES: readonly BacklogPriority[] = ["CRITICAL", "HIGH", "MEDIUM", "LOW"];

const TITLES: Record<BacklogStatus, string> = {
  OPEN: "Open",
  IN_PROGRESS: "In progress",
  BLOCKED: "Blocked",
  NEEDS_INFO: "Needs info",
  RETEST: "Retest",
  DEFERRED: "Deferred",
  DONE: "Done",
  WONT_DO: "Won't do",
  DUPLICATE: "Duplicate",
};

export function titleOf(status: BacklogStatus): string {
  return TITLES[status];
}

export function isClosed(status: BacklogStatus): boolean {
  return CLOSED_STATUSES.includes(status);
}

export function toneOf(priority: BacklogPriority): "bad" | "warn" | "plain" {
  return priority === "CRITICAL" ? "bad" : priority === "HIGH" ? "warn" : "plain";
}

const RANKS = new Map(PRIORITIES.map((priority, rank) => [priority, rank]));

/** Compare as the server does: the most pressing first, the oldest of these first. */
export function inOrder(one: Card, other: Card): number {
  const byRank = RANKS.get(one.priority)! - RANKS.get(other.priority)!;
  return byRank || compare(one.createdAt, other.createdAt) || compare(one.id, other.id);
}

function compare(one: string, other: string): number {
  return one < other ? -1 : one > other ? 1 : 0;
}

/** Stands for nobody in the filter of assignees. */
export const NOBODY = "-";

export interface Filter {
  /** An agent's name, `NOBODY`, or "". */
  assignee: string;
  tag: string;
  milestone: string;
  priority: BacklogPriority | null;
  /** Words of which all must occur. */
  text: string;
  only: "ready" | "blocked" | null;
}

export function filterOf(params: URLSearchParams): Filter {
  const only = params.get("only");
  return {
    assignee: params.get("assignee") ?? "",
    tag: params.get("tag") ?? "",
    milestone: params.get("milestone") ?? "",
    priority: PRIORITIES.find((one) => one === params.get("priority")) ?? null,
    text: params.get("q") ?? "",
    only: only === "ready" || only === "blocked" ? only : null,
  };
}

export const NO_FILTER: Record<string, null> = { assignee: null, tag: null, milestone: null, priority: null, q: null, only: null };

export function isFiltered(filter: Filter): boolean {
  return Object.values(filter).some(Boolean);
}

/** Return a test of cards. `found` are the ids that the server's search has for the text, also by descriptions. */
export function passes(filter: Filter, found: ReadonlySet<string>): (card: Card) => boolean {
  const words = filter.text.toLowerCase().split(/\s+/).filter(Boolean);
  return (card) => {
    if (filter.assignee && card.assignee !== (filter.assignee === NOBODY ? "" : filter.assignee)) return false;
    if (filter.tag && !card.tags.includes(filter.tag)) return false;
    if (filter.milestone && card.targetVersion !== filter.milestone) return false;
    if (filter.priority && card.priority !== filter.priority) return false;
    if (filter.only === "blocked" && !isBlocked(card)) return false;
    if (filter.only === "ready" && !isReady(card)) return false;
    if (words.length === 0 || found.has(card.id)) return true;
    const text = `${card.title} ${card.assignee} ${card.targetVersion} ${card.tags.join(" ")}`.toLowerCase();
    // Within ids any few letters occur by chance.
    return words.every((word) => text.includes(word) || isBeginning(word, card.id));
  };
}

/** Tell whether the text is an id or its beginning, longer than what all ids begin with. */
export function isBeginning(text: string, id: string): boolean {
  return text.length > 4 && id.startsWith(text);
}

export function isBlocked(card: Card): boolean {
  return !isClosed(card.status) && (card.openBlockers > 0 || card.status === "BLOCKED");
}

export function isReady(card: Card): boolean {
  return card.status === "OPEN" && card.openBlockers === 0 && card.assignee === "";
}

/** Return the cards that pass, by status, in order. */
export function columnsOf(cards: Iterable<Card>, test: (card: Card) => boolean): Map<BacklogStatus, Card[]> {
  const columns = new Map<BacklogStatus, Card[]>([...OPEN_STATUSES, ...CLOSED_STATUSES].map((status) => [status, []]));
  for (const card of cards) if (test(card)) columns.get(card.status)!.push(card);
  for (const column of columns.values()) column.sort(inOrder);
  return columns;
}

/** Return what can be chosen in the filters: all assignees, tags and milestones of these cards, by name. */
export function choicesOf(cards: Iterable<Card>): { assignees: string[]; tags: string[]; milestones: string[] } {
  const [assignees, tags, milestones] = [new Set<string>(), new Set<string>(), new Set<string>()];
  for (const card of cards) {
    if (card.assignee) assignees.add(card.assignee);
    if (card.targetVersion) milestones.add(card.targetVersion);
    for (const tag of card.tags) tags.add(tag);
  }
  return { assignees: [...assignees].sort(), tags: [...tags].sort(), milestones: [...milestones].sort() };
}
