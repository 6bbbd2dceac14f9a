// Agents by project: presence, task, last seen, what they wait for; those who are away come last.
import { memo } from "react";
import { ViewLink } from "../app/links";
import { RowsToCome } from "../ui/Coming";
import { ConnectAnAgent, Empty } from "../ui/Empty";
import { Badge, Panel } from "../ui/Panel";
import { Time } from "../ui/Time";
import { AgentMenu } from "./AgentMenu";
import type { Person, Presence } from "./people";
import { waitText } from "./waiters";

interface Props {
  people: readonly Person[];
  /** Whether it is one agent's page: it stands there though it is away. */
  isOne: boolean;
  /** What is said where nobody is shown though somebody may be here; "": nobody is. */
  nobody: string;
  isRead: boolean;
  showsProjects: boolean;
}

const TONES: Record<Presence, "good" | "busy" | "bad" | "warn" | "plain"> = {
  busy: "busy",
  active: "good",
  idle: "plain",
  error: "bad",
  quiet: "warn",
  away: "plain",
};
const MOST_AWAY = 20;

export const Agents = memo(function Agents({ people, isOne, nobody, isRead, showsProjects }: Props) {
  const here = people.filter((person) => isOne || person.presence !== "away");
  const away = people.filter((person) => !here.includes(person)).slice(0, MOST_AWAY);
  const projects = [...new Set(here.map((person) => person.project))].sort();
  return (
    <Panel title="Agents" count={isRead ? here.length : undefined} className="now-agents">
      <div className="now-body">
        {projects.map((project) => (
          <div key={project}>
            {showsProjects && (
              <h3 className="now-project">
                <ViewLink view="now" project={project}>
                  {project}
                </ViewLink>
              </h3>
            )}
            <ul>
              {here.filter((person) => person.project === project).map((person) => (
                <AgentRow key={person.name} person={person} />
              ))}
            </ul>
          </div>
        ))}
        {!isRead && <RowsToCome />}
        {isRead && here.length === 0 && (
          <Empty title={nobody || "Nobody is here now"}>{!nobody && <ConnectAnAgent />}</Empty>
        )}
        {away.length > 0 && (
          <details className="now-away">
            <summary>{away.length} away</summary>
            <ul>
              {away.map((person) => (
                <AgentRow key={`${person.project}/${person.name}`} person={person} />
              ))}
            </ul>
          </details>
        )}
      </div>
    </Panel>
  );
});

const AgentRow = memo(function AgentRow({ person }: { person: Person }) {
  const { name, project, presence, task, seenAt, work, spawnedBy, role, held, waitsFor, trouble } = person;
  const isBlocked = work?.status === "BLOCKED";
  const isSaid = isBlocked && waitsFor.every(({ path }) => work.blockedReason.includes(path));
  const at = task || work?.title;
  const more = [work && work.title !== at ? work.title : "", spawnedBy && `started by ${spawnedBy}`].filter(Boolean).join(" · ");
  return (
    <li data-presence={presence}>
      <div className="now-who">
        <ViewLink view="now" record={`${project}/${name}`}>
          {name}
        </ViewLink>
        <Badge tone={TONES[presence]}>{presence}</Badge>
        {isBlocked && <Badge tone="bad">blocked</Badge>}
        {held.length > 0 && <span className="faint now-count">{held.length === 1 ? "1 lock" : `${held.length} locks`}</span>}
        {seenAt && (
          <span className="now-seen faint">
            <span className="sr-only">last seen </span>
            <Time at={seenAt} />
          </span>
        )}
        <AgentMenu person={person} />
      </div>
      <div className="now-task" title={[at, role].filter(Boolean).join("\n") || undefined}>
        {at ? <span>{at}</span> : <span className="faint">no task named</span>}
        {more && <span className="faint"> · {more}</span>}
      </div>
      {waitsFor.length > 0 && !isSaid && <div className="now-task now-waits">waits for {waitText(waitsFor)}</div>}
      {presence === "quiet" && trouble && !isBlocked && <div className="now-task bad">{trouble}</div>}
      {isBlocked && (
        <div className="now-task bad">
          waits for {work.blockedBy || work.waitingForSignal || "something"}
          {work.blockedReason && `: ${work.blockedReason}`}
        </div>
      )}
    </li>
  );
});
