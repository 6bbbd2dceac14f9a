// The enrichment queue: what waits, who has taken what, what was given up.
import { useMemo, useState } from "react";
import { Link } from "wouter";
import { useAddress } from "../app/params";
import { useLiveContext } from "../live/context";
import { about } from "../live/events";
import { useKept } from "../live/useKept";
import { useLiveEach } from "../live/useLive";
import { Button } from "../ui/Button";
import { Empty } from "../ui/Empty";
import { Panel } from "../ui/Panel";
import { Problem } from "../ui/Problem";
import { exact } from "../ui/moments";
import { Lasting, useClock } from "../ui/Time";
import { VirtualList } from "../ui/VirtualList";
import type { QueueState } from "./documents";
import { FunctionLine, LinesToCome } from "./FunctionLine";
import type { Registered } from "./entries";
import { type QueueCounts, readQueue } from "./read";
import { TryAllAgain } from "./TryAgain";

export const QUEUES: readonly { state: QueueState; title: string; count: keyof QueueCounts; empty: string }[] = [
  { state: "PENDING", title: "Waiting", count: "pendingCount", empty: "Nothing waits: every function that was registered with its code is described or under way." },
  { state: "LEASED", title: "Taken", count: "leasedCount", empty: "Nobody works on the queue. A librarian takes from it, or any agent with memory_become_librarian." },
  { state: "FAILED", title: "Given up", count: "failedCount", empty: "Nothing was given up." },
  { state: "DONE", title: "Enriched", count: "doneCount", empty: "Nothing is enriched yet. Run the librarian, or let an agent call memory_become_librarian." },
];
const STEP = 300;
const EVENTS = about(["function"]);

export function Queue({ state, open }: { state: QueueState; open: string }) {
  const { chosen } = useLiveContext();
  const address = useAddress("functions");
  const [most, setMost] = useState(200);
  const keyed = useMemo(() => ({ it: { project: chosen, state, most } }), [chosen, state, most]);
  // Leases also end by time alone.
  const answer = useLiveEach(keyed, readQueue, { touchedBy: EVENTS, everySeconds: 20 }).it;
  const [kept, isOld] = useKept(answer?.data);
  const queue = QUEUES.find((one) => one.state === state)!;
  return (
    <Panel
      title="Enrichment queue"
      actions={
        <nav aria-label="State" className="tabs">
          {QUEUES.map((one) => (
            <Link key={one.state} href={address("", { queue: one.state.toLowerCase() })} aria-current={one.state === state ? "page" : undefined}>
              {one.title} <span className="count">{kept ? kept.counts[one.count] : "–"}</span>
            </Link>
          ))}
        </nav>
      }
    >
      {answer?.error && <Problem error={answer.error} what="The queue" onRetry={answer.refresh} />}
      {!kept && !answer?.error && <LinesToCome />}
      {kept?.nodes.length === 0 && (
        <Empty title={`${queue.title}: none`}>
          <p>{queue.empty}</p>
        </Empty>
      )}
      {kept && kept.nodes.length > 0 && (
        <div aria-busy={isOld}>
          {state === "FAILED" && (
            <div className="functions-more">
              <TryAllAgain count={kept.counts.failedCount} projects={[...new Set(kept.nodes.map(({ project }) => project))]} />
            </div>
          )}
          <VirtualList
            items={kept.nodes}
            label={queue.title}
            keyOf={({ id }) => id}
            rowHeight={84}
            className="functions-list"
            row={(entry) => (
              <FunctionLine entry={entry} isOpen={entry.id === open} showsFile>
                <Course entry={entry} />
              </FunctionLine>
            )}
          />
        </div>
      )}
      {kept?.hasMore && (
        <div className="functions-more">
          <Button onPress={() => setMost(most + STEP)} isDisabled={isOld}>
            Show more
          </Button>
        </div>
      )}
    </Panel>
  );
}

/** How it goes with a function in the queue. */
function Course({ entry }: { entry: Registered }) {
  const now = useClock();
  const { queue, queuedAt, leaseHolder, leaseUntil, attempts, failure } = entry;
  const isLater = queuedAt !== null && Date.parse(queuedAt) > now + 5_000;
  return (
    <div className="functions-course faint">
      {queue === "LEASED" && leaseUntil && (
        <span title={exact(leaseUntil)}>
          {leaseHolder} has it for another {Math.max(0, Math.ceil((Date.parse(leaseUntil) - now) / 60_000))} min
        </span>
      )}
      {queue === "PENDING" && queuedAt && (isLater ? <span title={exact(queuedAt)}>tried again later</span> : <span>waiting <Lasting since={queuedAt} /></span>)}
      {attempts > 0 && <span>{attempts === 1 ? "failed once" : `failed ${attempts} times`}</span>}
      {failure && <span className="bad">{failure}</span>}
    </div>
  );
}
