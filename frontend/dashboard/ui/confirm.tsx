// The one question before something is done to others' work.
import { createContext, type FormEvent, type ReactNode, useCallback, useContext, useState } from "react";
import { Dialog, Heading, Input, Label, Modal, ModalOverlay, TextField } from "react-aria-components";
import { Button } from "./Button";

export interface Question {
  title: string;
  /** What will happen, and to whom. */
  text: ReactNode;
  /** The word on the button that does it. */
  action: string;
  isDangerous?: boolean;
  /** With it, a reason must be given. */
  reasonLabel?: string;
}

/** Ask; resolves to the reason ("" where none is asked for), or to null if the person does not want it. */
export type Ask = (question: Question) => Promise<string | null>;

const ConfirmContext = createContext<Ask>(() => Promise.resolve(null));

export function useConfirm(): Ask {
  return useContext(ConfirmContext);
}

export function ConfirmProvider({ children }: { children: ReactNode }) {
  const [open, setOpen] = useState<{ question: Question; answer(reason: string | null): void } | null>(null);
  const ask = useCallback<Ask>(
    (question) =>
      new Promise((resolve) => {
        const answer = (reason: string | null) => {
          setOpen(null);
          resolve(reason);
        };
        setOpen({ question, answer });
      }),
    [],
  );
  return (
    <ConfirmContext value={ask}>
      {children}
      <ModalOverlay
        className="overlay"
        isOpen={open !== null}
        onOpenChange={(isOpen) => !isOpen && open?.answer(null)}
        isDismissable={false}
      >
        <Modal className="modal">{open && <Asked question={open.question} onAnswer={open.answer} />}</Modal>
      </ModalOverlay>
    </ConfirmContext>
  );
}

function Asked({ question, onAnswer }: { question: Question; onAnswer(reason: string | null): void }) {
  const [reason, setReason] = useState("");
  const isComplete = !question.reasonLabel || reason.trim() !== "";
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (isComplete) onAnswer(reason.trim());
  };
  return (
    <Dialog role="alertdialog" className="dialog">
      <form onSubmit={submit}>
        <Heading slot="title">{question.title}</Heading>
        <div>{question.text}</div>
        {question.reasonLabel && (
          <TextField value={reason} onChange={setReason} autoFocus isRequired>
            <Label>{question.reasonLabel}</Label>
            <Input maxLength={500} />
          </TextField>
        )}
        <div className="actions">
          <Button kind="plain" autoFocus={!question.reasonLabel} onPress={() => onAnswer(null)}>
            Cancel
          </Button>
          <Button kind={question.isDangerous ? "danger" : "primary"} type="submit" isDisabled={!isComplete}>
            {question.action}
          </Button>
        </div>
      </form>
    </Dialog>
  );
}
