// A card: what it is, how pressing, whose, what holds it up; and its menu, which also moves it without a mouse.
import { EllipsisVertical, Link2 } from "lucide-react";
import { memo } from "react";
import { Link } from "wouter";
import { useAgents } from "../live/agents";
import { ActionMenu, MenuEntry, MenuGroup } from "../ui/ActionMenu";
import { Badge } from "../ui/Panel";
import { type Card, CLOSED_STATUSES, isBlocked, isClosed, OPEN_STATUSES, titleOf, toneOf } from "./cards";
import type { Moves } from "./useMoves";

export const DRAGGED = "application/x-interlock-item";
const MOST_TAGS = 3;
const MOST_AGENTS = 30;

interface Props {
  card: Card;
  isOpen: boolean;
  /** Whether it was changed here and not saved. */
  isDrafted: boolean;
  showsProject: boolean;
  moves: Moves | null;
  address: string;
}

export const CardRow = memo(function CardRow({ card, isOpen, isDrafted, showsProject, moves, address }: Props) {
  const more = card.tags.length - MOST_TAGS;
  return (
    <article
      className="backlog-card"
      data-id={card.id}
      data-priority={card.priority}
      data-open={isOpen || undefined}
      draggable={moves !== null}
      onDragStart={(event) => {
        event.dataTransfer.setData(DRAGGED, card.id);
        event.dataTransfer.effectAllowed = "move";
      }}
    >
      <div className="backlog-title">
        <Link href={address} draggable={false} title={card.title} aria-current={isOpen || undefined}>
          {card.title}
        </Link>
        {moves && <CardMenu card={card} moves={moves} />}
      </div>
      <div className="backlog-marks">
        {isDrafted && <Badge tone="warn">not saved</Badge>}
        <Badge tone={toneOf(card.priority)}>{card.priority.toLowerCase()}</Badge>
        {isBlocked(card) && (
          <Badge tone="bad">
            <Link2 size={11} aria-hidden /> {card.openBlockers > 0 ? `waits for ${card.openBlockers}` : "blocked"}
          </Badge>
        )}
        {card.assignee && <span className="backlog-assignee">{card.assignee}</span>}
        {card.targetVersion && <span className="faint">{card.targetVersion}</span>}
        {card.tags.slice(0, MOST_TAGS).map((tag) => (
          <span key={tag} className="faint">
            #{tag}
          </span>
        ))}
        {more > 0 && <span className="faint">+{more}</span>}
        {showsProject && <span className="faint backlog-project">{card.project}</span>}
      </div>
    </article>
  );
});

function CardMenu({ card, moves }: { card: Card; moves: Moves }) {
  return (
    <ActionMenu label={`Move or give ${card.title}`} face={<EllipsisVertical size={16} aria-hidden />}>
      <Entries card={card} moves={moves} />
    </ActionMenu>
  );
}

function Entries({ card, moves }: { card: Card; moves: Moves }) {
  const { data } = useAgents(card.project, never);
  const agents = inReach(data ?? []).filter((name) => name !== card.assignee);
  return (
    <>
      <MenuGroup title="Move to">
        {[...OPEN_STATUSES, ...CLOSED_STATUSES]
          .filter((status) => status !== card.status)
          .map((status) => (
            <MenuEntry key={status} onPress={() => void moves.move(card, status)}>
              {titleOf(status)}
            </MenuEntry>
          ))}
      </MenuGroup>
      {!isClosed(card.status) && (
        <MenuGroup title="Give to">
          {card.assignee && <MenuEntry onPress={() => void moves.give(card, "")}>Nobody</MenuEntry>}
          {agents.slice(0, MOST_AGENTS).map((name) => (
            <MenuEntry key={name} onPress={() => void moves.give(card, name)}>
              {name}
            </MenuEntry>
          ))}
        </MenuGroup>
      )}
    </>
  );
}

function never(): boolean {
  return false;
}

/** Return the names, those with a session first. */
export function inReach(agents: readonly { name: string; sessions: readonly unknown[] }[]): string[] {
  const here = agents.filter((agent) => agent.sessions.length > 0);
  const away = agents.filter((agent) => agent.sessions.length === 0);
  return [...here, ...away].map((agent) => agent.name);
}
