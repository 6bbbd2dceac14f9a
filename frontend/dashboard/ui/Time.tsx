// A time in words, the exact one on hover; all of them move with one clock.
import { useSyncExternalStore } from "react";
import { ago, exact, lasting } from "./moments";

const TICK_MS = 5_000;
const watchers = new Set<() => void>();
let now = Date.now();
let timer: ReturnType<typeof setInterval> | undefined;

function watch(changed: () => void): () => void {
  watchers.add(changed);
  // It stood still while nothing on the page told a time.
  if (timer === undefined) now = Date.now();
  timer ??= setInterval(() => {
    now = Date.now();
    for (const watcher of watchers) watcher();
  }, TICK_MS);
  return () => {
    watchers.delete(changed);
    if (watchers.size > 0) return;
    clearInterval(timer);
    timer = undefined;
  };
}

/** Return the time in milliseconds; it moves every 5 seconds. */
export function useClock(): number {
  return useSyncExternalStore(watch, () => now);
}

/** How long it has been so: "for 3 min". */
export function Lasting({ since }: { since: string }) {
  const current = Math.max(useClock(), Date.parse(since));
  return (
    <time dateTime={since} title={exact(since)}>
      {lasting(since, current)}
    </time>
  );
}

export function Time({ at }: { at: string }) {
  const current = Math.max(useClock(), Date.parse(at));
  return (
    <time dateTime={at} title={exact(at)}>
      {ago(at, current)}
    </time>
  );
}
