// What the view Knowledge reads, a project at a time.
import type { Server } from "../live/ask";
import { type Pages, readPages } from "../live/pages";
import {
  DocumentsDocument,
  type DocumentStatus,
  type DocumentType,
  type DuplicatesQuery,
  DuplicatesDocument,
  type ListedFieldsFragment,
  StaleDocumentsDocument,
  type StaleDocumentsQuery,
} from "./documents";

const PAGE = 100;
const MOST_DUPLICATE_PAGES = 10;
const ENOUGH_PAIRS = 40;

export type Pair = DuplicatesQuery["duplicateDocuments"]["nodes"][number];
export type Stale = StaleDocumentsQuery["staleDocuments"]["nodes"][number];
export type Listed = ListedFieldsFragment;

export interface Wanted {
  project: string;
  type: DocumentType | null;
  status: DocumentStatus | null;
  tag: string | null;
  most: number;
}

export function readDocuments(server: Server, { most, ...wanted }: Wanted): Promise<Pages<Listed>> {
  return readPages(async (after) => (await server.query(DocumentsDocument, { ...wanted, first: Math.min(PAGE, most), after })).documents, most);
}

/** Read pairs of near duplicates: those of the first pages, the most alike first. */
export async function readPairs(server: Server, project: string): Promise<{ pairs: Pair[]; hasMore: boolean }> {
  const pairs = new Map<string, Pair>();
  let after: string | null = null;
  for (let page = 0; page < MOST_DUPLICATE_PAGES; page++) {
    const { duplicateDocuments }: DuplicatesQuery = await server.query(DuplicatesDocument, { project, after });
    for (const pair of duplicateDocuments.nodes) pairs.set(`${pair.older.id} ${pair.newer.id}`, pair);
    after = duplicateDocuments.next ?? null;
    if (after === null || pairs.size >= ENOUGH_PAIRS) break;
  }
  return { pairs: [...pairs.values()].sort((one, other) => other.similarity - one.similarity), hasMore: after !== null };
}

export function readStale(server: Server, { project, days, most }: { project: string; days: number; most: number }): Promise<Pages<Stale>> {
  return readPages(async (after) => (await server.query(StaleDocumentsDocument, { project, days, first: PAGE, after })).staleDocuments, most);
}
