// What every view has at hand: the server, the feed, who is signed in, which projects are looked at.
import { createContext, useCallback, useContext, useEffect, useRef, useState, useSyncExternalStore } from "react";
import type { WhoAmIQuery, ProjectsQuery } from "../app/documents";
import type { Server } from "./ask";
import type { FeedEvent } from "./events";
import type { Feed, FeedState } from "./feed";

export type Role = WhoAmIQuery["authStatus"]["role"];
export type ProjectRow = ProjectsQuery["projects"]["nodes"][number];

const RANKS: readonly Role[] = ["READONLY", "AGENT", "USER", "ADMIN", "OWNER"];

export interface Live {
  server: Server;
  feed: Feed;
  who: WhoAmIQuery["authStatus"];
  /** The project chosen, or null for all. */
  chosen: string | null;
  projects: readonly ProjectRow[];
}

export const LiveContext = createContext<Live | null>(null);

export function useLiveContext(): Live {
  const live = useContext(LiveContext);
  if (!live) throw new Error("outside of the signed-in page");
  return live;
}

/** Tell whether the signed-in key has at least this role. */
export function useMay(role: Role): boolean {
  return RANKS.indexOf(useLiveContext().who.role) >= RANKS.indexOf(role);
}

/** Return the projects to show: the chosen one, or all. */
export function useShownProjects(): readonly ProjectRow[] {
  const { chosen, projects } = useLiveContext();
  return chosen === null ? projects : projects.filter((project) => project.name === chosen);
}

export function useFeedState(): FeedState {
  const { feed } = useLiveContext();
  return useSyncExternalStore(useCallback((changed) => feed.onChange(changed), [feed]), () => feed.state);
}

/** Return the newest events, oldest first, heartbeats left out; at most 1,000. */
export function useRecentEvents(): readonly FeedEvent[] {
  const { feed } = useLiveContext();
  return useSyncExternalStore(useCallback((changed) => feed.onChange(changed), [feed]), () => feed.recent);
}

/** Tell whether it is known what happened before the page was opened. */
export function useIsPastRead(): boolean {
  const { feed } = useLiveContext();
  return useSyncExternalStore(useCallback((changed) => feed.onChange(changed), [feed]), () => feed.isPastRead);
}

/** Keep a value that events change: `step` gets each batch, in order; a reset gives `isReset`. */
export function useFolded<S>(initial: S, step: (state: S, events: readonly FeedEvent[], isReset: boolean) => S): S {
  const { feed } = useLiveContext();
  const [state, setState] = useState(initial);
  const latest = useRef(step);
  latest.current = step;
  useEffect(() => feed.onBatch(({ events, isReset }) => setState((before) => latest.current(before, events, isReset))), [feed]);
  return state;
}
