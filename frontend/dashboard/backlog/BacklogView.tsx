// Backlog: what is next, as a board by status; a card is moved, given, opened and edited.
import "./backlog.css";
import { Plus } from "lucide-react";
import { useDeferredValue, useMemo } from "react";
import { useLocation } from "wouter";
import { useAddress, useParams } from "../app/params";
import type { ViewProps } from "../app/views";
import type { Refused, Server } from "../live/ask";
import { useMay, useShownProjects } from "../live/context";
import { useDrafted } from "../live/drafts";
import { about } from "../live/events";
import { readPages } from "../live/pages";
import { useLiveEach } from "../live/useLive";
import { Button } from "../ui/Button";
import { ConnectAnAgent, Empty } from "../ui/Empty";
import { Problem } from "../ui/Problem";
import { useFocusBack } from "../ui/useFocusBack";
import { AddItem } from "./AddItem";
import { type Card, choicesOf, CLOSED_STATUSES, columnsOf, filterOf, isFiltered, OPEN_STATUSES, passes } from "./cards";
import { Column } from "./Column";
import { BacklogSearchDocument } from "./documents";
import { Filters } from "./Filters";
import { DRAFT, ItemPanel } from "./ItemPanel";
import { useBoard } from "./useBoard";
import { useCardFocus } from "./useCardFocus";
import { useMoves } from "./useMoves";

const MOST_PROJECTS = 30;
/** So many the server finds at most. */
const MOST_FOUND = 500;
const NEW = "new";
const SEARCHED = about(["backlog"]);

export default function BacklogView({ record }: ViewProps) {
  const [, navigate] = useLocation();
  const [params, change] = useParams();
  const address = useAddress("backlog");
  const may = useMay("AGENT");
  const projects = useShownProjects().slice(0, MOST_PROJECTS).map((project) => project.name);
  const wantsClosed = params.get("closed") === "1";
  const { board, snapshot } = useBoard(projects, wantsClosed);
  const { reveal, moves } = useCardFocus(record === NEW ? "" : record, useMoves(board));
  const openerOf = useFocusBack(record === NEW ? NEW : null);
  const filter = filterOf(params);
  const found = useFound(projects, filter.text);
  const cards = useDeferredValue(snapshot.cards);
  const filterKey = JSON.stringify(filter);
  const columns = useMemo(() => columnsOf(cards.values(), passes(filter, found)), [cards, filterKey, found]);
  const choices = useMemo(() => choicesOf(cards.values()), [cards]);
  const statuses = wantsClosed ? [...OPEN_STATUSES, ...CLOSED_STATUSES] : OPEN_STATUSES;
  const isEmpty = (snapshot.isRead || projects.length === 0) && cards.size === 0 && !wantsClosed;
  const drafted = useDrafted(DRAFT);
  const close = () => navigate(address(""));

  return (
    <div className="backlog" data-open={record !== "" || undefined}>
      <div className="backlog-head">
        <h1>Backlog</h1>
        {may && projects.length > 0 && (
          <Button id={openerOf(NEW)} kind="primary" onPress={() => navigate(address(NEW))}>
            <Plus size={16} aria-hidden /> Add an item
          </Button>
        )}
      </div>
      <Filters filter={filter} choices={choices} wantsClosed={wantsClosed} onChange={change} />
      {snapshot.error && <Problem error={snapshot.error as Refused} what="The backlog" onRetry={() => board.read()} />}
      <div className="backlog-parts">
        {isEmpty ? (
          <div className="panel">
            <Empty title="Nothing is to be done">
              <p>
                Agents add items with <code>memory_add_backlog_item</code>; they then stand here.{" "}
                {may && projects.length > 0 ? "Or add one yourself: agents see it in their next brief." : projects.length === 0 && "A project appears with its first agent or record."}
              </p>
              {projects.length === 0 && <ConnectAnAgent />}
            </Empty>
          </div>
        ) : (
          // Focusable, so that the arrow keys scroll it.
          <div className="backlog-board" role="group" aria-label="Board" tabIndex={0}>
            {statuses.map((status) => (
              <Column
                key={status}
                status={status}
                cards={columns.get(status) ?? NO_CARDS}
                rest={snapshot.columns.get(status)}
                isRead={snapshot.isRead}
                isFiltered={isFiltered(filter)}
                showsProjects={projects.length > 1}
                open={record}
                drafted={drafted}
                reveal={reveal}
                addressOf={address}
                moves={moves}
                cardOf={(id) => board.snapshot.cards.get(id)}
                onMore={() => board.more(status)}
              />
            ))}
          </div>
        )}
        {record === NEW && may && <AddItem projects={projects} cards={cards} addressOf={address} onClose={close} onAdded={(id) => board.refresh(id)} />}
        {record !== "" && record !== NEW && <ItemPanel key={record} id={record} board={board} cards={cards} moves={moves} addressOf={address} onClose={close} />}
      </div>
    </div>
  );
}

const NO_CARDS: readonly Card[] = [];
const NOTHING: ReadonlySet<string> = new Set();

/** Return the ids that the server finds for the text in the projects that are looked at. */
function useFound(projects: readonly string[], text: string): ReadonlySet<string> {
  const keyed: Record<string, Searched> = text && projects.length > 0 ? { it: { projects, text } } : {};
  const found = useLiveEach(keyed, readFound, { touchedBy: SEARCHED }).it?.data;
  return useMemo(() => (found ? new Set(found) : NOTHING), [found]);
}

interface Searched {
  projects: readonly string[];
  text: string;
}

async function readFound(server: Server, { projects, text }: Searched): Promise<string[]> {
  const { nodes } = await readPages(async (after) => (await server.query(BacklogSearchDocument, { projects: [...projects], text, after })).backlog, MOST_FOUND);
  return nodes.map((card) => card.id);
}
