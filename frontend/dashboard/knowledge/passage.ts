// A text in pieces: the words that were asked for, and the documents that it names.

export interface Piece {
  text: string;
  isAsked?: boolean;
  /** The id of the document that the piece names. */
  document?: string;
}

const SHORTEST = 3;

/** Split a text at the words of a question, whole or as the beginning of a longer word; upper and lower case are the same. */
export function marked(text: string, query: string): Piece[] {
  const asked = [...new Set(query.toLowerCase().match(/[\p{L}\p{N}_]+/gu) ?? [])].filter((word) => word.length >= SHORTEST);
  if (asked.length === 0) return [{ text }];
  asked.sort((one, other) => other.length - one.length);
  const pattern = new RegExp(`(?<![\\p{L}\\p{N}])(?:${asked.join("|")})`, "giu");
  return split(text, pattern, (found) => ({ text: found, isAsked: true }));
}

/** Split a text at the ids of documents. */
export function linked(text: string): Piece[] {
  return split(text, /\bdoc_[0-9A-Za-z]{6,}\b/g, (found) => ({ text: found, document: found }));
}

function split(text: string, pattern: RegExp, piece: (found: string) => Piece): Piece[] {
  const pieces: Piece[] = [];
  let end = 0;
  for (const { 0: found, index } of text.matchAll(pattern)) {
    if (index > end) pieces.push({ text: text.slice(end, index) });
    pieces.push(piece(found));
    end = index + found.length;
  }
  if (end < text.length || pieces.length === 0) pieces.push({ text: text.slice(end) });
  return pieces;
}
