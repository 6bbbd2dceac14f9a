// What Now reads of a project: one query, and the further pages of its lists.
import type { Server } from "../live/ask";
import { MoreAgentsDocument, MoreLocksDocument, MoreSessionsDocument, MoreStatusesDocument, NowProjectDocument, type NowProjectQuery } from "./documents";

const MOST_LOCKS = 1_000;
const MOST_SESSIONS = 1_000;

export interface ProjectNow extends NowProjectQuery {
  /** Whether there are more locks than were read. */
  isCut: boolean;
}

interface List<N> {
  nodes: N[];
  pageInfo: { hasNextPage: boolean; endCursor: string | null };
}

export async function readNow(server: Server, project: string): Promise<ProjectNow> {
  const now = await server.query(NowProjectDocument, { project });
  const sessions = await whole(now.sessions, MOST_SESSIONS, async (after) => (await server.query(MoreSessionsDocument, { project, after })).sessions);
  // Of both lists those come first who are here: of the others no more than these pages are shown.
  const here = sessions.nodes.length;
  const [agentStatuses, agents, locks] = await Promise.all([
    whole(now.agentStatuses, here, async (after) => (await server.query(MoreStatusesDocument, { project, after })).agentStatuses),
    whole(now.agents, here, async (after) => (await server.query(MoreAgentsDocument, { project, after })).agents),
    whole(now.locks, MOST_LOCKS, async (after) => (await server.query(MoreLocksDocument, { project, after })).locks),
  ]);
  return { ...now, sessions, agentStatuses, agents, locks, isCut: locks.pageInfo.hasNextPage };
}

/** Return a list with the pages behind its first one, as far as `most` entries. */
async function whole<N>(first: List<N>, most: number, more: (after: string) => Promise<List<N>>): Promise<List<N>> {
  const nodes = [...first.nodes];
  let { pageInfo } = first;
  while (pageInfo.hasNextPage && pageInfo.endCursor && nodes.length < most) {
    const page = await more(pageInfo.endCursor);
    nodes.push(...page.nodes);
    ({ pageInfo } = page);
  }
  return { nodes, pageInfo };
}
