// The board of the shown projects, kept right by the feed.
import { useEffect, useMemo, useSyncExternalStore } from "react";
import type { Server } from "../live/ask";
import { useLiveContext } from "../live/context";
import { Board, type Snapshot, type Source } from "./board";
import { BacklogCardDocument, BacklogPageDocument } from "./documents";

export function useBoard(projects: readonly string[], wantsClosed: boolean): { board: Board; snapshot: Snapshot } {
  const { server, feed, chosen } = useLiveContext();
  const names = JSON.stringify(projects);
  const board = useMemo(() => new Board(sourceOf(server), JSON.parse(names) as string[], (wait, work) => void setTimeout(work, wait)), [server, chosen]);
  useEffect(() => board.of(JSON.parse(names) as string[]), [board, names]);
  useEffect(() => board.withClosed(wantsClosed), [board, wantsClosed]);
  useEffect(() => {
    board.read();
    const stop = feed.onBatch(({ events, isReset }) => board.take(events, isReset));
    return () => {
      stop();
      board.stop();
    };
  }, [board, feed]);
  const snapshot = useSyncExternalStore(board.onChange, () => board.snapshot);
  return { board, snapshot };
}

function sourceOf(server: Server): Source {
  return {
    page: async (project, status, after) => (await server.query(BacklogPageDocument, { project, status, after, isFirst: after === null })).backlog,
    card: async (itemId) => (await server.query(BacklogCardDocument, { itemId })).backlogItem,
  };
}
