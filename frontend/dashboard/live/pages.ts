// Lists of several pages, read as one.

interface Page<N> {
  nodes: readonly N[];
  pageInfo: { hasNextPage: boolean; endCursor?: string | null };
}

export interface Pages<N> {
  nodes: readonly N[];
  hasMore: boolean;
}

/** Read page after page until the list ends or at least `most` entries are read. */
export async function readPages<N>(read: (after: string | null) => Promise<Page<N>>, most: number): Promise<Pages<N>> {
  const nodes: N[] = [];
  let after: string | null = null;
  for (;;) {
    const page: Page<N> = await read(after);
    nodes.push(...page.nodes);
    after = page.pageInfo.endCursor ?? null;
    if (!page.pageInfo.hasNextPage || after === null) return { nodes, hasMore: false };
    if (nodes.length >= most) return { nodes, hasMore: true };
  }
}
