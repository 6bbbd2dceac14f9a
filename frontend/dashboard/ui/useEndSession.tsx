// Ending the session of an agent that is lost, in its place: asked once, with a reason.
import { useCallback } from "react";
import { useLiveContext } from "../live/context";
import { ForceEndSessionDocument } from "../live/documents";
import { useConfirm } from "./confirm";
import { Lasting, Time } from "./Time";
import { tell, tellFailure } from "./toasts";

export interface OpenSession {
  id: string;
  agent: string;
  project: string;
  createdAt: string;
  /** When something was last heard of it. */
  activeAt: string;
  locks: readonly { path: string }[];
}

/** Return what ends a session after asking once; it says whether that was tried. */
export function useEndSession(): (session: OpenSession) => Promise<boolean> {
  const { server } = useLiveContext();
  const confirm = useConfirm();
  return useCallback(
    async ({ id, agent, project, createdAt, activeAt, locks }) => {
      const reason = await confirm({
        title: `End ${agent}'s session?`,
        text: (
          <p>
            It has worked in {project} <Lasting since={createdAt} />, was last active <Time at={activeAt} />
            {locks.length === 1 && <>, and loses its lock on <span>{locks[0]!.path}</span></>}
            {locks.length > 1 && `, and loses its ${locks.length} locks`}. If it is still there, its next call fails and says by whom and why it was ended. The act is audited.
          </p>
        ),
        action: "End the session",
        isDangerous: true,
        reasonLabel: "Reason",
      });
      if (reason === null) return false;
      try {
        const { forceEndSession: ended } = await server.mutate(ForceEndSessionDocument, { input: { id, reason } });
        const freed = ended.releasedLocks.length;
        tell(`${agent}'s session is ended${freed > 0 ? `; ${freed === 1 ? "1 lock is" : `${freed} locks are`} free` : ""}.`);
      } catch (error) {
        tellFailure(error);
      }
      return true;
    },
    [server, confirm],
  );
}
