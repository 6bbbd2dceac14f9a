// The entries in their order: ticked off, reworded in place, dragged, or moved by a menu.
import { GripVertical, Pencil, Trash2 } from "lucide-react";
import { type DragEvent, type FormEvent, type ReactNode, useState } from "react";
import { Input, TextField } from "react-aria-components";
import { Refused } from "../live/ask";
import { useLiveContext } from "../live/context";
import { ActionMenu, MenuEntry, MenuGroup } from "../ui/ActionMenu";
import { Button, IconButton } from "../ui/Button";
import { useConfirm } from "../ui/confirm";
import { Time } from "../ui/Time";
import { tellFailure } from "../ui/toasts";
import { useFocusBack } from "../ui/useFocusBack";
import type { Change } from "./ChecklistDetail";
import { CheckChecklistItemDocument, type ChecklistWholeFragment } from "./documents";
import { keysOf, moveBehind } from "./edits";

type Item = ChecklistWholeFragment["items"][number];
type Row = Item & { id: string };

const DRAGGED = "application/x-interlock-entry";

interface Props {
  list: ChecklistWholeFragment;
  /** Null where the key may only look. */
  onChange: Change | null;
}

export function Entries({ list, onChange }: Props) {
  const { server } = useLiveContext();
  const confirm = useConfirm();
  const [busy, setBusy] = useState<ReadonlySet<string>>(new Set());
  const [over, setOver] = useState<{ id: string; isBelow: boolean } | null>(null);
  const [editing, setEditing] = useState<{ id: string; index: number; was: string; text: string } | null>(null);
  const openerOf = useFocusBack(editing && editing.id);
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
    // Its place alone does not name an entry: another may stand there by now.
    const input = { project: list.project, name: list.name, itemIndex: row.index, itemText: row.text, done: !row.done };
    try {
      await server.mutate(CheckChecklistItemDocument, { input });
    } catch (error) {
      if (!(error instanceof Refused) || error.code !== "CONFLICT") throw error;
      throw new Error(`The list was changed meanwhile: ${row.text} was not ticked. Try again.`);
    }
  };
  const remove = async (row: Row) => {
    const answer = await confirm({ title: "Remove this entry?", text: <p>{row.text}</p>, action: "Remove", isDangerous: true });
    if (answer !== null) await onChange?.({ does: "remove", index: row.index, was: row.text });
  };
  const move = (row: Row, after: Row | null) => {
    const edit = moveBehind(rows, row, after);
    if (edit) void onChange?.(edit);
  };
  const dropOn = (row: Row) => ({
    onDragOver(event: DragEvent<HTMLElement>) {
      if (!event.dataTransfer.types.includes(DRAGGED)) return;
      event.preventDefault();
      event.dataTransfer.dropEffect = "move";
      const isBelow = isLowerHalf(event);
      if (over?.id !== row.id || over.isBelow !== isBelow) setOver({ id: row.id, isBelow });
    },
    onDragLeave(event: DragEvent<HTMLElement>) {
      if (!event.currentTarget.contains(event.relatedTarget as Node | null)) setOver(null);
    },
    onDrop(event: DragEvent<HTMLElement>) {
      setOver(null);
      const moved = rows.find((one) => one.id === event.dataTransfer.getData(DRAGGED));
      if (!moved) return;
      event.preventDefault();
      move(moved, isLowerHalf(event) ? row : (rows[rows.indexOf(row) - 1] ?? null));
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
      <ul aria-label={`Entries of ${list.name}`} className="checklists-entries">
        {rows.map((row) => (
          <li
            key={row.id}
            draggable={onChange !== null && editing?.id !== row.id}
            data-over={over?.id === row.id ? (over.isBelow ? "below" : "above") : undefined}
            onDragStart={(event) => {
              event.dataTransfer.setData(DRAGGED, row.id);
              event.dataTransfer.setData("text/plain", row.text);
              event.dataTransfer.effectAllowed = "move";
            }}
            {...(onChange ? dropOn(row) : {})}
          >
            {editing?.id === row.id ? (
              <Editor text={editing.text} onText={(text) => setEditing({ ...editing, text })} onSave={() => void save(editing)} onLeave={() => setEditing(null)} />
            ) : (
              <Entry
                row={row}
                isBusy={busy.has(row.id)}
                actions={
                  onChange && {
                    places: <Places rows={rows} row={row} onMove={move} />,
                    editId: openerOf(row.id),
                    onTick: () => void during(row.id, tick(row)),
                    onEdit: () => setEditing({ id: row.id, index: row.index, was: row.text, text: row.text }),
                    onRemove: () => void during(row.id, remove(row)),
                  }
                }
              />
            )}
          </li>
        ))}
      </ul>
    </>
  );
}

function isLowerHalf(event: DragEvent<HTMLElement>): boolean {
  const { top, height } = event.currentTarget.getBoundingClientRect();
  return event.clientY > top + height / 2;
}

/** Where an entry may be moved without a mouse. */
function Places({ rows, row, onMove }: { rows: readonly Row[]; row: Row; onMove(row: Row, after: Row | null): void }) {
  const at = rows.indexOf(row);
  return (
    <MenuGroup title="Move">
      {at > 0 && <MenuEntry onPress={() => onMove(row, null)}>To the top</MenuEntry>}
      {rows.map((other, place) =>
        place === at || place === at - 1 ? null : (
          <MenuEntry key={other.id} onPress={() => onMove(row, other)}>
            Below {other.text}
          </MenuEntry>
        ),
      )}
    </MenuGroup>
  );
}

interface Actions {
  places: ReactNode;
  editId: string;
  onTick(): void;
  onEdit(): void;
  onRemove(): void;
}

function Entry({ row, isBusy, actions }: { row: Row; isBusy: boolean; actions: Actions | null }) {
  return (
    <div className="checklists-entry" aria-busy={isBusy} data-done={row.done || undefined}>
      {actions && (
        <ActionMenu label={`Move ${row.text}`} face={<GripVertical size={16} aria-hidden />} className="button icon quiet checklists-grip">
          {actions.places}
        </ActionMenu>
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
          <IconButton id={actions.editId} label={`Reword ${row.text}`} onPress={actions.onEdit} isDisabled={isBusy}>
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
