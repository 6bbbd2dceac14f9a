// Locks as a tree of paths: a folder with one entry and no lock of its own is drawn as part of that entry.
import { natural } from "../ui/natural";

export interface HeldLock {
  path: string;
  holder: string;
  reason: string;
  since: string;
  fence: number;
  stale: boolean;
}

export interface Node {
  /** The whole path from the root; a folder's ends in "/". */
  id: string;
  /** What is written at this level. */
  name: string;
  lock?: HeldLock;
  children: Node[];
  /** How many locks there are at it and below it. */
  count: number;
}

/** Build the tree of a project's locks, folders and files in the order of their names. */
export function treeOf(locks: readonly HeldLock[]): Node[] {
  const root: Node = { id: "", name: "", children: [], count: 0 };
  for (const lock of locks) {
    let at = root;
    at.count += 1;
    for (const part of partsOf(lock.path)) {
      const id = at.id + part;
      let next = at.children.find((child) => child.id === id);
      if (!next) {
        next = { id, name: part, children: [], count: 0 };
        at.children.push(next);
      }
      next.count += 1;
      at = next;
    }
    at.lock = lock;
  }
  return ordered(root);
}

function partsOf(path: string): string[] {
  return path.match(/[^/]*\/|[^/]+$/g) ?? [path];
}

function ordered(node: Node): Node[] {
  return node.children.sort((a, b) => natural(a.name, b.name)).map(joined);
}

function joined(node: Node): Node {
  const [only] = node.children;
  if (!node.lock && only && node.children.length === 1) {
    const below = joined(only);
    return { ...below, name: node.name + below.name };
  }
  return { ...node, children: ordered(node) };
}
