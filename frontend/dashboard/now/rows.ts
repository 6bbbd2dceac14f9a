// The tree of locks as the rows that are seen, and where a key leads among them, as WAI-ARIA has it for trees.
import type { Node } from "./tree";

export interface Row {
  node: Node;
  /** From 1. */
  level: number;
  /** Its place among the entries of its folder, from 1, and how many they are. */
  place: number;
  siblings: number;
  isOpen: boolean;
}

/** Return the rows from top to bottom; what is in a closed folder has none. */
export function rowsOf(nodes: readonly Node[], isOpen: (id: string) => boolean, level = 1): Row[] {
  return nodes.flatMap((node, index) => {
    const row = { node, level, place: index + 1, siblings: nodes.length, isOpen: node.children.length > 0 && isOpen(node.id) };
    return row.isOpen ? [row, ...rowsOf(node.children, isOpen, level + 1)] : [row];
  });
}

/** What a key asks for: another row, the row's folder turned, or what can be done with the row. */
export type Step = { to: number } | { turn: string } | { act: true };

/** Return what a key asks for at a row; null: nothing. */
export function stepOf(key: string, at: number, rows: readonly Row[]): Step | null {
  const row = rows[at];
  if (!row) return null;
  const isFolder = row.node.children.length > 0;
  switch (key) {
    case "ArrowDown":
      return at + 1 < rows.length ? { to: at + 1 } : null;
    case "ArrowUp":
      return at > 0 ? { to: at - 1 } : null;
    case "Home":
      return { to: 0 };
    case "End":
      return { to: rows.length - 1 };
    case "ArrowRight":
      if (!isFolder) return { act: true };
      return row.isOpen ? { to: at + 1 } : { turn: row.node.id };
    case "ArrowLeft":
      return row.isOpen ? { turn: row.node.id } : above(at, rows);
    case "Enter":
    case " ":
      return isFolder ? { turn: row.node.id } : { act: true };
    default:
      return key.length === 1 ? beginning(key, at, rows) : null;
  }
}

function above(at: number, rows: readonly Row[]): Step | null {
  const to = rows.slice(0, at).findLastIndex((row) => row.level < rows[at]!.level);
  return to < 0 ? null : { to };
}

/** Return the next row whose name begins with the letter. */
function beginning(letter: string, at: number, rows: readonly Row[]): Step | null {
  for (let step = 1; step <= rows.length; step += 1) {
    const to = (at + step) % rows.length;
    if (rows[to]!.node.name.toLowerCase().startsWith(letter.toLowerCase())) return { to };
  }
  return null;
}
