// Now: who is here, who holds and waits for what, and what happens, as it happens.
import "./now.css";
import { X } from "lucide-react";
import { useMemo } from "react";
import { ViewLink } from "../app/links";
import type { ViewProps } from "../app/views";
import { useFolded, useLiveContext, useShownProjects } from "../live/context";
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
import { Stream } from "./Stream";
import { stillWaiting } from "./waiters";

const MOST_PROJECTS = 30;
const TOUCHING = about(["session", "lock", "work", "agent", "project"]);
const NO_BEATS: Beats = {};

export default function NowView({ record }: ViewProps) {
  const { chosen, projects } = useLiveContext();
  const shown = useShownProjects();
  const clock = useClock();
  const lively = shown.filter((project) => project.activeSessions > 0 || project.locks > 0 || project.name === chosen);
  const keyed = useMemo(() => Object.fromEntries(lively.slice(0, MOST_PROJECTS).map(({ name }) => [name, name])), [lively.map(({ name }) => name).join()]);
  const answers = useLiveEach(keyed, readNow, {
    touchedBy: (event, project) => event.project === project && TOUCHING(event),
    everySeconds: 30,
  });
  const beats = useFolded(NO_BEATS, (before, events, isReset) => beatsAfter(isReset ? NO_BEATS : before, events));

  const read = useMemo(
    () =>
      Object.keys(keyed).flatMap((project) => {
        const data = answers[project]?.data;
        return data ? [{ project, ...data }] : [];
      }),
    [keyed, answers],
  );
  const isOnly = (project: string, name: string) => record === "" || record === `${project}/${name}`;
  const people = useSame(read.flatMap((now) => peopleOf(now.project, now, beats, clock)).filter((person) => isOnly(person.project, person.name)));
  const held = useSame(
    read.map(({ project, isCut, locks, lockWaiters }) => ({
      project,
      isCut,
      locks: locks.nodes.filter((lock) => isOnly(project, lock.holder)),
      waiters: stillWaiting(lockWaiters.nodes, clock),
    })),
  );
  const failed = Object.values(answers).find((answer) => answer.error);
  const isRead = Object.keys(keyed).every((project) => answers[project]);

  return (
    <div className="now">
      <h1 className="sr-only">Now</h1>
      <Counters people={people} locks={held.flatMap((now) => now.locks)} waiting={held.reduce((sum, now) => sum + now.waiters.length, 0)} isRead={isRead} />
      {record && (
        <p className="now-only">
          Only <strong>{record}</strong>
          <ViewLink view="now" className="now-all">
            <X size={14} aria-hidden /> Show all
          </ViewLink>
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
            <Agents people={people} isRead={isRead} showsProjects={chosen === null} locks={held} />
            <Locks projects={held} isRead={isRead} showsProjects={chosen === null} />
          </>
        )}
        <Stream actor={record} showsProjects={chosen === null} />
      </div>
    </div>
  );
}
