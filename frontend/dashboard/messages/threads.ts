// Which threads pass the filters, and in which order they stand: what waits for the person first, then what waits for too long, then what is urgent.
import type { MessageCategory, MessagePriority, ThreadsQuery } from "./documents";

export type Thread = ThreadsQuery["threads"]["nodes"][number];

export const CATEGORIES: readonly MessageCategory[] = ["TASK", "QUESTION", "BLOCKER", "REVIEW", "CONTRACT", "INFO"];
export const PRIORITIES: readonly MessagePriority[] = ["URGENT", "NORMAL", "LOW"];

/** `you`: what waits for the person. */
export type Only = "you" | "unread" | "overdue";
const ONLY: readonly Only[] = ["you", "unread", "overdue"];

export interface Filter {
  agent: string;
  category: MessageCategory | null;
  priority: MessagePriority | null;
  only: Only | null;
  text: string;
}

export function filterOf(params: URLSearchParams): Filter {
  return {
    agent: params.get("agent") ?? "",
    category: CATEGORIES.find((one) => one === params.get("category")) ?? null,
    priority: PRIORITIES.find((one) => one === params.get("priority")) ?? null,
    only: ONLY.find((one) => one === params.get("only")) ?? null,
    text: params.get("q") ?? "",
  };
}

export const NO_FILTER: Record<string, null> = { agent: null, category: null, priority: null, only: null, q: null };

export function isFiltered(filter: Filter): boolean {
  return Object.values(filter).some(Boolean);
}

/** Return the threads that pass: category and priority are those of any message of a thread that the server looked at. */
export function chosen(threads: readonly Thread[], filter: Filter): Thread[] {
  const words = filter.text.toLowerCase().split(/\s+/).filter(Boolean);
  return threads
    .filter((thread) => {
      const ends = [thread.first, thread.last].filter((end) => end !== null);
      if (filter.agent && !thread.participants.includes(filter.agent)) return false;
      if (filter.category && !thread.categories.includes(filter.category)) return false;
      if (filter.priority && !thread.priorities.includes(filter.priority)) return false;
      if (filter.only === "you" && !thread.awaitsYou) return false;
      if (filter.only === "unread" && thread.unreadCount === 0) return false;
      if (filter.only === "overdue" && !thread.isOverdue) return false;
      if (words.length === 0) return true;
      const text = `${thread.participants.join(" ")} ${ends.map((end) => `${end.sender} ${end.text ?? ""}`).join(" ")}`.toLowerCase();
      return words.every((word) => text.includes(word));
    })
    .sort(inOrder);
}

function inOrder(one: Thread, other: Thread): number {
  return rank(one) - rank(other) || Date.parse(other.lastAt) - Date.parse(one.lastAt) || (one.id < other.id ? -1 : 1);
}

function rank(thread: Thread): number {
  if (thread.awaitsYou) return 0;
  if (thread.isOverdue) return 1;
  return thread.unreadCount === 0 ? 4 : thread.isUrgent ? 2 : 3;
}

/** Return who takes part in any of the threads, by name; `*` is nobody. */
export function peopleOf(threads: readonly Thread[]): string[] {
  return [...new Set(threads.flatMap((thread) => thread.participants))].filter((name) => name !== "*").sort();
}

const MOST_NAMED = 4;

/** Return a thread's people in a line: who began it, and to whom. */
export function namesOf(thread: Thread): string {
  const [first, ...others] = thread.participants.map((name) => (name === "*" ? "everyone" : name));
  const rest = others.length - MOST_NAMED;
  return `${first ?? thread.last.sender}${others.length > 0 ? ` → ${others.slice(0, MOST_NAMED).join(", ")}` : ""}${rest > 0 ? ` and ${rest} more` : ""}`;
}
