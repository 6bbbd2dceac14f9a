// What Messages reads: all threads of a project that the server lists, and one thread whole.
import type { Server } from "../live/ask";
import { readPages } from "../live/pages";
import { ThreadMessagesDocument, ThreadsDocument, type ThreadsQuery } from "./documents";
import type { Message } from "./standing";
import type { Thread } from "./threads";

const MOST_THREADS = 1_500;
const MOST_MESSAGES = 500;

export interface ProjectThreads {
  threads: Thread[];
  /** Whether there are older threads, which the server does not list. */
  isCut: boolean;
}

export async function readThreads(server: Server, project: string): Promise<ProjectThreads> {
  const threads = new Map<string, Thread>();
  let after: string | null = null;
  for (;;) {
    const { threads: page }: ThreadsQuery = await server.query(ThreadsDocument, { project, after });
    for (const thread of page.nodes) threads.set(thread.id, thread);
    after = page.next;
    if (after === null || threads.size >= MOST_THREADS) return { threads: [...threads.values()], isCut: page.isCut || after !== null };
  }
}

export interface OneThread {
  messages: readonly Message[];
  hasMore: boolean;
}

export async function readThread(server: Server, { project, thread }: { project: string; thread: string }): Promise<OneThread> {
  const { nodes, hasMore } = await readPages(async (after) => (await server.query(ThreadMessagesDocument, { project, thread, after })).messages, MOST_MESSAGES);
  return { messages: nodes, hasMore };
}
