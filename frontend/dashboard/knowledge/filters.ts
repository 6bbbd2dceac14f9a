// What of the knowledge is wanted, as the address says it.
import type { DocumentStatus, DocumentType } from "./documents";

export const TYPES: readonly DocumentType[] = [
  "API_SPEC", "ARCHITECTURE", "COMPONENT", "CONFIG", "ADR", "LEARNING", "PATTERN", "GOTCHA", "CODE_SNIPPET",
  "SOLUTION", "TASK_CONTEXT", "HANDOFF", "WORK_ITEM", "INTERFACE", "FUNCTION_REF", "SPEC",
];
export const STATUSES: readonly DocumentStatus[] = ["ACTIVE", "REVIEW_PENDING", "CONFLICTED", "DEPRECATED", "SUPERSEDED", "ARCHIVED", "EXPIRED"];

export interface Filters {
  query: string;
  type: DocumentType | null;
  /** Null: whatever its status. */
  status: DocumentStatus | null;
  tag: string;
  isEverywhere: boolean;
}

/** Read the filters of an address; what it says wrongly counts as not said. */
export function filtersOf(params: URLSearchParams, isProjectChosen: boolean): Filters {
  const status = params.get("status");
  return {
    query: params.get("q") ?? "",
    type: TYPES.find((type) => type === params.get("type")) ?? null,
    status: status === "any" ? null : (STATUSES.find((one) => one === status) ?? "ACTIVE"),
    tag: params.get("tag") ?? "",
    isEverywhere: !isProjectChosen || params.get("in") === "everywhere",
  };
}

/** Tell whether a search's result passes the filters that the search itself does not know. */
export function passes(document: { status: DocumentStatus; tags: readonly string[] }, { status, tag }: Pick<Filters, "status" | "tag">): boolean {
  return (status === null || document.status === status) && (tag === "" || document.tags.includes(tag));
}

/** Return the words of a value of an enumeration: `CODE_SNIPPET` is `code snippet`. */
export function words(value: string): string {
  return value.toLowerCase().replaceAll("_", " ");
}

/** Return how often agents were given a document, to stand before something else; "" if never. */
export function handedOut(count: number): string {
  return count === 0 ? "" : `handed out ${count === 1 ? "once" : `${count.toLocaleString()} times`} · `;
}

type Tone = "plain" | "good" | "busy" | "warn" | "bad";
const TONES: Record<DocumentStatus, Tone> = {
  ACTIVE: "good",
  REVIEW_PENDING: "busy",
  CONFLICTED: "bad",
  DEPRECATED: "warn",
  SUPERSEDED: "warn",
  ARCHIVED: "plain",
  EXPIRED: "plain",
};

export function toneOf(status: DocumentStatus): Tone {
  return TONES[status];
}
