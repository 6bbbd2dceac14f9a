// The entries in their order: ticked off, reworded in place, dragged by a handle (also with the keyboard).
import { GripVertical, Pencil, Trash2 } from "lucide-react";
import { type FormEvent, useState } from "react";
import { Button as AriaButton, type DropTarget, GridList, GridListItem, Input, TextField, useDragAndDrop } from "react-aria-components";
import { useLiveContext } from "../live/context";
import { Button, IconButton } from "../ui/Button";
import { useConfirm } from "../ui/confirm";
import { Time } from "../ui/Time";
import { tellFailure } from "../ui/toasts";
import type { Change } from "./ChecklistDetail";
import { CheckChecklistItemDocument, type ChecklistWholeFragment } from "./documents";
import { type Edit, keysOf } from "./edits";

type Item = ChecklistWholeFragment["items"][number];
type Row = Item & { id: string };

interface Props {
  list: ChecklistWholeFragment;
  /** Null where the key may only look. */
  onChange: Change | null;
}

export function Entries({ list, onChange }: Props) {
  const { server } = useLiveContext();
  const confirm = useConfirm();
  const [busy, setBusy] = useState<ReadonlySet<string>>(new Set());
  const [editing, setEditing] = useState<{ id: string; index: number; was: string; text: string } | null>(null);
  const keys = keysOf(list.items);
  const rows: Row[] = list.items.map((item, place) => ({ ...item, id: keys[place]! }));

  const during = async (id: string, work: Promise<unknown>) => {
    setBusy((before) => new Set(before).add(id));
    try {
      await work;
    } catch (error) {
      tellFailure(error);
    }
    setBusy((before) => new Set([...before].filter((one) => one !== id)));
  };
  const tick = async (row: Row) => {
    const input = { project: list.project, name: list.name, itemIndex: row.index };
    const { checkChecklistItem: after } = await server.mutate(CheckChecklistItemDocument, { input: { ...input, done: !row.done } });
    // Places are all that names an entry: what now stands at this one may be another.
    if (after.items[row.index]?.text === row.text) return;
    await server.mutate(CheckChecklistItemDocument, { input: { ...input, done: row.done } });
    throw new Error(`The list was changed meanwhile: ${row.text} was not ticked. Try again.`);
  };
  const remove = async (row: Row) => {
    const answer = await confirm({ title: "Remove this entry?", text: <p>{row.text}</p>, action: "Remove", isDangerous: true });
    if (answer !== null) await onChange?.({ does: "remove", index: row.index, was: row.text });
  };
  const { dragAndDropHooks } = useDragAndDrop({
    getItems: (moved) => [...moved].map((id) => ({ "text/plain": String(id).replace(/^\d+:/, "") })),
    onReorder: ({ keys: moved, target }) => {
      const edit = moveOf(rows, String([...moved][0]), target);
      if (edit) void onChange?.(edit);
    },
  });
  const isLost = editing !== null && !keys.includes(editing.id);
  const save = async (wanted: { index: number; was: string; text: string }) => {
    setEditing(null);
    const text = wanted.text.trim();
    if (text && text !== wanted.was) await onChange?.({ does: "reword", index: wanted.index, was: wanted.was, text });
  };
  return (
    <>
      {isLost && (
        <div className="problem checklists-conflict" role="alert">
          <p>
            <strong>Somebody else changed the entry that you are rewording.</strong> It was: {editing.was}
          </p>
          <Editor text={editing.text} onText={(text) => setEditing({ ...editing, text })} onSave={() => void save(editing)} onLeave={() => setEditing(null)} />
        </div>
      )}
      <GridList
        aria-label={`Entries of ${list.name}`}
        className="checklists-entries"
        items={rows}
        dependencies={[busy, editing, onChange]}
        keyboardNavigationBehavior="tab"
        dragAndDropHooks={onChange ? dragAndDropHooks : undefined}
      >
        {(row) => (
          <GridListItem id={row.id} textValue={row.text}>
            {editing?.id === row.id ? (
              <Editor text={editing.text} onText={(text) => setEditing({ ...editing, text })} onSave={() => void save(editing)} onLeave={() => setEditing(null)} />
            ) : (
              <Entry
                row={row}
                isBusy={busy.has(row.id)}
                actions={
                  onChange && {
                    onTick: () => void during(row.id, tick(row)),
                    onEdit: () => setEditing({ id: row.id, index: row.index, was: row.text, text: row.text }),
                    onRemove: () => void during(row.id, remove(row)),
                  }
                }
              />
            )}
          </GridListItem>
        )}
      </GridList>
    </>
  );
}

function moveOf(rows: readonly Row[], id: string, target: DropTarget): Edit | null {
  const row = rows.find((one) => one.id === id);
  if (!row || target.type !== "item") return null;
  const at = rows.findIndex((one) => one.id === target.key);
  const others = rows.slice(0, target.dropPosition === "before" ? at : at + 1).filter((one) => one !== row);
  const after = others.at(-1);
  return { does: "move", index: row.index, was: row.text, after: after ? { index: after.index, text: after.text } : null };
}

interface Actions {
  onTick(): void;
  onEdit(): void;
  onRemove(): void;
}

function Entry({ row, isBusy, actions }: { row: Row; isBusy: boolean; actions: Actions | null }) {
  return (
    <div className="checklists-entry" aria-busy={isBusy} data-done={row.done || undefined}>
      {actions && (
        <AriaButton slot="drag" className="button icon quiet checklists-grip" aria-label={`Move ${row.text}`}>
          <GripVertical size={16} aria-hidden />
        </AriaButton>
      )}
      <label className="checklists-tick">
        <input type="checkbox" checked={row.done} disabled={!actions || isBusy} onChange={() => actions?.onTick()} />
        <span>
          <span className="checklists-text">{row.text}</span>
          {row.done && row.checkedAt && (
            <span className="faint checklists-by">
              {" "}
              {row.checkedBy} <Time at={row.checkedAt} />
            </span>
          )}
          {row.notes && <span className="faint checklists-notes">{row.notes}</span>}
        </span>
      </label>
      {actions && (
        <span className="checklists-acts">
          <IconButton label={`Reword ${row.text}`} onPress={actions.onEdit} isDisabled={isBusy}>
            <Pencil size={16} aria-hidden />
          </IconButton>
          <IconButton label={`Remove ${row.text}`} onPress={actions.onRemove} isDisabled={isBusy}>
            <Trash2 size={16} aria-hidden />
          </IconButton>
        </span>
      )}
    </div>
  );
}

function Editor({ text, onText, onSave, onLeave }: { text: string; onText(text: string): void; onSave(): void; onLeave(): void }) {
  const submit = (event: FormEvent) => {
    event.preventDefault();
    onSave();
  };
  return (
    <form className="checklists-editor" onSubmit={submit}>
      <TextField
        value={text}
        onChange={onText}
        autoFocus
        aria-label="Text of the entry"
        onKeyDown={(event) => {
          if (event.key === "Escape") onLeave();
          else event.continuePropagation();
        }}
      >
        <Input maxLength={2000} />
      </TextField>
      <Button type="submit" kind="primary" isDisabled={!text.trim()}>
        Save
      </Button>
      <Button onPress={onLeave}>Cancel</Button>
    </form>
  );
}
