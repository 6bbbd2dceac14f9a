// The figures at the top, all of one scope; those that call for a look lead to what they count.
import { Link } from "wouter";
import { useAddress } from "../app/params";
import { useRecentEvents } from "../live/context";
import { useClock } from "../ui/Time";
import type { Person } from "./people";
import type { Only } from "./scope";
import { perMinute } from "./told";
import type { HeldLock } from "./tree";

interface Props {
  /** "project/agent", or "" for all. */
  record: string;
  people: readonly Person[];
  /** Those that the people hold. */
  locks: readonly HeldLock[];
  waiting: number;
  only: Only;
  isRead: boolean;
}

export function Counters({ record, people, locks, waiting, only, isRead }: Props) {
  const here = people.filter((person) => person.presence !== "away");
  const narrowing = { record, only };
  return (
    <dl className="now-counters" data-coming={!isRead || undefined}>
      <Counter name="Agents here" value={here.length} />
      <Counter name="At work" value={here.filter((person) => person.presence === "busy" || person.presence === "active").length} />
      <Counter name="In trouble" value={here.filter((person) => person.trouble).length} tone="bad" to="trouble" {...narrowing} />
      <Counter name="Locks held" value={locks.length} />
      <Counter name="Stale locks" value={locks.filter((lock) => lock.stale).length} tone="warn" to="stale" {...narrowing} />
      <Counter name="Waiting" value={waiting} tone="warn" to="waiting" {...narrowing} />
      <Pace record={record} />
    </dl>
  );
}

const MOST_RECENT = 1_000;

function Pace({ record }: { record: string }) {
  const events = useRecentEvents();
  const count = perMinute(events, useClock(), record);
  return <Counter name="Events a minute" value={count} isMore={count >= MOST_RECENT} />;
}

interface CounterProps {
  name: string;
  value: number;
  /** What any of it means. */
  tone?: "bad" | "warn";
  /** Whether there are more than `value`. */
  isMore?: boolean;
  /** What it narrows the view to. */
  to?: Only;
  record?: string;
  only?: Only;
}

function Counter({ name, value, tone, isMore, to, record = "", only }: CounterProps) {
  const address = useAddress("now");
  const isOn = to !== undefined && only === to;
  return (
    <div data-tone={value > 0 ? tone : undefined} data-on={isOn || undefined}>
      <dt>
        {to ? (
          <Link href={address(record, { only: isOn ? null : to })} aria-current={isOn || undefined} title={isOn ? "Show all" : "Show only these"}>
            {name}
          </Link>
        ) : (
          name
        )}
      </dt>
      <dd>{isMore ? `${value}+` : value}</dd>
    </div>
  );
}
