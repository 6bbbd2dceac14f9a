// Sessions that ended, with what they left: summary, hand-off, what was learnt, which files.
import { useMemo, useState } from "react";
import { useAddress, useParams } from "../app/params";
import type { Server } from "../live/ask";
import { useLiveContext } from "../live/context";
import { about } from "../live/events";
import { useLive, useLiveEach } from "../live/useLive";
import { Button } from "../ui/Button";
import { CopyButton } from "../ui/CopyButton";
import { Empty, isMissing, Missing } from "../ui/Empty";
import { Badge, Panel } from "../ui/Panel";
import { Problem } from "../ui/Problem";
import { SearchBox } from "../ui/SearchBox";
import { Time } from "../ui/Time";
import { type EndedFieldsFragment, EndedSessionDocument, EndedSessionsDocument } from "./documents";
import { Link } from "wouter";
import { matching } from "./leavings";

const READ = 100;
const SHOWN = 20;
const SESSIONS = about(["session"]);

async function read(server: Server, project: string) {
  const { ended, lapsed } = await server.query(EndedSessionsDocument, { project, first: READ });
  return { nodes: [...ended.nodes, ...lapsed.nodes], isCut: ended.pageInfo.hasNextPage || lapsed.pageInfo.hasNextPage };
}

export function Ended({ record, projects }: { record: string; projects: readonly string[] }) {
  const [params, change] = useParams();
  const { chosen } = useLiveContext();
  const [shown, setShown] = useState(SHOWN);
  const keyed = useMemo(() => Object.fromEntries(projects.map((name) => [name, name])), [projects.join()]);
  const answers = useLiveEach(keyed, read, { touchedBy: (event, project) => event.project === project && SESSIONS(event) && event.kind !== "session.started" });
  const all = projects.flatMap((name) => answers[name]?.data?.nodes ?? []);
  const isCut = projects.some((name) => answers[name]?.data?.isCut);
  const isRead = projects.every((name) => answers[name]);
  const failed = Object.values(answers).find((answer) => answer.error);
  const words = params.get("q") ?? "";
  const found = matching(all, words);
  const isListed = all.some((session) => session.id === record);
  return (
    <Panel title="Sessions that ended" count={isRead ? found.length : undefined} className="history-wide history-ended" actions={<SearchBox label="Filter sessions" placeholder="Filter: agent, words" value={words} onSearch={(q) => change({ q })} />}>
      {failed?.error && <Problem error={failed.error} what="The sessions" onRetry={failed.refresh} />}
      {record && isRead && !isListed && <Single id={record} />}
      <ul>
        {found.slice(0, shown).map((session) => (
          <Session key={session.id} session={session} isOpen={session.id === record} showsProject={chosen === null} />
        ))}
      </ul>
      {found.length > shown && (
        <div className="history-more">
          <Button onPress={() => setShown(shown + SHOWN)}>Show more</Button>
        </div>
      )}
      {isCut && found.length <= shown && <p className="faint history-more">Only the last {READ} of each project are listed.</p>}
      {isRead && found.length === 0 && (
        <Empty title={all.length > 0 ? "No session passes the filter" : "No session has ended yet"}>
          <p>
            When an agent calls <code>memory_end_session</code>, its summary and its hand-off to the next session stand here.
          </p>
        </Empty>
      )}
    </Panel>
  );
}

function Single({ id }: { id: string }) {
  const { data, error } = useLive(EndedSessionDocument, { id }, { touchedBy: SESSIONS });
  const addressOf = useAddress("history");
  if (isMissing(error)) return <Missing what="session" to={addressOf("")} all="See the sessions that ended" />;
  if (error) return <Problem error={error} what="The session of this address" />;
  return <ul>{data && <Session session={data.session} isOpen showsProject />}</ul>;
}

function Session({ session, isOpen, showsProject }: { session: EndedFieldsFragment; isOpen: boolean; showsProject: boolean }) {
  const addressOf = useAddress("history");
  const { id, agent, project, task, status, summary, endedAt, activeAt, endedBy } = session;
  return (
    <li data-open={isOpen || undefined} ref={isOpen ? intoView : undefined}>
      <div className="history-session">
        <Link href={addressOf(isOpen ? "" : id)} aria-expanded={isOpen}>
          {agent}
        </Link>
        {showsProject && <span className="faint">{project}</span>}
        {status === "LAPSED" && <Badge tone="warn">lapsed</Badge>}
        {status === "ACTIVE" && <Badge tone="good">under way</Badge>}
        {endedBy && <Badge tone="bad">ended by {endedBy}</Badge>}
        <span className="faint history-when">
          <Time at={endedAt ?? activeAt} />
        </span>
      </div>
      <p className="history-task">{summary || task || <span className="faint">It left no summary.</span>}</p>
      {isOpen && <Left session={session} />}
    </li>
  );
}

function Left({ session }: { session: EndedFieldsFragment }) {
  const { task, handoff, learnings, filesModified, endReason, createdAt } = session;
  return (
    <dl className="history-left">
      <Part title="Task" text={task} />
      <Part title="Hand-off" text={handoff} copies />
      <Part title="Learnt" text={learnings} copies />
      <Part title="Files changed" text={filesModified.join("\n")} isCode />
      <Part title="Ended by force" text={endReason} />
      <div>
        <dt>Began</dt>
        <dd>
          <Time at={createdAt} />
        </dd>
      </div>
    </dl>
  );
}

function Part({ title, text, copies, isCode }: { title: string; text: string; copies?: boolean; isCode?: boolean }) {
  if (!text) return null;
  return (
    <div>
      <dt>
        {title} {copies && <CopyButton text={text} label={`Copy: ${title}`} />}
      </dt>
      <dd className={isCode ? "mono" : undefined}>{text}</dd>
    </div>
  );
}

function intoView(row: HTMLLIElement | null) {
  row?.scrollIntoView({ block: "nearest" });
}
