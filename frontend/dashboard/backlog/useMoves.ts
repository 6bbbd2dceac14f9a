// Moving and giving cards: asks once where it reaches into somebody's work, tells the result.
import { useMemo } from "react";
import { useLiveContext, useMay } from "../live/context";
import { useConfirm } from "../ui/confirm";
import { tell, tellFailure } from "../ui/toasts";
import type { Board } from "./board";
import { type Card, titleOf } from "./cards";
import { type BacklogStatus, CloseItemDocument, UpdateItemDocument } from "./documents";
import { giftOf, moveOf, questionOfGift, questionOfMove } from "./moves";

export interface Moves {
  move(card: Card, status: BacklogStatus): Promise<void>;
  /** `agent` "" takes it away. */
  give(card: Card, agent: string, isStarted?: boolean): Promise<void>;
}

/** Return what moves cards; null where the key may not. */
export function useMoves(board: Board): Moves | null {
  const { server } = useLiveContext();
  const confirm = useConfirm();
  const may = useMay("AGENT");
  return useMemo(() => {
    if (!may) return null;
    const done = async (card: Card, act: () => Promise<unknown>, said: string) => {
      try {
        await act();
        await board.refresh(card.id);
        tell(said);
      } catch (error) {
        tellFailure(error);
      }
    };
    return {
      async move(card, status) {
        if (card.status === status) return;
        const question = questionOfMove(card, status);
        const reason = question ? await confirm(question) : "";
        if (reason === null) return;
        const told = moveOf(card, status, reason);
        const act = () => ("close" in told ? server.mutate(CloseItemDocument, { input: told.close }) : server.mutate(UpdateItemDocument, { input: told.update }));
        await done(card, act, `“${card.title}” is in ${titleOf(status)}.`);
      },
      async give(card, agent, isStarted = false) {
        if (card.assignee === agent && !isStarted) return;
        const reason = await confirm(questionOfGift(card, agent));
        if (reason === null) return;
        const input = giftOf(card, agent, isStarted, reason);
        await done(card, () => server.mutate(UpdateItemDocument, { input }), agent ? `${agent} has “${card.title}” now.` : `Nobody has “${card.title}” now.`);
      },
    };
  }, [server, confirm, may, board]);
}
