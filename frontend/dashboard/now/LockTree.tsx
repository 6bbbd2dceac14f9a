// A project's locks as a tree: one stop of the Tab key, then arrows; a second stop is what can be done with the row.
import { ChevronRight, Unlock } from "lucide-react";
import { type KeyboardEvent, memo, useLayoutEffect, useMemo, useRef, useState } from "react";
import { IconButton } from "../ui/Button";
import { Badge } from "../ui/Panel";
import { Time } from "../ui/Time";
import { type Row, rowsOf, stepOf } from "./rows";
import { type HeldLock, treeOf } from "./tree";
import { type Waiter, waitingAt } from "./waiters";

interface Props {
  project: string;
  locks: readonly HeldLock[];
  waiters: readonly Waiter[];
  /** Null where the key may not. */
  onRelease: ((lock: HeldLock) => Promise<void>) | null;
}

/** More are shown closed, so that a large tree is drawn quickly. */
const MOST_OPEN = 60;

export function LockTree({ project, locks, waiters, onRelease }: Props) {
  const nodes = useMemo(() => treeOf(locks), [locks]);
  // Kept are the person's own changes, so that what comes later appears as the rest does.
  const [turned, setTurned] = useState<ReadonlySet<string>>(new Set());
  const [current, setCurrent] = useState("");
  const isOpenFirst = locks.length <= MOST_OPEN;
  const rows = useMemo(() => rowsOf(nodes, (id) => turned.has(id) !== isOpenFirst), [nodes, turned, isOpenFirst]);
  const at = Math.max(0, rows.findIndex((row) => row.node.id === current));
  const place = useRef<HTMLUListElement>(null);
  const focused = useRef<number | null>(null);
  const items = () => [...(place.current?.querySelectorAll<HTMLElement>('[role="treeitem"]') ?? [])];

  useLayoutEffect(() => {
    // The row that had the focus is gone: the one that took its place has it, else the person would begin anew.
    if (focused.current === null || place.current?.contains(document.activeElement) || document.activeElement !== document.body) return;
    items().at(Math.min(focused.current, rows.length - 1))?.focus();
  }, [rows]);

  const turn = (id: string) => setTurned((before) => new Set(before.has(id) ? [...before].filter((one) => one !== id) : [...before, id]));
  const press = (event: KeyboardEvent<HTMLUListElement>) => {
    if (event.altKey || event.ctrlKey || event.metaKey) return;
    const all = items();
    const item = (event.target as Element).closest<HTMLElement>('[role="treeitem"]');
    const here = item ? all.indexOf(item) : -1;
    const isAtRow = event.target === item;
    // At the row's button: back to the row, or as the row has it; its own keys are its own.
    if (!isAtRow && !event.key.startsWith("Arrow")) return;
    if (!isAtRow && event.key === "ArrowRight") return;
    const step = !isAtRow && event.key === "ArrowLeft" ? { to: here } : stepOf(event.key, here, rows);
    if (!step) return;
    event.preventDefault();
    if ("turn" in step) turn(step.turn);
    else if ("to" in step) all[step.to]?.focus();
    else item?.querySelector("button")?.focus();
  };
  return (
    <ul
      ref={place}
      role="tree"
      aria-label={`Locks of ${project}`}
      className="now-tree"
      onKeyDown={press}
      onFocus={(event) => {
        const item = event.target.closest<HTMLElement>('[role="treeitem"]');
        focused.current = item ? items().indexOf(item) : null;
        setCurrent(item?.dataset.path ?? "");
      }}
      onBlur={(event) => {
        if (event.target.isConnected && !event.currentTarget.contains(event.relatedTarget)) focused.current = null;
      }}
    >
      {rows.map((row, index) => (
        <LockRow key={row.node.id} {...row} isStop={index === at} waiters={waiters} onRelease={onRelease} onTurn={turn} />
      ))}
    </ul>
  );
}

interface RowProps extends Row {
  /** Whether the Tab key stops at it. */
  isStop: boolean;
  waiters: readonly Waiter[];
  onRelease: Props["onRelease"];
  onTurn(id: string): void;
}

const LockRow = memo(LockRowPart, isSameRow);

/** `onTurn` changes nothing that is seen. */
function isSameRow(one: RowProps, other: RowProps): boolean {
  return (["node", "level", "place", "siblings", "isOpen", "isStop", "waiters", "onRelease"] as const).every((name) => one[name] === other[name]);
}

function LockRowPart({ node, level, place, siblings, isOpen, isStop, waiters, onRelease, onTurn }: RowProps) {
  const { id, lock, name, children, count } = node;
  const queue = lock ? waitingAt(lock.path, waiters) : [];
  const isFolder = children.length > 0;
  const around = id.slice(0, id.length - name.length);
  return (
    <li
      role="treeitem"
      aria-level={level}
      aria-posinset={place}
      aria-setsize={siblings}
      aria-expanded={isFolder ? isOpen : undefined}
      tabIndex={isStop ? 0 : -1}
      data-path={id}
      className="now-lock"
      style={{ paddingInlineStart: `${(level - 1) * 1.1 + 0.4}rem` }}
    >
      <span className="now-chevron" aria-hidden onClick={isFolder ? () => onTurn(id) : undefined}>
        {isFolder && <ChevronRight size={16} />}
      </span>
      <span className="now-held" onClick={isFolder ? () => onTurn(id) : undefined}>
        <span className="now-path mono">
          {around && <span className="sr-only">{around}</span>}
          {name}
        </span>
        {!lock && <span className="now-marks faint">{count} locks</span>}
        {lock && (
          <>
            <span className="now-holder">
              <span className="sr-only">held by </span>
              <strong>{lock.holder}</strong>{" "}
              <span className="faint" title={lock.reason}>
                {lock.reason}
              </span>
            </span>
            <span className="now-marks">
              {lock.stale && <Badge tone="warn">stale</Badge>}
              {queue.length > 0 && <Badge tone="busy">{`${namesOf(queue)} waiting`}</Badge>}
            </span>
            <span className="now-since faint">
              <Time at={lock.since} />
            </span>
          </>
        )}
      </span>
      {lock && onRelease && (
        <IconButton label={`Force open ${id}`} excludeFromTabOrder={!isStop} onPress={() => void onRelease(lock)}>
          <Unlock size={15} aria-hidden />
        </IconButton>
      )}
    </li>
  );
}

const MOST_NAMED = 2;

function namesOf(queue: readonly Waiter[]): string {
  const names = queue.slice(0, MOST_NAMED).map((waiter) => waiter.agent);
  return names.join(", ") + (queue.length > MOST_NAMED ? ` and ${queue.length - MOST_NAMED} more` : "");
}
