// One checklist: its entries, what is done to them, and what others did to them at the same time.
import { Pencil, Trash2 } from "lucide-react";
import { type FormEvent, useState } from "react";
import { Input, Label, TextField } from "react-aria-components";
import { useAddress, useGo } from "../app/params";
import { Refused } from "../live/ask";
import { useLiveContext, useMay } from "../live/context";
import { areaOf } from "../live/events";
import { useLive } from "../live/useLive";
import { Button, IconButton } from "../ui/Button";
import { useConfirm } from "../ui/confirm";
import { Empty, isMissing, Missing } from "../ui/Empty";
import { Panel } from "../ui/Panel";
import { Problem } from "../ui/Problem";
import { Time } from "../ui/Time";
import { tell, tellFailure } from "../ui/toasts";
import { useFocusBack } from "../ui/useFocusBack";
import { Conflict } from "./Conflict";
import { AddChecklistItemsDocument, ChecklistDocument, type ChecklistWholeFragment, DeleteChecklistDocument, UpdateChecklistDocument } from "./documents";
import { type Edit, entriesAfter, fitted } from "./edits";
import { Entries } from "./Entries";

export function ChecklistDetail({ project, name }: { project: string; name: string }) {
  const addressOf = useAddress("checklists");
  const { data, error, refresh } = useLive(ChecklistDocument, name ? { project, name } : null, {
    touchedBy: (event) => event.project === project && areaOf(event.kind) === "checklist",
  });
  if (!name || isMissing(error)) {
    return (
      <div className="panel">
        <Missing what="checklist" to={addressOf("")} all="See all checklists">
          {name && `${name} was deleted or renamed, or it never was in ${project}.`}
        </Missing>
      </div>
    );
  }
  return (
    <>
      {error && <Problem error={error} what="The checklist" onRetry={refresh} />}
      {data ? <Opened list={data.checklist} refresh={refresh} /> : !error && <div className="panel checklists-blank" aria-busy />}
    </>
  );
}

/** Is what changes a list, or what to tell of why it did not. */
export type Change = (edit: Edit) => Promise<void>;

function Opened({ list, refresh }: { list: ChecklistWholeFragment; refresh(): void }) {
  const { server } = useLiveContext();
  const mayWrite = useMay("AGENT");
  const [conflict, setConflict] = useState<Edit | null>(null);
  const { project, name, items, updatedAt } = list;

  const change: Change = async (edit) => {
    try {
      // The list here may be a moment old: what counts is what is there now.
      const { checklist: now } = await server.query(ChecklistDocument, { project, name });
      const wanted = fitted(edit, now.items);
      if (wanted === null) return setConflict(edit);
      await server.mutate(UpdateChecklistDocument, { input: { project, name, updatedAt: now.updatedAt, items: entriesAfter(now.items, wanted) } });
      setConflict(null);
    } catch (error) {
      if (error instanceof Refused && error.code === "CONFLICT") setConflict(edit);
      else tellFailure(error);
    } finally {
      refresh();
    }
  };
  const done = items.filter((item) => item.done).length;
  return (
    <Panel title={name} count={undefined} className="checklists-open" actions={mayWrite && <Actions list={list} refresh={refresh} />}>
      <p className="checklists-about faint">
        {done} of {items.length} done · in {project} · made by {list.createdBy} <Time at={list.createdAt} /> · changed <Time at={updatedAt} />
      </p>
      {conflict && <Conflict edit={conflict} items={items} onAgain={change} onLeave={() => setConflict(null)} />}
      <Entries list={list} onChange={mayWrite ? change : null} />
      {items.length === 0 && <Empty title="It has no entries yet">{mayWrite && <p>Write the first one below.</p>}</Empty>}
      {mayWrite && <Add project={project} name={name} refresh={refresh} />}
    </Panel>
  );
}

function Add({ project, name, refresh }: { project: string; name: string; refresh(): void }) {
  const { server } = useLiveContext();
  const [text, setText] = useState("");
  const [isBusy, setBusy] = useState(false);
  const add = async (event: FormEvent) => {
    event.preventDefault();
    if (!text.trim()) return;
    setBusy(true);
    try {
      await server.mutate(AddChecklistItemsDocument, { input: { project, name, items: [text.trim()] } });
      setText("");
    } catch (error) {
      tellFailure(error);
    }
    setBusy(false);
    refresh();
  };
  return (
    <form className="checklists-add" onSubmit={(event) => void add(event)}>
      <TextField value={text} onChange={setText} isReadOnly={isBusy}>
        <Label className="sr-only">New entry</Label>
        <Input placeholder="New entry" maxLength={2000} />
      </TextField>
      <Button type="submit" isDisabled={isBusy || !text.trim()}>
        Add
      </Button>
    </form>
  );
}

function Actions({ list, refresh }: { list: ChecklistWholeFragment; refresh(): void }) {
  const { server } = useLiveContext();
  const confirm = useConfirm();
  const go = useGo();
  const addressOf = useAddress("checklists");
  const [name, setName] = useState<string | null>(null);
  const openerOf = useFocusBack(name === null ? null : "name");

  const rename = async (event: FormEvent) => {
    event.preventDefault();
    if (name === null || name.trim() === list.name) return setName(null);
    try {
      const input = { project: list.project, name: list.name, newName: name.trim(), updatedAt: list.updatedAt };
      const { updateChecklist: made } = await server.mutate(UpdateChecklistDocument, { input });
      tell(`It is called ${made.name} now.`);
      go(addressOf(`${made.project}/${made.name}`), { replace: true });
    } catch (error) {
      tellFailure(error);
      refresh();
    }
  };
  const remove = async () => {
    const reason = await confirm({
      title: `Delete ${list.name}?`,
      text: <p>Its {list.items.length} entries go with it, for all agents, and do not come back.</p>,
      action: "Delete",
      isDangerous: true,
      reasonLabel: "Reason",
    });
    if (reason === null) return;
    try {
      await server.mutate(DeleteChecklistDocument, { input: { project: list.project, name: list.name, reason } });
      tell(`${list.name} is deleted.`);
      go(addressOf(""));
    } catch (error) {
      tellFailure(error);
      refresh();
    }
  };
  if (name !== null) {
    return (
      <form className="checklists-rename" onSubmit={(event) => void rename(event)}>
        <TextField value={name} onChange={setName} autoFocus aria-label="New name" onKeyDown={(event) => event.key === "Escape" && setName(null)}>
          <Input maxLength={100} />
        </TextField>
        <Button type="submit" kind="primary" isDisabled={!name.trim()}>
          Rename
        </Button>
        <Button onPress={() => setName(null)}>Cancel</Button>
      </form>
    );
  }
  return (
    <span>
      <IconButton id={openerOf("name")} label="Rename the checklist" onPress={() => setName(list.name)}>
        <Pencil size={16} aria-hidden />
      </IconButton>
      <IconButton label="Delete the checklist" onPress={() => void remove()}>
        <Trash2 size={16} aria-hidden />
      </IconButton>
    </span>
  );
}
