// The difference between two texts, in lines that a person can read.
import { diffLines, diffWordsWithSpace } from "diff";

export interface Span {
  text: string;
  /** Whether this part is only in its own text. */
  isOwn: boolean;
}

export type Line =
  | { is: "same"; before: number; after: number; spans: readonly Span[] }
  | { is: "gone"; before: number; spans: readonly Span[] }
  | { is: "new"; after: number; spans: readonly Span[] }
  /** Lines that are the same on both sides and left out. */
  | { is: "skipped"; key: number; lines: readonly Line[] };

const TIMEOUT_MS = 400;
const AROUND = 3;
/** A line longer than this is not compared word by word. */
const LONGEST = 2_000;

/** Return both texts as lines; of what is the same only some around each change, the rest folded. */
export function lineDiff(before: string, after: string): Line[] {
  const parts = diffLines(withEnd(before), withEnd(after), { timeout: TIMEOUT_MS }) ?? [
    { value: before, removed: true, added: false, count: 0 },
    { value: after, removed: false, added: true, count: 0 },
  ];
  const lines: Line[] = [];
  let [old, young] = [1, 1];
  parts.forEach((part, index) => {
    const texts = linesOf(part.value);
    if (part.removed) {
      const next = parts[index + 1];
      const others = next?.added ? linesOf(next.value) : [];
      for (const [at, text] of texts.entries()) lines.push({ is: "gone", before: old++, spans: spansOf(text, others[at], "gone") });
    } else if (part.added) {
      const previous = parts[index - 1];
      const others = previous?.removed ? linesOf(previous.value) : [];
      for (const [at, text] of texts.entries()) lines.push({ is: "new", after: young++, spans: spansOf(text, others[at], "new") });
    } else {
      for (const text of texts) lines.push({ is: "same", before: old++, after: young++, spans: [{ text, isOwn: false }] });
    }
  });
  return folded(lines);
}

/** Return how many lines came and went. */
export function countOf(lines: readonly Line[]): { came: number; went: number } {
  return { came: lines.filter(({ is }) => is === "new").length, went: lines.filter(({ is }) => is === "gone").length };
}

/** Return two texts, each with the words marked that are only in it. */
export function wordDiff(before: string, after: string): { before: Span[]; after: Span[] } {
  const parts = diffWordsWithSpace(before, after, { timeout: TIMEOUT_MS });
  if (!parts) return { before: [{ text: before, isOwn: true }], after: [{ text: after, isOwn: true }] };
  return {
    before: parts.filter((part) => !part.added).map((part) => ({ text: part.value, isOwn: part.removed })),
    after: parts.filter((part) => !part.removed).map((part) => ({ text: part.value, isOwn: part.added })),
  };
}

function spansOf(text: string, other: string | undefined, side: "gone" | "new"): Span[] {
  if (other === undefined || text.length > LONGEST || other.length > LONGEST) return [{ text, isOwn: false }];
  const spans = side === "gone" ? wordDiff(text, other).before : wordDiff(other, text).after;
  const same = spans.reduce((sum, span) => sum + (span.isOwn ? 0 : span.text.trim().length), 0);
  // Two lines that have little in common are not one line changed.
  return same * 3 < text.trim().length ? [{ text, isOwn: false }] : spans;
}

function folded(lines: readonly Line[]): Line[] {
  const isNear = new Array<boolean>(lines.length).fill(false);
  lines.forEach((line, index) => {
    if (line.is === "same") return;
    for (let at = Math.max(0, index - AROUND); at <= Math.min(lines.length - 1, index + AROUND); at++) isNear[at] = true;
  });
  const shown: Line[] = [];
  for (let index = 0; index < lines.length; ) {
    if (isNear[index]) {
      shown.push(lines[index++]!);
      continue;
    }
    let end = index;
    while (end < lines.length && !isNear[end]) end++;
    const left = lines.slice(index, end);
    if (left.length === 1) shown.push(left[0]!);
    else shown.push({ is: "skipped", key: index, lines: left });
    index = end;
  }
  return shown;
}

/** A last line without an end is the same as one with it. */
function withEnd(text: string): string {
  return text === "" || text.endsWith("\n") ? text : `${text}\n`;
}

function linesOf(value: string): string[] {
  const lines = value.split("\n");
  if (lines.at(-1) === "") lines.pop();
  return lines;
}
