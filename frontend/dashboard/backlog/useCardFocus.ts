// The focus follows the card: back to it when its panel closes, and to where it went when its menu moved it.
import { useCallback, useEffect, useRef, useState } from "react";
import type { Moves } from "./useMoves";

/** A card comes to stand where it belongs within so many frames, once the board has read it. */
const MOST_FRAMES = 60;

interface Focused {
  /** The card that is to be in sight of its column. */
  reveal: string | null;
  moves: Moves | null;
}

/** Give the focus, where it was lost, to the card that was open (`record`) or was moved. */
export function useCardFocus(record: string, given: Moves | null): Focused {
  const [reveal, setReveal] = useState<string | null>(null);
  const before = useRef(record);
  const find = useCallback((wanted: () => HTMLElement | null | undefined, id: string) => {
    setReveal(id);
    whenThere(wanted, () => setReveal(null));
  }, []);
  useEffect(() => {
    const was = before.current;
    before.current = record;
    if (record === "" && was !== "" && isLost()) find(() => cardOf(was)?.querySelector("a"), was);
  }, [record, find]);

  const moves = useRef<Moves | null>(null);
  const latest = useRef(given);
  if (latest.current !== given || moves.current === null) {
    latest.current = given;
    moves.current = given && {
      give: given.give,
      async move(card, status) {
        const from = document.activeElement?.closest(".backlog-side, .backlog-card");
        await given.move(card, status);
        if (from?.matches(".backlog-side")) whenThere(() => document.querySelector<HTMLElement>(".backlog-side"), () => undefined);
        if (from?.matches(".backlog-card")) find(() => cardOf(card.id, status)?.querySelector("button"), card.id);
      },
    };
  }
  return { reveal, moves: moves.current };
}

function cardOf(id: string, status?: string): HTMLElement | null {
  const column = status === undefined ? "" : `[data-status="${CSS.escape(status)}"] `;
  return document.querySelector(`${column}.backlog-card[data-id="${CSS.escape(id)}"]`);
}

function isLost(): boolean {
  return document.activeElement === null || document.activeElement === document.body;
}

/** Focus what is wanted as soon as it is there, or the board if it does not come; nothing if the focus is somewhere. */
function whenThere(wanted: () => HTMLElement | null | undefined, onEnd: () => void, left = MOST_FRAMES) {
  const found = wanted();
  if (!found && left > 0) return void requestAnimationFrame(() => whenThere(wanted, onEnd, left - 1));
  if (isLost()) (found ?? document.querySelector<HTMLElement>(".backlog-board") ?? document.getElementById("view"))?.focus();
  onEnd();
}
