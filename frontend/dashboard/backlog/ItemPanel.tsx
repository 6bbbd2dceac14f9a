// One item, whole: read, edited in place, given, closed. What others change meanwhile shows at once.
import { type FormEvent, useState } from "react";
import { Input, Label, TextField } from "react-aria-components";
import { useAgents } from "../live/agents";
import { useLiveContext } from "../live/context";
import { useDraft } from "../live/drafts";
import type { FeedEvent } from "../live/events";
import { useLive } from "../live/useLive";
import { Button } from "../ui/Button";
import { Choice, optionsOf } from "../ui/Choice";
import { CopyButton } from "../ui/CopyButton";
import { isMissing, Missing } from "../ui/Empty";
import { Badge } from "../ui/Panel";
import { Problem } from "../ui/Problem";
import { Time } from "../ui/Time";
import { tell, tellFailure } from "../ui/toasts";
import { Blockers } from "./Blockers";
import type { Board } from "./board";
import { inReach } from "./CardRow";
import { type Card, titleOf, toneOf } from "./cards";
import { BacklogItemWholeDocument, type ItemFieldsFragment, UpdateItemDocument } from "./documents";
import { type Draft, type Fields, type Name, namesOf, overtaken, shown, touched, updateOf } from "./draft";
import { ItemForm } from "./ItemForm";
import { Side } from "./Side";
import type { Moves } from "./useMoves";

interface Props {
  id: string;
  board: Board;
  cards: ReadonlyMap<string, Card>;
  moves: Moves | null;
  addressOf(id: string): string;
  onClose(): void;
}


export function ItemPanel({ id, board, cards, moves, addressOf, onClose }: Props) {
  // Blockers that close change it without an event of its own field: any event of the backlog reads it again.
  const touching = (event: FeedEvent) => event.__typename === "BacklogEvent" && (event.id === id || event.project === cards.get(id)?.project);
  const { data, error, refresh } = useLive(BacklogItemWholeDocument, { itemId: id }, { touchedBy: touching });
  const item = data?.backlogItem;
  if (!item) {
    return (
      <Side title="Item" onClose={onClose}>
        {!error && <p className="faint">Reading…</p>}
        {isMissing(error) && <Missing what="item" to={addressOf("")} all="See the whole board" />}
        {error && !isMissing(error) && <Problem error={error} what="The item" onRetry={refresh} />}
      </Side>
    );
  }
  const near = [...cards.values()].filter((card) => card.project === item.project);
  return (
    <Side title={item.title} onClose={onClose}>
      <Facts item={item} />
      {moves && !item.isClosed && <Edit item={item} board={board} near={near} moves={moves} addressOf={addressOf} onSaved={refresh} />}
      {(!moves || item.isClosed) && <Text item={item} near={near} addressOf={addressOf} />}
      {moves && item.isClosed && (
        <div className="actions">
          <Button kind="primary" onPress={() => void moves.move(item, "OPEN").then(refresh)}>
            Open it again
          </Button>
        </div>
      )}
    </Side>
  );
}

function Facts({ item }: { item: ItemFieldsFragment }) {
  return (
    <div className="backlog-facts">
      <Badge tone={item.isClosed ? "good" : "busy"}>{titleOf(item.status)}</Badge> <Badge tone={toneOf(item.priority)}>{item.priority.toLowerCase()}</Badge>
      {item.openBlockers > 0 && <Badge tone="bad">waits for {item.openBlockers}</Badge>}
      {item.blocking > 0 && <Badge tone="warn">{item.blocking === 1 ? "1 waits for it" : `${item.blocking} wait for it`}</Badge>}
      <span className="faint">
        {item.project} · added by {item.createdBy} <Time at={item.createdAt} /> · changed <Time at={item.updatedAt} />
        {item.editCount > 1 && `, ${item.editCount} times in all`}
      </span>
      <span className="mono faint backlog-id">
        {item.id}
        <CopyButton text={item.id} label="Copy the id" />
      </span>
      {item.isClosed && (
        <p>
          Closed by {item.completedBy} {item.completedAt && <Time at={item.completedAt} />}
          {item.resolution && <>: {item.resolution}</>}
        </p>
      )}
    </div>
  );
}

