// The page of somebody who is let in: one feed, the list of projects, and the view of the address.
import { useCallback, useEffect, useMemo, useRef } from "react";
import type { Server } from "../live/ask";
import { type Live, LiveContext, type ProjectRow, useFeedState } from "../live/context";
import { about, type FeedEvent } from "../live/events";
import { Feed } from "../live/feed";
import { browserClock, lineTo } from "../live/line";
import { type Pages, readPages } from "../live/pages";
import { type Answer, useLiveEach } from "../live/useLive";
import { ProjectsDocument, type WhoAmIQuery } from "./documents";
import { useChosenProject } from "./links";
import { Shell } from "./Shell";

interface Props {
  server: Server;
  lineKey: string;
  who: WhoAmIQuery["authStatus"];
  onLeave(): void;
  onRefused(): void;
}

/** Timers of a page that is not looked at may wait for a minute. */
const SLEPT_MS = 90_000;
const CHECK_MS = 5_000;

export function SignedIn({ server, lineKey, who, onLeave, onRefused }: Props) {
  const chosen = useChosenProject();
  const feed = useMemo(() => new Feed(lineTo(server.query, lineKey), browserClock), [server, lineKey]);
  useEffect(() => {
    feed.start(chosen === null ? null : [chosen]);
    return () => feed.stop();
  }, [feed, chosen]);
  useEffect(() => watchForSleep(() => feed.check()), [feed]);
  const live = useMemo(() => ({ server, feed, who, chosen, projects: [] }), [server, feed, who, chosen]);
  return (
    <LiveContext value={live}>
      <WithProjects live={live} onLeave={onLeave} onRefused={onRefused} />
    </LiveContext>
  );
}

const isOfProjects = about(["session", "project", "lock"]);
// Every view reads it all the time; still within a second.
const PROJECTS_GAP_MS = 800;

function WithProjects({ live, onLeave, onRefused }: { live: Live; onLeave(): void; onRefused(): void }) {
  const known = useRef<ReadonlySet<string>>(new Set());
  const touchedBy = useCallback((event: FeedEvent) => isOfProjects(event) || isFirstOfItsProject(event, known.current), []);
  const { data, error, refresh } = useLiveEach(ALL, readProjects, { touchedBy, everySeconds: 60, gapMs: PROJECTS_GAP_MS }).all ?? IDLE;
  const state = useFeedState();
  const told = useCallback(onRefused, [onRefused]);
  useEffect(() => {
    if (state === "refused") told();
  }, [state, told]);
  const projects = data?.nodes;
  useEffect(() => {
    known.current = new Set(projects?.map((project) => project.name));
  }, [projects]);
  const whole = useMemo(() => ({ ...live, projects: projects ?? [] }), [live, projects]);
  return (
    <LiveContext value={whole}>
      <Shell isReady={projects !== undefined} error={error} onRetry={refresh} onLeave={onLeave} />
    </LiveContext>
  );
}

function isFirstOfItsProject(event: FeedEvent, known: ReadonlySet<string>): boolean {
  return event.project !== "" && !known.has(event.project) && known.size < MOST_PROJECTS;
}

const ALL = { all: null };
const IDLE: Answer<Pages<ProjectRow>> = { refresh() {} };
const MOST_PROJECTS = 1_000;

function readProjects(server: Server): Promise<Pages<ProjectRow>> {
  return readPages(async (after) => (await server.query(ProjectsDocument, { after })).projects, MOST_PROJECTS);
}

/** Call `woke` when the machine slept or the network changed: the connection may be dead without knowing it. */
function watchForSleep(woke: () => void): () => void {
  let before = Date.now();
  const timer = setInterval(() => {
    if (Date.now() - before > SLEPT_MS) woke();
    before = Date.now();
  }, CHECK_MS);
  addEventListener("online", woke);
  return () => {
    clearInterval(timer);
    removeEventListener("online", woke);
  };
}
