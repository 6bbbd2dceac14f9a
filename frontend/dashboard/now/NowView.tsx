// Now: who is here, who holds and waits for what, and what happens, as it happens.
import "./now.css";
import { X } from "lucide-react";
import { useMemo } from "react";
import { Link } from "wouter";
import { ViewLink } from "../app/links";
import { useAddress, useParams } from "../app/params";
import type { ViewProps } from "../app/views";
import { useFolded, useIsPastRead, useLiveContext, useShownProjects } from "../live/context";
import { about } from "../live/events";
import { useLiveEach, useSame } from "../live/useLive";
import { ConnectAnAgent, Empty } from "../ui/Empty";
import { Problem } from "../ui/Problem";
import { useClock } from "../ui/Time";
import { Agents } from "./Agents";
import { Counters } from "./Counters";
import { Locks } from "./Locks";
import { type Beats, beatsAfter, peopleOf } from "./people";
import { readNow } from "./read";
import { locksFor, NARROWED, onlyOf, peopleFor } from "./scope";
import { laterOf, type Seen, seenAfter } from "./seen";
import { Stream } from "./Stream";
import { isInTheWay, stillWaiting, waitsOf } from "./waiters";

const MOST_PROJECTS = 30;
const TOUCHING = about(["session", "lock", "work", "agent", "project"]);
const NO_BEATS: Beats = {};
const NOBODY_SEEN: Seen = {};

export default function NowView({ record }: ViewProps) {
  const { chosen, projects } = useLiveContext();
  const shown = useShownProjects();
  const clock = useClock();
  const [params] = useParams();
  const address = useAddress("now");
  const only = onlyOf(params.get("only"));
  const cut = record.indexOf("/");
  const [itsProject, itsName] = [record.slice(0, cut), record.slice(cut + 1)];
  const lively = shown.filter((project) => project.activeSessions > 0 || project.locks > 0 || project.name === chosen || project.name === itsProject);
  const keyed = useMemo(() => Object.fromEntries((record ? lively.filter((project) => project.name === itsProject) : lively).slice(0, MOST_PROJECTS).map(({ name }) => [name, name])), [lively.map(({ name }) => name).join(), itsProject]);
  const answers = useLiveEach(keyed, readNow, {
    touchedBy: (event, project) => event.project === project && TOUCHING(event),
    everySeconds: 30,
  });
  const beats = useFolded(NO_BEATS, (before, events, isReset) => beatsAfter(isReset ? NO_BEATS : before, events));
  const seen = useSeen();

  const read = useMemo(
    () =>
      Object.keys(keyed).flatMap((project) => {
        const data = answers[project]?.data;
        return data ? [{ project, ...data }] : [];
      }),
    [keyed, answers],
  );
  const isOnly = (project: string, name: string) => record === "" || record === `${project}/${name}`;
  const people = useSame(read.flatMap((now) => peopleOf(now.project, now, beats, clock, seen)).filter((person) => isOnly(person.project, person.name)));
  const held = useSame(
    read.map(({ project, isCut, locks, lockWaiters }) => {
      const waiters = stillWaiting(lockWaiters.nodes, clock);
      // Of one agent: what it holds, and what others hold of what it waits for.
      const waits = record ? waitsOf(itsName, waiters, locks.nodes) : [];
      return { project, isCut, locks: locks.nodes.filter((lock) => isOnly(project, lock.holder) || isInTheWay(lock, waits)), waiters };
    }),
  );
  const failed = Object.values(answers).find((answer) => answer.error);
  const isRead = Object.keys(keyed).every((project) => answers[project]);
  const shownPeople = useSame(peopleFor(only, people, held));
  const shownLocks = useSame(held.map((one) => ({ ...one, locks: locksFor(only, one, people) })));
  const waiting = held.reduce((sum, { project, waiters }) => sum + waiters.filter((waiter) => isOnly(project, waiter.agent)).length, 0);
  const own = held.flatMap(({ project, locks }) => locks.filter((lock) => isOnly(project, lock.holder)));
  if (record && isRead && !failed && people.length === 0) {
    return <NoSuchAgent project={itsProject} name={itsName} isCut={read.some((now) => now.agents.pageInfo.hasNextPage)} />;
  }

  return (
    <div className="now">
      <h1 className="sr-only">Now</h1>
      <Counters record={record} people={people} locks={own} waiting={waiting} only={only} isRead={isRead} />
      {(record || only) && (
        <p className="now-only">
          <span>
            Only {record && <strong>{record}</strong>}
            {record && only && ": "}
            {only && NARROWED[only].title}
          </span>
          <Link href={address("", { only: null })} className="now-all">
            <X size={14} aria-hidden /> Show all
          </Link>
        </p>
      )}
      {failed?.error && <Problem error={failed.error} what="A project" onRetry={failed.refresh} />}
      <div className="now-parts">
        {projects.length === 0 ? (
          <div className="panel now-nobody">
            <Empty title="No agent has come yet">
              <ConnectAnAgent />
            </Empty>
          </div>
        ) : (
          <>
            <Agents people={shownPeople} isOne={record !== ""} nobody={only && NARROWED[only].nobody} isRead={isRead} showsProjects={chosen === null} />
            <Locks projects={shownLocks} nothing={only ? NARROWED[only].nothing : record && `${itsName} holds no lock and waits for none`} isRead={isRead} showsProjects={chosen === null} />
          </>
        )}
        <Stream actor={record} showsProjects={chosen === null} />
      </div>
    </div>
  );
}

/** Return when events last came of each agent, those from before the page among them. */
function useSeen(): Seen {
  const { feed } = useLiveContext();
  const isPastRead = useIsPastRead();
  const past = useMemo(() => seenAfter(NOBODY_SEEN, feed.recent), [feed, isPastRead]);
  const since = useFolded(NOBODY_SEEN, seenAfter);
  return useMemo(() => laterOf(past, since), [past, since]);
}

function NoSuchAgent({ project, name, isCut }: { project: string; name: string; isCut: boolean }) {
  return (
    <div className="now">
      <h1 className="sr-only">Now</h1>
      <div className="panel">
        <Empty title={isCut ? `“${name}” is not among the agents last seen in ${project}` : project && name ? `There is no agent “${name}” in ${project}` : "There is no such agent"}>
          <p>An agent is known from its first session on, by project and name.</p>
          <ViewLink view="now">Show all agents</ViewLink>
        </Empty>
      </div>
    </div>
  );
}