function Text({ item, near, addressOf }: { item: ItemFieldsFragment; near: readonly Card[]; addressOf(id: string): string }) {
  return (
    <>
      <p className="backlog-text">{item.description}</p>
      <p className="faint">
        {item.assignee ? `Assigned to ${item.assignee}` : "Nobody has it"}
        {item.targetVersion && ` · for ${item.targetVersion}`}
        {item.tags.length > 0 && ` · ${item.tags.map((tag) => `#${tag}`).join(" ")}`}
        {item.deferredReason && ` · put off: ${item.deferredReason}`}
      </p>
      <Blockers ids={item.blockedBy} own={item.id} cards={near} addressOf={addressOf} />
    </>
  );
}

interface EditProps {
  item: ItemFieldsFragment;
  board: Board;
  near: readonly Card[];
  moves: Moves;
  addressOf(id: string): string;
  onSaved(): void;
}

/** Where drafts of changes to items are kept, before the item's id. */
export const DRAFT = "backlog/";
const UNTOUCHED: { draft: Draft; reason: string } = { draft: {}, reason: "" };

function Edit({ item, board, near, moves, addressOf, onSaved }: EditProps) {
  const { server } = useLiveContext();
  const [written, change] = useDraft(DRAFT + item.id, UNTOUCHED);
  const { draft, reason } = written;
  const [drafts, setDrafts] = useState(0);
  const { data } = useAgents(item.project);
  const agents = inReach(data ?? []);
  const fields = shown(draft, item);
  const names = namesOf(draft);
  const needsReason = item.assignee !== "" || (draft.assignee !== undefined && fields.assignee !== "");
  const isComplete = names.length > 0 && fields.title.trim() !== "" && (!needsReason || reason.trim() !== "");
  const forget = (what?: typeof written) => {
    change((now) => (what === undefined || now === what ? UNTOUCHED : now));
    // Fields that keep their own text begin anew.
    setDrafts((before) => before + 1);
  };
  const save = async (event: FormEvent) => {
    event.preventDefault();
    if (!isComplete) return;
    try {
      const { updateBacklogItem } = await server.mutate(UpdateItemDocument, { input: updateOf(item.id, draft, reason.trim()) });
      tell(updateBacklogItem.change === "UNCHANGED" ? "It was so before." : "Saved.");
      forget(written);
      onSaved();
      await board.refresh(item.id);
    } catch (error) {
      tellFailure(error);
    }
  };
  return (
    <>
      <Give item={item} agents={agents} moves={moves} />
      <form onSubmit={(event) => void save(event)} key={drafts}>
        <ItemForm
          fields={fields}
          overtaken={Object.fromEntries(overtaken(draft, item).map((name) => [name, textOf(item, name)]))}
          agents={agents}
          cards={near}
          id={item.id}
          addressOf={addressOf}
          onTouch={(name, value) => change((before) => ({ ...before, draft: touched(before.draft, item, name, value) }))}
        />
        {names.length > 0 && needsReason && (
          <TextField value={reason} onChange={(text) => change((before) => ({ ...before, reason: text }))} isRequired>
            <Label>Reason, told to {[...new Set([item.assignee, fields.assignee].filter(Boolean))].join(" and ")}</Label>
            <Input maxLength={500} />
          </TextField>
        )}
        <div className="actions backlog-save">
          <Button onPress={() => void moves.move(item, "WONT_DO").then(onSaved)}>Won't do…</Button>
          <Button onPress={() => void moves.move(item, "DONE").then(onSaved)}>Done…</Button>
          {names.length > 0 && <Button onPress={() => forget()}>Undo changes</Button>}
          <Button kind="primary" type="submit" isDisabled={!isComplete}>
            Save
          </Button>
        </div>
      </form>
    </>
  );
}

function Give({ item, agents, moves }: { item: ItemFieldsFragment; agents: readonly string[]; moves: Moves }) {
  const [agent, setAgent] = useState("");
  return (
    <div className="backlog-give">
      <Choice label="Claim for" value={agent} options={[{ value: "", text: "Choose an agent" }, ...optionsOf(agents)]} onChoose={setAgent} />
      <Button isDisabled={agent === ""} onPress={() => void moves.give(item, agent, true)}>
        Give and start
      </Button>
    </div>
  );
}

function textOf(fields: Fields, name: Name): string {
  const value = fields[name];
  return typeof value === "string" ? value : value.join(", ");
}
