// Locks by project, with who holds and who waits; an admin may force one open.
import { memo, useCallback } from "react";
import { ViewLink } from "../app/links";
import { useLiveContext, useMay } from "../live/context";
import { RowsToCome } from "../ui/Coming";
import { useConfirm } from "../ui/confirm";
import { Empty } from "../ui/Empty";
import { Panel } from "../ui/Panel";
import { Lasting } from "../ui/Time";
import { tell, tellFailure } from "../ui/toasts";
import { ForceUnlockDocument } from "./documents";
import { LockTree } from "./LockTree";
import type { HeldLock } from "./tree";
import type { Waiter } from "./waiters";

interface Props {
  projects: readonly { project: string; locks: readonly HeldLock[]; waiters: readonly Waiter[]; isCut: boolean }[];
  /** What is said where none is shown though there may be some; "": there is none. */
  nothing: string;
  isRead: boolean;
  showsProjects: boolean;
}

export const Locks = memo(function Locks({ projects, nothing, isRead, showsProjects }: Props) {
  const count = projects.reduce((sum, one) => sum + one.locks.length, 0);
  const isCut = projects.some((one) => one.isCut);
  return (
    <Panel title="Locks" count={isRead ? count : undefined} className="now-locks">
      <div className="now-body">
        {projects
          .filter((one) => one.locks.length > 0)
          .map((one) => (
            <ProjectLocks key={one.project} {...one} showsProject={showsProjects} />
          ))}
        {isCut && <p className="faint now-note">Only the first 1,000 locks of a project are shown.</p>}
        {!isRead && <RowsToCome />}
        {isRead && count === 0 && (
          <Empty title={nothing || "Nothing is locked"}>
            {!nothing && (
              <p>
                Agents lock what they edit with <code>memory_lock_files</code>; it then stands here with its holder.
              </p>
            )}
          </Empty>
        )}
      </div>
    </Panel>
  );
});

function ProjectLocks({ project, locks, waiters, showsProject }: Props["projects"][number] & { showsProject: boolean }) {
  const release = useForceRelease(project);
  return (
    <div>
      {showsProject && (
        <h3 className="now-project">
          <ViewLink view="now" project={project}>
            {project}
          </ViewLink>
        </h3>
      )}
      <LockTree project={project} locks={locks} waiters={waiters} onRelease={release} />
    </div>
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
          {lock.holder} has held it <Lasting since={lock.since} /> (<span>{lock.reason}</span>). It loses the lock at once and is told so, with your reason, in
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
