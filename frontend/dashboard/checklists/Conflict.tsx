// An edit that was not made, because somebody else changed the list first: what each wanted, and the choice.
import { useState } from "react";
import { Button } from "../ui/Button";
import { type Edit, type Entry, fitted } from "./edits";

interface Props {
  edit: Edit;
  items: readonly Entry[];
  onAgain(edit: Edit): Promise<void>;
  onLeave(): void;
}

const WISHES = { reword: "You wanted to reword", remove: "You wanted to remove", move: "You wanted to move" } as const;

export function Conflict({ edit, items, onAgain, onLeave }: Props) {
  const [isBusy, setBusy] = useState(false);
  const here = items[edit.index];
  const now = fitted(edit, items);
  const again = async (wanted: Edit) => {
    setBusy(true);
    await onAgain(wanted);
    setBusy(false);
  };
  return (
    <div className="problem checklists-conflict" role="alert">
      <p>
        <strong>Somebody else changed this checklist first.</strong> Your change was not made.
      </p>
      <dl>
        <dt>{WISHES[edit.does]}</dt>
        <dd>{edit.was}</dd>
        {edit.does === "reword" && (
          <>
            <dt>to</dt>
            <dd>{edit.text}</dd>
          </>
        )}
        {now === null && (
          <>
            <dt>In its place now</dt>
            <dd>{here ? here.text : "nothing: it was removed"}</dd>
          </>
        )}
      </dl>
      <div className="actions">
        <Button onPress={onLeave}>Keep what is there</Button>
        {now !== null && (
          <Button kind="primary" isDisabled={isBusy} onPress={() => void again(now)}>
            Do mine now
          </Button>
        )}
        {now === null && edit.does === "reword" && here && (
          <Button kind="primary" isDisabled={isBusy} onPress={() => void again({ ...edit, was: here.text })}>
            Replace it with mine
          </Button>
        )}
      </div>
    </div>
  );
}
