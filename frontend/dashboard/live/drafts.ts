// What a person has begun to write and not sent: it outlives what it is written in, and leaving the page asks first.
import { useCallback, useMemo, useSyncExternalStore } from "react";
import { useLiveContext } from "./context";

export class Drafts {
  private readonly kept = new Map<string, unknown>();
  private readonly watchers = new Set<() => void>();
  private names: readonly string[] = [];

  /** `guard` is told whether there is anything to lose. */
  constructor(private readonly guard: (isAny: boolean) => void) {}

  get = (key: string): unknown => this.kept.get(key);

  /** Return what drafts there are; the same list as before while there are the same. */
  keys = (): readonly string[] => this.names;

  /** Keep a draft; undefined forgets it. */
  set(key: string, value: unknown): void {
    const wasThere = this.kept.has(key);
    if (value === undefined) this.kept.delete(key);
    else this.kept.set(key, value);
    if (this.kept.has(key) !== wasThere) {
      this.names = [...this.kept.keys()];
      this.guard(this.names.length > 0);
    }
    for (const watcher of this.watchers) watcher();
  }

  onChange = (watcher: () => void): (() => void) => {
    this.watchers.add(watcher);
    return () => this.watchers.delete(watcher);
  };
}

// Those of one key are not another's: each sign-in has a server of its own.
const ALL = new WeakMap<object, Drafts>();

function useDrafts(): Drafts {
  const { server } = useLiveContext();
  if (!ALL.has(server)) ALL.set(server, new Drafts(guardPage));
  return ALL.get(server)!;
}

function guardPage(isAny: boolean): void {
  if (isAny) addEventListener("beforeunload", ask);
  else removeEventListener("beforeunload", ask);
}

function ask(event: BeforeUnloadEvent): void {
  event.preventDefault();
}

/** Return a draft and what changes it, as `useState` does; what is as `empty` (a constant) is no draft. */
export function useDraft<T>(key: string, empty: T): [T, (step: (before: T) => T) => void] {
  const drafts = useDrafts();
  const value = useSyncExternalStore(drafts.onChange, () => (drafts.get(key) as T | undefined) ?? empty);
  const change = useCallback(
    (step: (before: T) => T) => {
      const next = step((drafts.get(key) as T | undefined) ?? empty);
      drafts.set(key, JSON.stringify(next) === JSON.stringify(empty) ? undefined : next);
    },
    [drafts, key, empty],
  );
  return [value, change];
}

/** Return which drafts there are whose keys begin so, without that beginning. */
export function useDrafted(beginning: string): ReadonlySet<string> {
  const drafts = useDrafts();
  const keys = useSyncExternalStore(drafts.onChange, drafts.keys);
  return useMemo(() => new Set(keys.filter((key) => key.startsWith(beginning)).map((key) => key.slice(beginning.length))), [keys, beginning]);
}
