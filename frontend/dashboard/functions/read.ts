// What the view Functions reads, a project at a time.
import type { Server } from "../live/ask";
import { type Pages, readPages } from "../live/pages";
import { FindFunctionsDocument, type FindFunctionsQuery, FunctionsDocument, QueueDocument, type QueueQuery, type QueueState } from "./documents";
import type { Registered } from "./entries";

const PAGE = 100;

export type Found = FindFunctionsQuery["findFunctions"];
export type QueueCounts = Omit<QueueQuery["enrichmentQueue"], "nodes" | "pageInfo">;

export function readFunctions(server: Server, { project, file, most }: { project: string; file: string | null; most: number }): Promise<Pages<Registered>> {
  return readPages(async (after) => (await server.query(FunctionsDocument, { project, file, after })).functions, most);
}

export async function findFunctions(server: Server, wanted: { project: string; query: string }): Promise<Found> {
  return (await server.query(FindFunctionsDocument, wanted)).findFunctions;
}

/** Read the queue: of one project, or of all that the key sees. */
export async function readQueue(
  server: Server,
  { project, state, most }: { project: string | null; state: QueueState; most: number },
): Promise<Pages<Registered> & { counts: QueueCounts }> {
  let counts: QueueCounts | undefined;
  const pages = await readPages(async (after) => {
    const { enrichmentQueue } = await server.query(QueueDocument, { project, state, first: PAGE, after });
    counts ??= enrichmentQueue;
    return enrichmentQueue;
  }, most);
  return { ...pages, counts: counts as QueueCounts };
}
