// Agents by project: presence, task, last seen; those who are away come last.
import { memo } from "react";
import { ViewLink } from "../app/links";
import { RowsToCome } from "../ui/Coming";
import { ConnectAnAgent, Empty } from "../ui/Empty";
import { Badge, Panel } from "../ui/Panel";
import { Time } from "../ui/Time";
import type { Person, Presence } from "./people";
import type { HeldLock } from "./tree";

interface Props {
  people: readonly Person[];
  locks: readonly { project: string; locks: readonly HeldLock[] }[];
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

export const Agents = memo(function Agents({ people, locks, isRead, showsProjects }: Props) {
  const here = people.filter((person) => person.presence !== "away");
  const away = people.filter((person) => person.presence === "away").slice(0, MOST_AWAY);
  const projects = [...new Set(here.map((person) => person.project))].sort();
  const heldBy = (person: Person) =>
    locks.find((one) => one.project === person.project)?.locks.filter((lock) => lock.holder === person.name).length ?? 0;
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
                <AgentRow key={person.name} person={person} held={heldBy(person)} />
              ))}
            </ul>
          </div>
        ))}
        {!isRead && <RowsToCome />}
        {isRead && here.length === 0 && (
          <Empty title="Nobody is here now">
            <ConnectAnAgent />
          </Empty>
        )}
        {away.length > 0 && (
          <details className="now-away">
            <summary>{away.length} away</summary>
            <ul>
              {away.map((person) => (
                <AgentRow key={`${person.project}/${person.name}`} person={person} held={0} />
              ))}
            </ul>
          </details>
        )}
      </div>
    </Panel>
  );
});

const AgentRow = memo(function AgentRow({ person, held }: { person: Person; held: number }) {
  const { name, project, presence, task, seenAt, work, spawnedBy, role } = person;
  const isBlocked = work?.status === "BLOCKED";
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
        {held > 0 && <span className="faint now-count">{held === 1 ? "1 lock" : `${held} locks`}</span>}
        {seenAt && (
          <span className="now-seen faint">
            <span className="sr-only">last seen </span>
            <Time at={seenAt} />
          </span>
        )}
      </div>
      <div className="now-task" title={[at, role].filter(Boolean).join("\n") || undefined}>
        {at || <span className="faint">no task named</span>}
        {more && <span className="faint"> · {more}</span>}
      </div>
      {isBlocked && (
        <div className="now-task bad">
          waits for {work.blockedBy || work.waitingForSignal || "something"}
          {work.blockedReason && `: ${work.blockedReason}`}
        </div>
      )}
    </li>
  );
});
