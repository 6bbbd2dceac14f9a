// A new item, beside the board.
import { type FormEvent, useState } from "react";
import { useGo } from "../app/params";
import { useAgents } from "../live/agents";
import { useLiveContext } from "../live/context";
import { useDraft } from "../live/drafts";
import { Button } from "../ui/Button";
import { Choice, optionsOf } from "../ui/Choice";
import { tell, tellFailure } from "../ui/toasts";
import { inReach } from "./CardRow";
import type { Card } from "./cards";
import { AddItemDocument } from "./documents";
import { additionOf, type Fields, NEW } from "./draft";
import { ItemForm } from "./ItemForm";
import { Side } from "./Side";

interface Props {
  projects: readonly string[];
  cards: ReadonlyMap<string, Card>;
  addressOf(id: string): string;
  onClose(): void;
  onAdded(id: string): Promise<void>;
}

const DRAFT = "backlog-new";
const EMPTY: Fields & { project: string } = { ...NEW, project: "" };

export function AddItem({ projects, cards, addressOf, onClose, onAdded }: Props) {
  const { server } = useLiveContext();
  const go = useGo();
  const [fields, change] = useDraft(DRAFT, EMPTY);
  const project = projects.includes(fields.project) ? fields.project : (projects[0] ?? "");
  const [isSending, setSending] = useState(false);
  const { data } = useAgents(project);
  const submit = async (event: FormEvent) => {
    event.preventDefault();
    setSending(true);
    try {
      const { addBacklogItem } = await server.mutate(AddItemDocument, { input: additionOf(project, fields) });
      tell(`“${fields.title.trim()}” is in the backlog.`);
      change((now) => (now === fields ? EMPTY : now));
      await onAdded(addBacklogItem.id);
      go(addressOf(addBacklogItem.id));
    } catch (error) {
      tellFailure(error);
      setSending(false);
    }
  };
  return (
    <Side title="A new item" onClose={onClose}>
      <form onSubmit={(event) => void submit(event)}>
        {projects.length > 1 && <Choice label="Project" value={project} options={optionsOf(projects)} onChoose={(value) => change((before) => ({ ...before, project: value }))} />}
        <ItemForm
          fields={fields}
          overtaken={{}}
          agents={inReach(data ?? [])}
          cards={[...cards.values()].filter((card) => card.project === project)}
          id={null}
          addressOf={addressOf}
          onTouch={(name, value) => change((before) => ({ ...before, [name]: value }))}
        />
        <div className="actions">
          <Button
            onPress={() => {
              change(() => EMPTY);
              onClose();
            }}
          >
            Cancel
          </Button>
          <Button kind="primary" type="submit" isDisabled={isSending || project === "" || fields.title.trim() === ""}>
            Add
          </Button>
        </div>
      </form>
    </Side>
  );
}
