// Who is here: sessions under way and heartbeats, of which the newer word counts, beside those known but away.
import type { FeedEvent } from "../live/events";
import { natural } from "../ui/natural";
import type { AgentState, NowProjectQuery, WorkStatus } from "./documents";
import type { Seen } from "./seen";
import { stillWaiting, type Wait, waitsOf } from "./waiters";

/** `quiet`: a session is open, but nothing was heard of it for 5 minutes. */
export type Presence = "busy" | "idle" | "error" | "active" | "quiet" | "away";

export interface Person {
  project: string;
  name: string;
  presence: Presence;
  task: string;
  seenAt: string | null;
  tier: string;
  role: string;
  spawnedBy: string;
  work: { title: string; status: WorkStatus; blockedBy: string; blockedReason: string; waitingForSignal: string } | null;
  /** Those under way, the latest first. */
  sessions: readonly { id: string; task: string; createdAt: string }[];
  /** The paths that it has locked. */
  held: readonly string[];
  waitsFor: readonly Wait[];
  /** Why a person should look at it, or "". */
  trouble: string;
}

export interface Beat {
  agent: string;
  status: AgentState;
  currentTask: string;
  heartbeatAt: string;
}

export type Beats = Readonly<Record<string, Beat>>;

const STALE_MS = 5 * 60_000;
const ORDER: readonly Presence[] = ["error", "busy", "active", "idle", "quiet", "away"];

export function beatKey(project: string, agent: string): string {
  return `${project}/${agent}`;
}

/** Return the latest heartbeat of each agent after a batch of events. */
export function beatsAfter(before: Beats, events: readonly FeedEvent[]): Beats {
  let after = before;
  for (const event of events) {
    if (event.__typename !== "HeartbeatEvent" || !event.agentState) continue;
    const beat = { agent: event.agent, status: event.agentState, currentTask: event.currentTask, heartbeatAt: event.heartbeatAt ?? event.at };
    const key = beatKey(event.project, event.agent);
    const known = after[key];
    if (!known || known.heartbeatAt <= beat.heartbeatAt) after = { ...after, [key]: beat };
  }
  return after;
}

/** Return the people of a project: those in trouble and at work first, then by name. `seen`: when events came of them. */
export function peopleOf(project: string, now: NowProjectQuery, beats: Beats, clock: number, seen: Seen = {}): Person[] {
  const heard = new Map<string, Beat>(now.agentStatuses.nodes.map((status) => [status.agent, status]));
  for (const [name, beat] of heard) {
    const live = beats[beatKey(project, name)];
    if (live && live.heartbeatAt > beat.heartbeatAt) heard.set(name, live);
  }
  for (const beat of Object.values(beats)) {
    if (beats[beatKey(project, beat.agent)] === beat && !heard.has(beat.agent)) heard.set(beat.agent, beat);
  }
  const known = new Map(now.agents.nodes.map((agent) => [agent.name, agent]));
  const names = new Set([...now.sessions.nodes.map((session) => session.agent), ...known.keys()]);
  const works = new Map(now.activeWork.currentlyActive.map((active) => [active.sessionId, active.work]));

  const waiting = stillWaiting(now.lockWaiters.nodes, clock);
  const people = [...names].map((name): Person => {
    const sessions = now.sessions.nodes.filter((session) => session.agent === name);
    const [latest] = sessions;
    const agent = known.get(name);
    const beat = heard.get(name);
    const seenAt = newest([latest?.activeAt, beat?.heartbeatAt, agent?.lastSeenAt, seen[beatKey(project, name)]]);
    const isBeatFresh = beat !== undefined && clock - Date.parse(beat.heartbeatAt) < STALE_MS;
    const isFresh = seenAt !== null && clock - Date.parse(seenAt) < STALE_MS;
    const presence = !latest ? "away" : isBeatFresh ? lowered(beat.status) : isFresh ? "active" : "quiet";
    const work = sessions.map((session) => works.get(session.id)).find((one) => one && one.status !== "COMPLETED") ?? null;
    const held = now.locks.nodes.filter((lock) => lock.holder === name).map((lock) => lock.path);
    return {
      project,
      name,
      presence,
      task: (latest && isBeatFresh && beat.currentTask) || latest?.task || agent?.lastTask || "",
      seenAt,
      tier: agent?.tier ?? (latest?.spawnedBy ? "WORKER" : ""),
      role: agent?.roleDescription ?? "",
      spawnedBy: latest?.spawnedBy ?? "",
      work,
      sessions: sessions.map(({ id, task, createdAt }) => ({ id, task, createdAt })),
      held,
      waitsFor: waitsOf(name, waiting, now.locks.nodes),
      trouble: troubleOf(presence, work, held.length),
    };
  });
  return people.sort((a, b) => Number(b.trouble !== "") - Number(a.trouble !== "") || ORDER.indexOf(a.presence) - ORDER.indexOf(b.presence) || natural(a.name, b.name));
}

function troubleOf(presence: Presence, work: Person["work"], held: number): string {
  if (presence === "error") return "says that it is in trouble";
  if (work?.status === "BLOCKED") return "its work is blocked";
  if (presence === "quiet" && held > 0) return `silent, but still holds ${held === 1 ? "a lock" : `${held} locks`}`;
  return "";
}

function lowered(state: AgentState): "busy" | "idle" | "error" {
  return state.toLowerCase() as "busy" | "idle" | "error";
}

function newest(times: readonly (string | null | undefined)[]): string | null {
  const given = times.filter((time): time is string => !!time);
  return given.length === 0 ? null : given.reduce((a, b) => (Date.parse(a) >= Date.parse(b) ? a : b));
}
