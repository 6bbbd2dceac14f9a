// What Now reads of a project: one query, and the further pages of its locks.
import type { Server } from "../live/ask";
import { MoreLocksDocument, NowProjectDocument, type NowProjectQuery } from "./documents";

const MOST_LOCKS = 1_000;

export interface ProjectNow extends NowProjectQuery {
  /** Whether there are more locks than were read. */
  isCut: boolean;
}

export async function readNow(server: Server, project: string): Promise<ProjectNow> {
  const now = await server.query(NowProjectDocument, { project });
  const nodes = [...now.locks.nodes];
  let page = now.locks.pageInfo;
  while (page.hasNextPage && page.endCursor && nodes.length < MOST_LOCKS) {
    const { locks } = await server.query(MoreLocksDocument, { project, after: page.endCursor });
    nodes.push(...locks.nodes);
    page = locks.pageInfo;
  }
  return { ...now, locks: { ...now.locks, nodes }, isCut: page.hasNextPage };
}
