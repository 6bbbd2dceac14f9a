// Edits of a checklist's entries, and how one made against an older list fits the list as it is now.
import type { ChecklistEntryInput } from "./documents";

export interface Entry {
  index: number;
  text: string;
}

/** Entries have no id: an edit names its entry by the place and the text it had. */
export type Edit =
  | { does: "reword"; index: number; was: string; text: string }
  | { does: "remove"; index: number; was: string }
  | { does: "move"; index: number; was: string; after: { index: number; text: string } | null };

/** Return a key for each entry that stays with its text when entries are moved. */
export function keysOf(entries: readonly Entry[]): string[] {
  const seen = new Map<string, number>();
  return entries.map(({ text }) => {
    const nth = (seen.get(text) ?? 0) + 1;
    seen.set(text, nth);
    return `${nth}:${text}`;
  });
}

/** Return all entries as they are to be after an edit. */
export function entriesAfter(entries: readonly Entry[], edit: Edit): ChecklistEntryInput[] {
  const kept = entries.filter((entry) => entry.index !== edit.index).map(({ index }) => ({ index }));
  switch (edit.does) {
    case "remove":
      return kept;
    case "reword":
      return entries.map(({ index }) => (index === edit.index ? { index, text: edit.text } : { index }));
    case "move": {
      const { after } = edit;
      const place = after === null ? 0 : kept.findIndex(({ index }) => index === after.index) + 1;
      return [...kept.slice(0, place), { index: edit.index }, ...kept.slice(place)];
    }
  }
}

/** Return the edit that moves an entry behind another (null: to the top), or null if it stands there or that is itself. */
export function moveBehind<E extends Entry>(entries: readonly E[], entry: E, after: E | null): Edit | null {
  if (entry === after || (entries[entries.indexOf(entry) - 1] ?? null) === after) return null;
  return { does: "move", index: entry.index, was: entry.text, after: after && { index: after.index, text: after.text } };
}

/** Return the edit for the list as it is now, or null if the entry it is about is not there any more. */
export function fitted(edit: Edit, entries: readonly Entry[]): Edit | null {
  const index = found(entries, edit.index, edit.was);
  if (index === null) return null;
  if (edit.does !== "move" || edit.after === null) return { ...edit, index };
  const neighbour = found(entries, edit.after.index, edit.after.text);
  return neighbour === null ? null : { ...edit, index, after: { index: neighbour, text: edit.after.text } };
}

/** Where an entry of that text is: at its old place, else the only one of that text. */
function found(entries: readonly Entry[], index: number, text: string): number | null {
  if (entries[index]?.text === text) return index;
  const same = entries.filter((entry) => entry.text === text);
  return same.length === 1 ? same[0]!.index : null;
}

/** Return the lines of a text as entries; empty ones are left out. */
export function linesOf(text: string): string[] {
  return text
    .split("\n")
    .map((line) => line.trim())
    .filter(Boolean);
}

/** Split an address's record into a project and what follows. */
export function splitRecord(record: string): [project: string, name: string] {
  const at = record.indexOf("/");
  return at < 0 ? [record, ""] : [record.slice(0, at), record.slice(at + 1)];
}
