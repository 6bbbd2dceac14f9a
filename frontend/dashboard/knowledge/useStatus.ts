// Changing the status of documents: done, told, and refused in words.
import { useCallback } from "react";
import { useLiveContext } from "../live/context";
import { tell, tellFailure } from "../ui/toasts";
import { ChangeDocumentStatusDocument, type DocumentStatus } from "./documents";
import { words } from "./filters";

export interface Change {
  id: string;
  status: DocumentStatus;
  reason: string;
  supersededBy?: string;
}

/** Return what changes a document's status; it tells the result and resolves to whether it was done. */
export function useChangeStatus(): (change: Change) => Promise<boolean> {
  const { server } = useLiveContext();
  return useCallback(
    async ({ id, status, reason, supersededBy }) => {
      try {
        const { changeDocumentStatus: done } = await server.mutate(ChangeDocumentStatusDocument, {
          input: { documentId: id, status, reason: reason || null, supersededBy: supersededBy || null },
        });
        tell(`“${done.title}” was ${words(done.oldStatus)} and is ${words(done.newStatus)}.`);
        return true;
      } catch (error) {
        tellFailure(error);
        return false;
      }
    },
    [server],
  );
}
