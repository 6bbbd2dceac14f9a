// How a card is moved or given: what the person is asked before, and what the server is told.
import type { Question } from "../ui/confirm";
import { type Card, isClosed, titleOf } from "./cards";
import type { BacklogStatus, CompleteBacklogItemInput, UpdateBacklogItemInput } from "./documents";

/** What is asked before; null: nothing, as it is in nobody's hands. */
export type Asked = Omit<Question, "text"> & { text: string };

const WORDS: Partial<Record<BacklogStatus, { action: string; reasonLabel: string }>> = {
  DONE: { action: "Close as done", reasonLabel: "What was done" },
  WONT_DO: { action: "Close as won't do", reasonLabel: "Why it will not be done" },
  DUPLICATE: { action: "Close as duplicate", reasonLabel: "What says the same" },
  DEFERRED: { action: "Put off", reasonLabel: "Why it is put off" },
};

export function questionOfMove(card: Card, status: BacklogStatus): Asked | null {
  const words = WORDS[status];
  if (!words && !card.assignee) return null;
  return {
    title: `Move “${card.title}” to ${titleOf(status)}?`,
    text: card.assignee ? `${card.assignee} has it and is told so, with your reason, in its next result.` : "Nobody has it now.",
    action: words?.action ?? "Move",
    reasonLabel: words?.reasonLabel ?? "Reason",
  };
}

export function questionOfGift(card: Card, agent: string): Asked {
  const loses = card.assignee ? `${card.assignee} has it now and loses it. ` : "Nobody has it now. ";
  const told = [card.assignee, agent].filter(Boolean).join(" and ");
  return {
    title: agent ? `Give “${card.title}” to ${agent}?` : `Take “${card.title}” from ${card.assignee}?`,
    text: `${loses}The reason is told to ${told}.`,
    action: agent ? "Give" : "Take",
    reasonLabel: "Reason",
  };
}

export type Told = { close: CompleteBacklogItemInput } | { update: UpdateBacklogItemInput };

export function moveOf(card: Card, status: BacklogStatus, reason: string): Told {
  if ((status === "DONE" || status === "WONT_DO") && !isClosed(card.status)) {
    return { close: { itemId: card.id, resolution: reason, wontDo: status === "WONT_DO" } };
  }
  const deferred = status === "DEFERRED" ? { deferredReason: reason } : {};
  return { update: { itemId: card.id, status, ...deferred, ...(reason ? { reason } : {}) } };
}

export function giftOf(card: Card, agent: string, isStarted: boolean, reason: string): UpdateBacklogItemInput {
  return { itemId: card.id, assignedTo: agent, reason, ...(isStarted ? { status: "IN_PROGRESS" } : {}) };
}
