// What the view Functions reads, a project at a time.
import type { Server } from "../live/ask";
import { type Pages, readPages } from "../live/pages";
import { FindFunctionsDocument, type FindFunctionsQuery, FunctionsDocument, QueueDocument, type QueueQuery, type QueueState, RequeueFunctionsDocument } from "./documents";
import type { Registered } from "./entries";

const PAGE = 100;
/** Of one project; each step queues up to 200 functions. */
const MOST_STEPS = 10;

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

/** Queue anew what was given up in these projects, 2,000 functions of each at most; tell how many, and how many are left. */
export async function requeueAll(server: Pick<Server, "mutate">, projects: readonly string[]): Promise<{ requeued: number; left: number }> {
  const all = { requeued: 0, left: 0 };
  for (const project of projects) {
    let left = 0;
    for (let step = 0; step < MOST_STEPS; step++) {
      const { requeueFunctions: done } = await server.mutate(RequeueFunctionsDocument, { input: { project } });
      all.requeued += done.requeued;
      left = done.failedCount;
      if (left === 0 || done.requeued === 0) break;
    }
    all.left += left;
  }
  return all;
}
