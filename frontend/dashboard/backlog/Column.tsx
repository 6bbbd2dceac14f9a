// One status: its cards, of which only the visible ones exist, and the place to drop others on.
import { type DragEvent, memo, useCallback, useState } from "react";
import { Button } from "../ui/Button";
import { RowsToCome } from "../ui/Coming";
import { VirtualList } from "../ui/VirtualList";
import type { Column as Rest } from "./board";
import { CardRow, DRAGGED } from "./CardRow";
import { type Card, titleOf } from "./cards";
import type { BacklogStatus } from "./documents";
import type { Moves } from "./useMoves";

interface Props {
  status: BacklogStatus;
  cards: readonly Card[];
  rest?: Rest;
  isRead: boolean;
  isFiltered: boolean;
  showsProjects: boolean;
  open: string;
  /** Ids of items that were changed here and not saved. */
  drafted: ReadonlySet<string>;
  /** Id of the card that is to be in sight. */
  reveal: string | null;
  moves: Moves | null;
  addressOf(id: string): string;
  cardOf(id: string): Card | undefined;
  onMore(): void;
}

const CARD_PX = 86;

export const Column = memo(function Column({ status, cards, rest, isRead, isFiltered, showsProjects, open, drafted, reveal, moves, addressOf, cardOf, onMore }: Props) {
  const { isOver, ...drop } = useDrop((id) => {
    const card = cardOf(id);
    if (card) void moves?.move(card, status);
  });
  const row = useCallback(
    (card: Card) => <CardRow card={card} isOpen={card.id === open} isDrafted={drafted.has(card.id)} showsProject={showsProjects} moves={moves} address={addressOf(card.id)} />,
    [open, drafted, showsProjects, moves, addressOf],
  );
  const unread = rest?.unread ?? 0;
  const title = titleOf(status);
  return (
    <section className="backlog-column" aria-label={title} data-status={status} data-over={isOver || undefined} {...(moves ? drop : {})}>
      <header>
        <h2>{title}</h2>
        <span className="count">{isRead ? cards.length + (isFiltered ? 0 : unread) : "…"}</span>
      </header>
      {cards.length > 0 ? (
        <VirtualList items={cards} label={`${title}, ${cards.length} cards`} keyOf={idOf} rowHeight={CARD_PX} className="backlog-cards" reveal={reveal} row={row} />
      ) : !isRead ? (
        <RowsToCome count={3} />
      ) : (
        <p className="backlog-none faint">{isFiltered ? "Nothing passes the filter" : "Nothing"}</p>
      )}
      {rest?.hasMore && unread > 0 && (
        <footer>
          {isFiltered && <span className="faint">{unread} more are not looked at yet. </span>}
          <Button kind="quiet" onPress={onMore}>
            Read more ({unread})
          </Button>
        </footer>
      )}
    </section>
  );
});

function idOf(card: Card): string {
  return card.id;
}

/** Return what makes an element a place to drop cards on. */
function useDrop(onCard: (id: string) => void) {
  const [isOver, setOver] = useState(false);
  const isCard = (event: DragEvent) => event.dataTransfer.types.includes(DRAGGED);
  return {
    isOver,
    onDragOver(event: DragEvent) {
      if (!isCard(event)) return;
      event.preventDefault();
      event.dataTransfer.dropEffect = "move";
      setOver(true);
    },
    onDragLeave(event: DragEvent) {
      if (!event.currentTarget.contains(event.relatedTarget as Node | null)) setOver(false);
    },
    onDrop(event: DragEvent) {
      setOver(false);
      if (!isCard(event)) return;
      event.preventDefault();
      onCard(event.dataTransfer.getData(DRAGGED));
    },
  };
}
