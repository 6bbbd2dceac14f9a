// A thread, opened: its messages in order, how each stands with whom, and the person's answer.
import { CheckCheck } from "lucide-react";
import { useEffect, useMemo, useRef } from "react";
import { ViewLink } from "../app/links";
import { useLiveContext, useMay } from "../live/context";
import { about } from "../live/events";
import { useLiveEach } from "../live/useLive";
import { Button } from "../ui/Button";
import { RowsToCome } from "../ui/Coming";
import { Empty } from "../ui/Empty";
import { Panel } from "../ui/Panel";
import { Problem } from "../ui/Problem";
import { tell, tellFailure } from "../ui/toasts";
import { MoveMessageDocument } from "./documents";
import { OneMessage } from "./OneMessage";
import { useOwnName } from "../live/own";
import { readThread } from "./read";
import { Reply } from "./Reply";
import { waitingFor } from "./standing";

const TOUCHING = about(["message"]);

/** The panel of one thread of a project. */
export function OneThreadPart({ project, thread }: { project: string; thread: string }) {
  const { server } = useLiveContext();
  const own = useOwnName();
  const may = useMay("AGENT");
  const keyed = useMemo(() => ({ it: { project, thread } }), [project, thread]);
  const { data, error, refresh } = useLiveEach(keyed, readThread, { touchedBy: TOUCHING }).it ?? {};
  const end = useRef<HTMLDivElement>(null);
  const count = data?.messages.length ?? 0;
  const before = useRef(0);
  useEffect(() => {
    // What comes while it is open is brought into sight; a long thread is opened at its beginning.
    if (before.current > 0 && count > before.current) end.current?.scrollIntoView({ block: "nearest" });
    before.current = count;
  }, [count]);

  if (!data) {
    return (
      <Panel title="Conversation">
        {error ? <Problem error={error} what="The thread" onRetry={refresh} /> : <RowsToCome count={3} />}
      </Panel>
    );
  }
  const { messages } = data;
  const last = messages.at(-1);
  const mine = waitingFor(own, messages);
  const acknowledge = async () => {
    try {
      for (const message of mine) await server.mutate(MoveMessageDocument, { input: { project: message.project, messageId: message.id, status: "RECEIVED" } });
      tell(mine.length === 1 ? "Acknowledged." : `${mine.length} messages acknowledged.`);
      refresh?.();
    } catch (failure) {
      tellFailure(failure);
    }
  };
  return (
    <Panel
      title="Conversation"
      count={count}
      className="messages-thread"
      actions={
        may &&
        mine.length > 0 && (
          <Button kind="primary" onPress={() => void acknowledge()}>
            <CheckCheck size={16} aria-hidden /> Acknowledge {mine.length === 1 ? "the message" : `${mine.length} messages`} to you
          </Button>
        )
      }
    >
      <div className="messages-scroll">
        {!last && (
          <Empty title="There is no such thread">
            <p>Finished messages are kept for 7 days; this one may be gone.</p>
            <ViewLink view="messages">See all threads</ViewLink>
          </Empty>
        )}
        <ol className="messages-list">
          {messages.map((message) => (
            <li key={message.id}>
              <OneMessage message={message} thread={messages} own={own} onMoved={() => refresh?.()} />
            </li>
          ))}
        </ol>
        {data.hasMore && <p className="faint messages-note">Only the first {count} messages are shown.</p>}
        <div ref={end} />
      </div>
      {may && last && <Reply key={thread} project={project} to={last} own={own} onSent={() => refresh?.()} />}
    </Panel>
  );
}
