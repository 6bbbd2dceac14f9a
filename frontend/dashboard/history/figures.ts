// What charts draw: counts of several projects added up, grouped into few series, named in words.
import type { ActivityQuery, ContentionQuery } from "./documents";
import { GROUPS, OTHER } from "../now/told";

export interface Span {
  id: string;
  title: string;
  unit: "HOUR" | "DAY";
  last: number;
  days: number;
}

export const SPANS: readonly Span[] = [
  { id: "24h", title: "24 hours", unit: "HOUR", last: 24, days: 1 },
  { id: "3d", title: "3 days", unit: "HOUR", last: 72, days: 3 },
  { id: "7d", title: "7 days", unit: "HOUR", last: 168, days: 7 },
  { id: "30d", title: "30 days", unit: "DAY", last: 30, days: 30 },
  { id: "90d", title: "90 days", unit: "DAY", last: 90, days: 90 },
];

export function spanOf(id: string | null): Span {
  return SPANS.find((span) => span.id === id) ?? SPANS[0]!;
}

type Given = ActivityQuery["activity"][number];
type Contested = ContentionQuery["lockContention"][number];

export interface Series {
  id: string;
  title: string;
}

export interface Bar {
  /** When it began (time charts), or what it is of. */
  key: string;
  counts: Readonly<Record<string, number>>;
  total: number;
}

export const EVENT_SERIES: readonly Series[] = [...GROUPS.map(({ id, title }) => ({ id, title })), { id: OTHER, title: "Other" }];
export const CONTENTION_SERIES: readonly Series[] = [
  { id: "refusals", title: "Refused" },
  { id: "waits", title: "Waited" },
  { id: "takeovers", title: "Taken over" },
];

const GROUP_OF = new Map(GROUPS.flatMap(({ id, areas }) => areas.map((area) => [area, id] as const)));

/** Return the group of a kind of event: `locks` of `lock.granted`. */
export function groupOfKind(kind: string): string {
  return GROUP_OF.get(kind.split(".")[0] ?? "") ?? OTHER;
}

/** Add up the buckets of several projects, oldest first; names are put together by `idOf`. */
export function addedUp(projects: readonly (readonly Given[])[], idOf: (name: string) => string): Bar[] {
  const bars = new Map<string, { counts: Record<string, number>; total: number }>();
  for (const { startsAt, counts } of projects.flat()) {
    const bar = bars.get(startsAt) ?? { counts: {}, total: 0 };
    for (const { name, count } of counts) {
      const id = idOf(name);
      bar.counts[id] = (bar.counts[id] ?? 0) + count;
      bar.total += count;
    }
    bars.set(startsAt, bar);
  }
  return [...bars].map(([key, bar]) => ({ key, ...bar })).sort((a, b) => Date.parse(a.key) - Date.parse(b.key));
}

/** Return how often each name was counted in all, the most frequent first. */
export function totalsOf(bars: readonly Bar[]): Bar[] {
  const totals = new Map<string, number>();
  for (const { counts } of bars) for (const [id, count] of Object.entries(counts)) totals.set(id, (totals.get(id) ?? 0) + count);
  return [...totals].map(([key, total]) => ({ key, total, counts: { count: total } })).sort((a, b) => b.total - a.total || (a.key < b.key ? -1 : 1));
}

/** Return the most fought-over paths of several projects; the project stands before the path where there are several. */
export function contested(projects: readonly { project: string; paths: readonly Contested[] }[], most: number): Bar[] {
  const isOne = projects.length === 1;
  return projects
    .flatMap(({ project, paths }) =>
      paths.map(({ path, refusals, waits, takeovers, total }) => ({ key: isOne ? path : `${project}: ${path}`, total, counts: { refusals, waits, takeovers } })),
    )
    .sort((a, b) => b.total - a.total || (a.key < b.key ? -1 : 1))
    .slice(0, most);
}

/** Return when a bucket began, in words: days are days of UTC. */
export function whenOf(startsAt: string, unit: Span["unit"]): string {
  const at = new Date(startsAt);
  if (unit === "DAY") return at.toLocaleDateString(undefined, { month: "short", day: "numeric", timeZone: "UTC" });
  return at.toLocaleString(undefined, { weekday: "short", hour: "2-digit", minute: "2-digit" });
}

const HOURS = [1, 2, 3, 4, 6, 8, 12, 24];

/** Return which buckets of a time chart are named below it, at most `most` of them, and how: hours are round ones, midnight is its day. */
export function namedBelow(bars: readonly Bar[], unit: Span["unit"], most: number): { index: number; text: string }[] {
  const least = Math.ceil(bars.length / Math.max(1, most));
  const all = bars.map(({ key }, index) => ({ index, at: new Date(key), key }));
  if (unit === "DAY") return all.filter(({ index }) => index % least === 0).map(({ index, key }) => ({ index, text: whenOf(key, unit) }));
  const step = HOURS.find((hours) => hours >= least) ?? 24;
  return all
    .filter(({ at }) => at.getHours() % step === 0)
    .filter((_, index) => step < 24 || index % Math.ceil(least / 24) === 0)
    .map(({ index, at }) => ({
      index,
      text: at.getHours() === 0 ? at.toLocaleDateString(undefined, { weekday: "short", day: "numeric" }) : at.toLocaleTimeString(undefined, { hour: "numeric", minute: "2-digit" }),
    }));
}

/** Return a bar's counts in a sentence, the largest first. */
export function saidOf(bar: Bar, series: readonly Series[]): string {
  const parts = series.map(({ id, title }) => ({ title, count: bar.counts[id] ?? 0 })).filter(({ count }) => count > 0);
  parts.sort((a, b) => b.count - a.count);
  const total = bar.total.toLocaleString();
  return parts.length > 1 ? `${total}: ${parts.map(({ title, count }) => `${title} ${count.toLocaleString()}`).join(", ")}` : total;
}

/** Return a length of time: "0.4 ms", "12 ms", "1.3 s". */
export function took(milliseconds: number): string {
  if (milliseconds >= 1_000) return `${(milliseconds / 1_000).toFixed(milliseconds >= 10_000 ? 0 : 1)} s`;
  return `${milliseconds >= 10 ? Math.round(milliseconds) : milliseconds.toFixed(1)} ms`;
}

export function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
