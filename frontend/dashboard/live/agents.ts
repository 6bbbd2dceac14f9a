// The agents of a project, by whom something can be said or done.
import type { Server } from "./ask";
import { ProjectAgentNamesDocument, type ProjectAgentNamesQuery } from "./documents";
import { about, type FeedEvent } from "./events";
import { readPages } from "./pages";
import { type Answer, useLiveEach } from "./useLive";

export type AgentName = ProjectAgentNamesQuery["agents"]["nodes"][number];

const MOST = 1_000;
const COMING = about(["session", "agent"]);
const NONE: Answer<readonly AgentName[]> = { refresh() {} };

const read = async (server: Server, project: string): Promise<readonly AgentName[]> =>
  (await readPages(async (after) => (await server.query(ProjectAgentNamesDocument, { project, after })).agents, MOST)).nodes;

const known = (server: Server, project: string) => server.known(ProjectAgentNamesDocument, { project, after: null })?.agents.nodes;

/** Return a project's agents, the latest seen first, at most 1,000 of them. */
export function useAgents(project: string, touchedBy: (event: FeedEvent) => boolean = COMING): Answer<readonly AgentName[]> {
  const answers = useLiveEach(project ? { [project]: project } : {}, read, { touchedBy: (event, key) => event.project === key && touchedBy(event) }, known);
  return answers[project] ?? NONE;
}
