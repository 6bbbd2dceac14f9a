// Sessions under way; one whose agent is lost can be ended in its place.
import { useMemo } from "react";
import { ViewLink } from "../app/links";
import type { Server } from "../live/ask";
import { useLiveContext, useShownProjects } from "../live/context";
import { about } from "../live/events";
import { useKept } from "../live/useKept";
import { useLiveEach } from "../live/useLive";
import { Button } from "../ui/Button";
import { Empty } from "../ui/Empty";
import { Badge, Panel } from "../ui/Panel";
import { Problem } from "../ui/Problem";
import { Time } from "../ui/Time";
import { useEndSession } from "../ui/useEndSession";
import { OpenSessionsDocument, type OpenSessionsQuery } from "./documents";
import { Table } from "./Table";

type Session = OpenSessionsQuery["sessions"]["nodes"][number];

const MOST_PROJECTS = 30;
const TOUCHING = about(["session", "lock"]);

const read = async (server: Server, project: string) => (await server.query(OpenSessionsDocument, { project })).sessions;

/** Return the silent ones first, then the last active. */
function inOrder(sessions: readonly Session[]): Session[] {
  return [...sessions].sort((a, b) => Number(b.isStale) - Number(a.isStale) || Date.parse(b.activeAt) - Date.parse(a.activeAt));
}

export function Sessions() {
  const { chosen } = useLiveContext();
  const endSession = useEndSession();
  const shown = useShownProjects().filter((project) => project.activeSessions > 0 || project.name === chosen);
  const names = shown.slice(0, MOST_PROJECTS).map(({ name }) => name);
  const keyed = useMemo(() => Object.fromEntries(names.map((name) => [name, name])), [names.join()]);
  const answers = useLiveEach(keyed, read, { touchedBy: (event, project) => event.project === project && TOUCHING(event), everySeconds: 15 });
  const failed = Object.values(answers).find((answer) => answer.error);
  const isRead = names.every((name) => answers[name]);
  const all = names.flatMap((name) => answers[name]?.data?.nodes ?? []);
  const [sessions] = useKept(isRead ? inOrder(all) : undefined);
  const isCut = shown.length > MOST_PROJECTS || names.some((name) => answers[name]?.data?.pageInfo.hasNextPage);

  const end = async (session: Session) => {
    if (!(await endSession(session))) return;
    answers[session.project]?.refresh();
  };
  return (
    <Panel title="Sessions under way" count={sessions?.length}>
      {failed?.error && <Problem error={failed.error} what="The sessions" onRetry={failed.refresh} />}
      {!sessions && <div className="admin-blank" aria-busy />}
      {sessions?.length === 0 && (
        <Empty title="No session is under way">
          <p>Those that ended are listed in History, with what they left.</p>
          <ViewLink view="history">Go to History</ViewLink>
        </Empty>
      )}
      {sessions && sessions.length > 0 && (
        <Table label="Sessions under way" head={["Agent", "Project", "Task", "Last active", "Locks", ""]}>
          {sessions.map((session) => (
            <tr key={session.id}>
              <th scope="row">
                <ViewLink view="now" record={`${session.project}/${session.agent}`}>
                  {session.agent}
                </ViewLink>{" "}
                {session.isStale && <Badge tone="warn">silent</Badge>}
              </th>
              <td data-label="Project">{session.project}</td>
              <td data-label="Task">{session.task || <span className="faint">none named</span>}</td>
              <td data-label="Last active">
                <Time at={session.activeAt} />
              </td>
              <td data-label="Locks">{session.locks.length === 100 ? "100 or more" : session.locks.length}</td>
              <td className="admin-acts">
                <Button onPress={() => void end(session)}>
                  End<span className="sr-only"> the session of {session.agent} in {session.project}</span>
                </Button>
              </td>
            </tr>
          ))}
        </Table>
      )}
      {isCut && <p className="faint admin-note">There are more; choose a project to see its sessions.</p>}
    </Panel>
  );
}
