// The question before a document's status is changed: to what, why, and what replaces it.
import { createContext, type FormEvent, type ReactNode, useContext, useState } from "react";
import { Dialog, Heading, Input, Label, Modal, ModalOverlay, Radio, RadioGroup, TextField } from "react-aria-components";
import { useLive } from "../live/useLive";
import { Button } from "../ui/Button";
import { SearchBox } from "../ui/SearchBox";
import { type DocumentStatus, SearchProjectDocument } from "./documents";
import { STATUSES, words } from "./filters";
import { useChangeStatus } from "./useStatus";

interface Subject {
  id: string;
  project: string;
  title: string;
  status: DocumentStatus;
}

interface Wish {
  document: Subject;
  status: DocumentStatus;
}

type Ask = (wish: Wish) => void;

const StatusContext = createContext<Ask>(() => undefined);

/** Return what opens the question. */
export function useAskStatus(): Ask {
  return useContext(StatusContext);
}

export function StatusProvider({ children }: { children: ReactNode }) {
  const [wish, setWish] = useState<Wish | null>(null);
  return (
    <StatusContext value={setWish}>
      {children}
      <ModalOverlay className="overlay" isOpen={wish !== null} onOpenChange={(isOpen) => !isOpen && setWish(null)}>
        <Modal className="modal">{wish && <Question wish={wish} onClose={() => setWish(null)} />}</Modal>
      </ModalOverlay>
    </StatusContext>
  );
}

const MEANS: Record<DocumentStatus, string> = {
  ACTIVE: "It holds: agents find it again.",
  DEPRECATED: "It is no longer recommended: agents find it only if they ask for what does not hold.",
  SUPERSEDED: "Another one replaces it: agents that have its id are led there.",
  ARCHIVED: "It is put aside: agents find it only if they ask for what does not hold.",
  CONFLICTED: "Another one says otherwise: agents find it only if they ask for what does not hold.",
  REVIEW_PENDING: "It is not confirmed yet: agents find it only if they ask for what does not hold.",
  EXPIRED: "Its time is over: agents find it only if they ask for what does not hold.",
};

function Question({ wish: { document, status: wished }, onClose }: { wish: Wish; onClose(): void }) {
  const change = useChangeStatus();
  const [status, setStatus] = useState(wished);
  const [reason, setReason] = useState("");
  const [successor, setSuccessor] = useState("");
  const [isBusy, setBusy] = useState(false);
  const isComplete = reason.trim() !== "" && (status !== "SUPERSEDED" || successor !== "");
  const submit = async (event: FormEvent) => {
    event.preventDefault();
    if (!isComplete || isBusy) return;
    setBusy(true);
    const supersededBy = status === "SUPERSEDED" ? successor : undefined;
    if (await change({ id: document.id, status, reason: reason.trim(), supersededBy })) onClose();
    else setBusy(false);
  };
  return (
    <Dialog role="alertdialog" className="dialog">
      <form onSubmit={(event) => void submit(event)}>
        <Heading slot="title">Change the status of “{document.title}”?</Heading>
        <label className="knowledge-field">
          <span className="field-label">Status</span>
          <select value={status} onChange={(event) => setStatus(event.target.value as DocumentStatus)}>
            {STATUSES.filter((one) => one !== document.status).map((one) => (
              <option key={one} value={one}>
                {words(one)}
              </option>
            ))}
          </select>
        </label>
        <p className="faint">{MEANS[status]}</p>
        {status === "SUPERSEDED" && <Successor document={document} value={successor} onChange={setSuccessor} />}
        <TextField value={reason} onChange={setReason} autoFocus isRequired>
          <Label>Reason</Label>
          <Input maxLength={500} />
        </TextField>
        <div className="actions">
          <Button onPress={onClose}>Cancel</Button>
          <Button kind="primary" type="submit" isDisabled={!isComplete || isBusy}>
            Change status
          </Button>
        </div>
      </form>
    </Dialog>
  );
}

const NEVER = { touchedBy: () => false };

function Successor({ document, value, onChange }: { document: Subject; value: string; onChange(id: string): void }) {
  const [query, setQuery] = useState(document.title.slice(0, 400));
  const { data, error } = useLive(SearchProjectDocument, query ? { query, project: document.project, types: null, includeInactive: false } : null, NEVER);
  const found = data?.searchDocuments.results.filter((one) => one.id !== document.id).slice(0, 6) ?? [];
  return (
    <div className="knowledge-successor">
      <SearchBox label="Search what replaces it" value={query} onSearch={setQuery} />
      <RadioGroup aria-label="Replaced by" value={value} onChange={onChange}>
        {found.map((one) => (
          <Radio key={one.id} value={one.id} className="pick">
            <span className="knowledge-picked">{one.title}</span> <span className="faint">{words(one.type)}</span>
          </Radio>
        ))}
      </RadioGroup>
      {data && found.length === 0 && <p className="faint">Nothing found: search other words.</p>}
      {error && <p className="bad">{error.message}</p>}
    </div>
  );
}
