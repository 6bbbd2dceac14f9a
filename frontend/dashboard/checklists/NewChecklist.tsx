// The form of a new checklist.
import { type FormEvent, useId, useState } from "react";
import { Input, Label, TextArea, TextField } from "react-aria-components";
import { useAddress, useGo } from "../app/params";
import { useLiveContext } from "../live/context";
import { useDraft } from "../live/drafts";
import { Button } from "../ui/Button";
import { tell, tellFailure } from "../ui/toasts";
import { CreateChecklistDocument } from "./documents";
import { linesOf } from "./edits";

interface Props {
  projects: readonly string[];
  chosen: string | null;
  onDone(): void;
}

export const DRAFT = "checklist-new";
const EMPTY = { name: "", entries: "" };

export function NewChecklist({ projects, chosen, onDone }: Props) {
  const { server } = useLiveContext();
  const go = useGo();
  const addressOf = useAddress("checklists");
  const [project, setProject] = useState(chosen ?? projects[0] ?? "");
  const [draft, write] = useDraft(DRAFT, EMPTY);
  const { name, entries } = draft;
  const [isBusy, setBusy] = useState(false);
  const id = useId();

  const leave = () => {
    write(() => EMPTY);
    onDone();
  };
  const create = async (event: FormEvent) => {
    event.preventDefault();
    setBusy(true);
    try {
      const input = { project: project.trim(), name: name.trim(), items: linesOf(entries) };
      const { createChecklist: made } = await server.mutate(CreateChecklistDocument, { input });
      tell(`The checklist ${made.name} is there.`);
      go(addressOf(`${made.project}/${made.name}`));
      write((now) => (now === draft ? EMPTY : now));
      onDone();
    } catch (error) {
      tellFailure(error);
      setBusy(false);
    }
  };
  return (
    <form className="checklists-new" onKeyDown={(event) => event.key === "Escape" && draft === EMPTY && onDone()} onSubmit={(event) => void create(event)} aria-label="New checklist">
      {chosen === null && (
        <TextField value={project} onChange={setProject} isRequired>
          <Label>Project</Label>
          <Input list={id} maxLength={100} />
          <datalist id={id}>
            {projects.map((one) => (
              <option key={one} value={one} />
            ))}
          </datalist>
        </TextField>
      )}
      <TextField value={name} onChange={(value) => write((before) => ({ ...before, name: value }))} isRequired autoFocus>
        <Label>Name</Label>
        <Input maxLength={100} />
      </TextField>
      <TextField value={entries} onChange={(value) => write((before) => ({ ...before, entries: value }))}>
        <Label>Entries, one a line</Label>
        <TextArea rows={4} />
      </TextField>
      <div className="actions">
        <Button onPress={leave}>Cancel</Button>
        <Button kind="primary" type="submit" isDisabled={isBusy || !name.trim() || !project.trim()}>
          Create
        </Button>
      </div>
    </form>
  );
}
