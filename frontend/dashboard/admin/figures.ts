// Sizes in words, and the audit log put together from its pages.

const UNITS = ["B", "kB", "MB", "GB", "TB"] as const;

/** Return a size: "512 B", "1.2 MB". */
export function sizeOf(bytes: number): string {
  let value = bytes;
  let unit = 0;
  while (value >= 1_000 && unit < UNITS.length - 1) {
    value /= 1_000;
    unit += 1;
  }
  return `${unit === 0 || value >= 100 ? Math.round(value) : value.toFixed(1)} ${UNITS[unit]}`;
}

/** Return the name of a kind in words: "Backlog item" of BacklogItem. */
export function wordsOf(kind: string): string {
  return kind.replace(/(?<=[a-z])[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`);
}

interface Entry {
  id: string;
}

export interface Log<E> {
  /** Newest first, without a gap. */
  entries: readonly E[];
  /** Where the older ones begin; null: there are none. */
  next: string | null;
}

/** Put the newest page before what is known; if they do not meet, only it is known. */
export function withNewest<E extends Entry>(known: Log<E> | null, page: Log<E>): Log<E> {
  if (known === null) return page;
  const first = known.entries[0];
  const meets = page.next === null ? page.entries.length : page.entries.findIndex((entry) => entry.id === first?.id);
  if (meets < 0) return page;
  const fresh = page.entries.slice(0, meets);
  const old = new Set(fresh.map((entry) => entry.id));
  const entries = [...fresh, ...known.entries.filter((entry) => !old.has(entry.id))];
  return page.next === null ? { entries: page.entries, next: null } : { entries, next: known.next };
}

/** Put an older page behind what is known. */
export function withOlder<E extends Entry>(known: Log<E>, page: Log<E>): Log<E> {
  const have = new Set(known.entries.map((entry) => entry.id));
  return { entries: [...known.entries, ...page.entries.filter((entry) => !have.has(entry.id))], next: page.next };
}
