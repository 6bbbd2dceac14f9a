// What became of one document, from the log of events.
import type { FeedEvent } from "../live/events";
import type { Server } from "../live/ask";
import { DocumentHistoryDocument, type DocumentHistoryQuery, type DocumentStatus } from "./documents";

const MOST_PAGES = 5;

type Logged = Extract<DocumentHistoryQuery["eventLog"]["nodes"][number], { kind: string }>;

export interface Step {
  key: string;
  at: string;
  actor: string;
  /** What happened, such as `archived`. */
  verb: string;
  status: DocumentStatus | null;
  reason: string;
}

/** Return the steps of one document, the newest first. */
export function stepsOf(events: readonly Partial<Logged>[], id: string): Step[] {
  return events
    .filter((event): event is Logged => event.ids?.includes(id) === true)
    .map(({ kind, at, actor, sequence, status, reason }) => ({
      key: `${sequence}`,
      at,
      actor,
      verb: kind.slice(kind.indexOf(".") + 1).replaceAll("_", " "),
      status: status ?? null,
      reason,
    }));
}

/** Read what is still known: the newest 500 events about documents of its project, of at most 7 days. */
export async function readHistory(server: Server, { id, project }: { id: string; project: string }): Promise<Step[]> {
  const steps: Step[] = [];
  let before: string | null = null;
  for (let page = 0; page < MOST_PAGES; page++) {
    const { eventLog }: DocumentHistoryQuery = await server.query(DocumentHistoryDocument, { project, before });
    steps.push(...stepsOf(eventLog.nodes, id));
    before = eventLog.next ?? null;
    if (before === null) break;
  }
  return steps;
}

/** Tell whether an event is about one of these documents. */
export function isAbout(event: FeedEvent, id: string): boolean {
  return event.__typename === "DocumentEvent" && event.ids.includes(id);
}
