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
}

export function Counters({ people, locks, waiting }: Props) {
  const here = people.filter((person) => person.presence !== "away");
  const troubled = here.filter((person) => person.presence === "error" || person.work?.status === "BLOCKED").length;
  const stale = locks.filter((lock) => lock.stale).length;
  return (
    <dl className="now-counters">
      <Counter name="Agents here" value={here.length} />
      <Counter name="At work" value={here.filter((person) => person.presence === "busy" || person.presence === "active").length} />
      <Counter name="In trouble" value={troubled} isBad />
      <Counter name="Locks held" value={locks.length} />
      <Counter name="Stale locks" value={stale} isBad />
      <Counter name="Waiting" value={waiting} isBad />
      <Pace />
    </dl>
  );
}

function Pace() {
  return <Counter name="Events a minute" value={perMinute(useRecentEvents(), useClock())} />;
}

function Counter({ name, value, isBad }: { name: string; value: number; isBad?: boolean }) {
  return (
    <div data-bad={(isBad && value > 0) || undefined}>
      <dt>{name}</dt>
      <dd>{value}</dd>
    </div>
  );
}
