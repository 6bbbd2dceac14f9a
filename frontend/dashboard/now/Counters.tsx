// The figures at the top.
import { useRecentEvents } from "../live/context";
import { useClock } from "../ui/Time";
import type { Person } from "./people";
import { perMinute } from "./told";
import type { HeldLock } from "./tree";

interface Props {
  people: readonly Person[];
  locks: readonly HeldLock[];
  waiting: number;
  isRead: boolean;
}

export function Counters({ people, locks, waiting, isRead }: Props) {
  const here = people.filter((person) => person.presence !== "away");
  const troubled = here.filter((person) => person.presence === "error" || person.work?.status === "BLOCKED").length;
  const stale = locks.filter((lock) => lock.stale).length;
  return (
    <dl className="now-counters" data-coming={!isRead || undefined}>
      <Counter name="Agents here" value={here.length} />
      <Counter name="At work" value={here.filter((person) => person.presence === "busy" || person.presence === "active").length} />
      <Counter name="In trouble" value={troubled} tone="bad" />
      <Counter name="Locks held" value={locks.length} />
      <Counter name="Stale locks" value={stale} tone="warn" />
      <Counter name="Waiting" value={waiting} tone="warn" />
      <Pace />
    </dl>
  );
}

const MOST_RECENT = 1_000;

function Pace() {
  const events = useRecentEvents();
  const count = perMinute(events, useClock());
  return <Counter name="Events a minute" value={count} isMore={count >= MOST_RECENT} />;
}

/** `tone` is what any of it means; `isMore`: there are more than `value`. */
function Counter({ name, value, tone, isMore }: { name: string; value: number; tone?: "bad" | "warn"; isMore?: boolean }) {
  return (
    <div data-tone={value > 0 ? tone : undefined}>
      <dt>{name}</dt>
      <dd>{isMore ? `${value}+` : value}</dd>
    </div>
  );
}
