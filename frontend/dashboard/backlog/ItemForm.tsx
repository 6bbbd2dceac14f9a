// The fields of an item, for a new one and for one that is changed.
import { Input, Label, TextArea, TextField } from "react-aria-components";
import { Choice, optionsOf } from "../ui/Choice";
import { Blockers } from "./Blockers";
import { type Card, OPEN_STATUSES, PRIORITIES, titleOf } from "./cards";
import { type Fields, type Name, tagsOf } from "./draft";

interface Props {
  fields: Fields;
  /** Fields that somebody changed while the person did, with what they are now. */
  overtaken: Readonly<Partial<Record<Name, string>>>;
  agents: readonly string[];
  /** The cards of the item's project that it could wait for. */
  cards: readonly Card[];
  /** Null for a new item: it begins as open. */
  id: string | null;
  addressOf(id: string): string;
  onTouch<N extends Name>(name: N, value: Fields[N]): void;
}

export function ItemForm({ fields, overtaken, agents, cards, id, addressOf, onTouch }: Props) {
  const people = [...new Set([fields.assignee, ...agents].filter(Boolean))];
  return (
    <>
      <TextField value={fields.title} onChange={(value) => onTouch("title", value)} isRequired autoFocus={id === null}>
        <Label>Title</Label>
        <Input maxLength={300} />
        <Overtaken now={overtaken.title} />
      </TextField>
      <TextField value={fields.description} onChange={(value) => onTouch("description", value)}>
        <Label>What is to be done</Label>
        <TextArea rows={6} />
        <Overtaken now={overtaken.description} />
      </TextField>
      <div className="backlog-fields">
        {id !== null && (
          <div>
            <Choice label="Status" value={fields.status} options={optionsOf(OPEN_STATUSES, titleOf)} onChoose={(value) => onTouch("status", value)} />
            <Overtaken now={overtaken.status} />
          </div>
        )}
        <div>
          <Choice label="Priority" value={fields.priority} options={optionsOf(PRIORITIES)} onChoose={(value) => onTouch("priority", value)} />
          <Overtaken now={overtaken.priority} />
        </div>
        <div>
          <Choice label="Assignee" value={fields.assignee} options={[{ value: "", text: "Nobody" }, ...optionsOf(people)]} onChoose={(value) => onTouch("assignee", value)} />
          <Overtaken now={overtaken.assignee} />
        </div>
        <TextField value={fields.targetVersion} onChange={(value) => onTouch("targetVersion", value)}>
          <Label>Milestone</Label>
          <Input maxLength={100} />
          <Overtaken now={overtaken.targetVersion} />
        </TextField>
      </div>
      <Tags key={id ?? ""} tags={fields.tags} onTouch={(tags) => onTouch("tags", tags)} overtaken={overtaken.tags} />
      {fields.status === "DEFERRED" && (
        <TextField value={fields.deferredReason} onChange={(value) => onTouch("deferredReason", value)}>
          <Label>Why it is put off</Label>
          <Input maxLength={300} />
          <Overtaken now={overtaken.deferredReason} />
        </TextField>
      )}
      <Blockers ids={fields.blockedBy} own={id} cards={cards} addressOf={addressOf} onChange={(ids) => onTouch("blockedBy", ids)} />
      <Overtaken now={overtaken.blockedBy} />
    </>
  );
}

function Tags({ tags, overtaken, onTouch }: { tags: readonly string[]; overtaken?: string; onTouch(tags: string[]): void }) {
  return (
    <TextField defaultValue={tags.join(", ")} onChange={(text) => onTouch(tagsOf(text))}>
      <Label>Tags, with commas between</Label>
      <Input />
      <Overtaken now={overtaken} />
    </TextField>
  );
}

function Overtaken({ now }: { now?: string }) {
  if (now === undefined) return null;
  return <span className="backlog-overtaken">Changed meanwhile to: {now || "nothing"}. Saving replaces that.</span>;
}
