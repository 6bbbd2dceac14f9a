// Locks as a tree of paths, with who holds and who waits; an admin may force one open.
import { ChevronRight, Unlock } from "lucide-react";
import { memo, useCallback, useMemo, useState } from "react";
import { useLiveContext, useMay } from "../live/context";
import { IconButton } from "../ui/Button";
import { useConfirm } from "../ui/confirm";
import { Empty } from "../ui/Empty";
import { Badge, Panel } from "../ui/Panel";
import { Time } from "../ui/Time";
import { tell, tellFailure } from "../ui/toasts";
import { ForceUnlockDocument } from "./documents";
import { type HeldLock, type Node, treeOf } from "./tree";
import { type Waiter, waitingAt } from "./waiters";

interface Props {
  projects: readonly { project: string; locks: readonly HeldLock[]; waiters: readonly Waiter[]; isCut: boolean }[];
  isRead: boolean;
  showsProjects: boolean;
}

/** More are shown closed, so that a large tree is drawn quickly. */
const MOST_OPEN = 60;

export const Locks = memo(function Locks({ projects, isRead, showsProjects }: Props) {
  const count = projects.reduce((sum, one) => sum + one.locks.length, 0);
  const isCut = projects.some((one) => one.isCut);
  return (
    <Panel title="Locks" count={count} className="now-locks">
      {projects
        .filter((one) => one.locks.length > 0)
        .map(({ project, locks, waiters }) => (
          <div key={project}>
            {showsProjects && <h3 className="now-project">{project}</h3>}
            <LockTree project={project} locks={locks} waiters={waiters} />
          </div>
        ))}
      {isCut && <p className="faint now-note">Only the first 1,000 locks of a project are shown.</p>}
      {isRead && count === 0 && (
        <Empty title="Nothing is locked">
          <p>
            Agents lock what they edit with <code>memory_lock_files</code>; it then stands here with its holder.
          </p>
        </Empty>
      )}
    </Panel>
  );
});

function LockTree({ project, locks, waiters }: { project: string; locks: readonly HeldLock[]; waiters: readonly Waiter[] }) {
  const nodes = useMemo(() => treeOf(locks), [locks]);
  // Kept are the person's own changes, so that what comes later appears as the rest does.
  const [turned, setTurned] = useState<ReadonlySet<string>>(new Set());
  const isOpenFirst = locks.length <= MOST_OPEN;
  const release = useForceRelease(project);
  const turn = (path: string) =>
    setTurned((before) => new Set(before.has(path) ? [...before].filter((one) => one !== path) : [...before, path]));
  const tree: Tree = { waiters, onRelease: release, isOpen: (path) => turned.has(path) !== isOpenFirst, onTurn: turn };
  return (
    <ul aria-label={`Locks of ${project}`} className="now-tree">
      {nodes.map((node) => (
        <LockItem key={node.id} node={node} level={0} tree={tree} />
      ))}
    </ul>
  );
}

interface Tree {
  waiters: readonly Waiter[];
  onRelease: ((lock: HeldLock) => Promise<void>) | null;
  isOpen(path: string): boolean;
  onTurn(path: string): void;
}

function LockItem({ node, level, tree }: { node: Node; level: number; tree: Tree }) {
  const { id, lock, name, children, count } = node;
  const { onRelease } = tree;
  const queue = lock ? waitingAt(lock.path, tree.waiters) : [];
  const isOpen = children.length > 0 && tree.isOpen(id);
  return (
    <li aria-label={lock ? `${id}, held by ${lock.holder}` : id}>
      <div className="now-lock" style={{ paddingInlineStart: `${level * 1.1 + 0.4}rem` }}>
        {children.length > 0 ? (
          <button type="button" className="now-chevron" aria-expanded={isOpen} aria-label={id} onClick={() => tree.onTurn(id)}>
            <ChevronRight size={16} aria-hidden />
          </button>
        ) : (
          <span className="now-chevron" />
        )}
        <span className="now-held">
          <span className="now-path mono">{name}</span>
          {!lock && <span className="faint">{count} locks</span>}
          {lock && (
            <>
              <span className="now-holder">{lock.holder}</span>
              <span className="faint">
                <Time at={lock.since} />
              </span>
              {lock.stale && <Badge tone="warn">stale</Badge>}
              {queue.length > 0 && <Badge tone="busy">{`${queue.map((waiter) => waiter.agent).join(", ")} waiting`}</Badge>}
              <span className="now-reason faint" title={lock.reason}>
                {lock.reason}
              </span>
            </>
          )}
        </span>
        {lock && onRelease && (
          <IconButton label={`Force open ${id}`} onPress={() => void onRelease(lock)}>
            <Unlock size={16} aria-hidden />
          </IconButton>
        )}
      </div>
      {isOpen && (
        <ul>
          {children.map((child) => (
            <LockItem key={child.id} node={child} level={level + 1} tree={tree} />
          ))}
        </ul>
      )}
    </li>
  );
}

/** Return what forces a lock open after asking once; null where the key may not. */
function useForceRelease(project: string): ((lock: HeldLock) => Promise<void>) | null {
  const { server } = useLiveContext();
  const confirm = useConfirm();
  const may = useMay("ADMIN");
  const release = useCallback(async (lock: HeldLock) => {
    const reason = await confirm({
      title: `Force ${lock.path} open?`,
      text: (
        <p>
          {lock.holder} holds it since <Time at={lock.since} /> ({lock.reason}). It loses the lock at once and is told so, with your reason, in
          its next result. The act is audited.
        </p>
      ),
      action: "Force open",
      isDangerous: true,
      reasonLabel: "Reason",
    });
    if (reason === null) return;
    try {
      const { forceUnlock } = await server.mutate(ForceUnlockDocument, { input: { project, files: [lock.path], reason } });
      tell(forceUnlock.released.length > 0 ? `${lock.path} is free.` : `${lock.path} was not held any more.`);
    } catch (error) {
      tellFailure(error);
    }
  }, [server, confirm, project]);
  return may ? release : null;
}
