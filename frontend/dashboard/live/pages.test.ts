import { expect, test } from "vitest";
import { readPages } from "./pages";

const list = (size: number) => async (after: string | null) => {
  const start = Number(after ?? 0);
  const nodes = Array.from({ length: Math.min(2, size - start) }, (_, index) => start + index);
  return { nodes, pageInfo: { hasNextPage: start + 2 < size, endCursor: String(start + 2) } };
};

test("all pages are one list, in order", async () => {
  expect(await readPages(list(5), 100)).toEqual({ nodes: [0, 1, 2, 3, 4], hasMore: false });
});

test("a list that is longer than wanted says so", async () => {
  expect(await readPages(list(9), 3)).toEqual({ nodes: [0, 1, 2, 3], hasMore: true });
});
