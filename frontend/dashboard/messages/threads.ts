// Which threads pass the filters, and in which order they stand: what waits for too long first, then what is urgent.
import type { MessageCategory, MessagePriority, ThreadsQuery } from "./documents";

export type Thread = ThreadsQuery["threads"]["nodes"][number];

export const CATEGORIES: readonly MessageCategory[] = ["TASK", "QUESTION", "BLOCKER", "REVIEW", "CONTRACT", "INFO"];
export const PRIORITIES: readonly MessagePriority[] = ["URGENT", "NORMAL", "LOW"];

export interface Filter {
  agent: string;
  category: MessageCategory | null;
  priority: MessagePriority | null;
  only: "unread" | "overdue" | null;
  text: string;
}

export function filterOf(params: URLSearchParams): Filter {
  const only = params.get("only");
  return {
    agent: params.get("agent") ?? "",
    category: CATEGORIES.find((one) => one === params.get("category")) ?? null,
    priority: PRIORITIES.find((one) => one === params.get("priority")) ?? null,
    only: only === "unread" || only === "overdue" ? only : null,
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
  if (thread.isOverdue) return 0;
  return thread.unreadCount === 0 ? 3 : thread.isUrgent ? 1 : 2;
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
