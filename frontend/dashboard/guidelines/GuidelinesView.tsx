// Guidelines: the rules that agents are told at session start, by scope, edited where they stand.
import "./guidelines.css";
import { Pencil, Plus, Trash2 } from "lucide-react";
import { useState } from "react";
import { Link } from "wouter";
import { useAddress } from "../app/params";
import type { ViewProps } from "../app/views";
import type { Server } from "../live/ask";
import { useLiveContext, useMay } from "../live/context";
import { useDraft } from "../live/drafts";
import { about } from "../live/events";
import { readPages } from "../live/pages";
import { useLiveEach } from "../live/useLive";
import { Button, IconButton } from "../ui/Button";
import { useConfirm } from "../ui/confirm";
import { Empty } from "../ui/Empty";
import { Badge, Panel } from "../ui/Panel";
import { Problem } from "../ui/Problem";
import { Time } from "../ui/Time";
import { useFocusBack } from "../ui/useFocusBack";
import { GuidelinesDocument } from "./documents";
import { byScope, creditOf, type Draft, draftOf, GLOBAL, type Guideline, isTouched, PRIORITY, recordOf } from "./drafts";
import { Editor, useRemove } from "./Editor";

const MOST = 1_000;
const ALL = { all: null };
const DRAFT = "guideline";
const GUIDELINES = about(["guideline"]);

const read = (server: Server) => readPages(async (after) => (await server.query(GuidelinesDocument, { after })).guidelines, MOST);

export default function GuidelinesView({ record }: ViewProps) {
  const { chosen, who } = useLiveContext();
  const isAdmin = useMay("ADMIN");
  const addressOf = useAddress("guidelines");
  // The feed of one project tells nothing of the global ones: they are also read from time to time.
  const { data, error, refresh } = useLiveEach(ALL, read, { touchedBy: GUIDELINES, everySeconds: chosen === null ? undefined : 5 }).all ?? {};
  const confirm = useConfirm();
  const [opened, open] = useState<Draft | null>(null);
  const [written, write] = useDraft<Draft | null>(DRAFT, null);
  const draft = written ?? opened;
  const all = data?.nodes ?? [];
  const scopes = byScope(all, chosen);
  const mayIn = (scope: string) => isAdmin && (scope !== GLOBAL || (who.projects ?? []).length === 0);
  const openerOf = useFocusBack(draft && (draft.base ? recordOf(draft.base) : draft.scope));
  const put = (changed: Draft | null) => {
    open(changed);
    write(() => (changed && isTouched(changed) ? changed : null));
  };
  const leave = (saved: Draft) => {
    const after = (now: Draft | null) => (now === saved ? null : now);
    open(after);
    write(after);
  };
  const edit = async (wanted: Draft) => {
    const text = <p>What you changed of it and did not save is lost.</p>;
    if (written && (await confirm({ title: `Leave ${written.name || "the new guideline"}?`, text, action: "Discard my changes" })) === null) return;
    put(wanted);
  };
  const start = (scope: string) => void edit({ base: null, name: "", scope, rule: "", priority: PRIORITY });
  const isHere = draft?.base && scopes.some(([, list]) => list.some((one) => recordOf(one) === recordOf(draft.base!)));
  const [openScope] = record.split("/");
  const missing = data && record && !all.some((one) => recordOf(one) === record);
  const editor = draft && <Editor key={draft.base ? recordOf(draft.base) : "new"} draft={draft} all={all} onDraft={put} onDone={leave} refresh={refresh} mayIn={mayIn} />;

  return (
    <div className="guidelines">
      <h1>Guidelines</h1>
      {error && <Problem error={error} what="The guidelines" onRetry={refresh} />}
      {missing && (
        <div className="panel">
          <Empty title={`There is no guideline ${record.slice((openScope ?? "").length + 1)} in ${openScope}`}>
            <Link href={addressOf("")}>See all guidelines</Link>
          </Empty>
        </div>
      )}
      {draft && !isHere && <Panel title={draft.base ? draft.base.name : "New guideline"}>{editor}</Panel>}
      {!data && !error && <div className="panel guidelines-blank" aria-busy />}
      {data &&
        scopes.map(([scope, list]) => (
          <Panel
            key={scope}
            title={scope === GLOBAL ? "For all projects" : scope}
            count={list.length}
            actions={
              mayIn(scope) && (
                <Button id={openerOf(scope)} onPress={() => start(scope)}>
                  <Plus size={16} aria-hidden /> New<span className="wide-only"> guideline</span><span className="sr-only"> in {scope}</span>
                </Button>
              )
            }
          >
            {list.length === 0 ? (
              <Empty title={scope === GLOBAL ? "No guideline holds everywhere" : "No guideline of its own"}>
                <p>
                  Agents are told the guidelines of their scope when a session starts, the lowest number first. {mayIn(scope) ? "Write one here, or let" : "Let"} an agent call{" "}
                  <code>memory_guidelines</code>.
                </p>
              </Empty>
            ) : (
              <ul>
                {list.map((one) => (
                  <li key={one.name} data-open={recordOf(one) === record || undefined} ref={recordOf(one) === record ? intoView : undefined}>
                    {draft?.base && recordOf(draft.base) === recordOf(one) ? (
                      editor
                    ) : (
                      <Row one={one} isOpen={recordOf(one) === record} href={addressOf(recordOf(one) === record ? "" : recordOf(one))} editId={openerOf(recordOf(one))} onEdit={mayIn(scope) ? () => void edit(draftOf(one)) : null} refresh={refresh} />
                    )}
                  </li>
                ))}
              </ul>
            )}
          </Panel>
        ))}
      {data?.hasMore && <p className="faint">Only the first {MOST.toLocaleString()} are shown.</p>}
    </div>
  );
}

function intoView(row: HTMLLIElement | null) {
  row?.scrollIntoView({ block: "nearest" });
}

interface RowProps {
  one: Guideline;
  isOpen: boolean;
  href: string;
  editId: string;
  onEdit: (() => void) | null;
  refresh?(): void;
}

function Row({ one, isOpen, href, editId, onEdit, refresh }: RowProps) {
  const remove = useRemove(refresh);
  return (
    <div className="guidelines-row">
      <span className="guidelines-rank" title="Priority: the lowest number is told first">
        <Badge tone={one.priority <= 10 ? "warn" : "plain"}>
          <span className="sr-only">priority </span>
          {one.priority}
        </Badge>
      </span>
      <div className="guidelines-told">
        <div className="guidelines-head">
          <Link href={href} aria-expanded={isOpen}>
            {one.name}
          </Link>
          <span className="faint">
            {creditOf(one)} <Time at={one.updatedAt} />
          </span>
        </div>
        <p className="guidelines-rule" data-whole={isOpen || undefined}>
          {one.rule}
        </p>
      </div>
      {onEdit && (
        <span className="guidelines-acts">
          <IconButton id={editId} label={`Edit ${one.name}`} onPress={onEdit}>
            <Pencil size={16} aria-hidden />
          </IconButton>
          <IconButton label={`Delete ${one.name}`} onPress={() => void remove(one)}>
            <Trash2 size={16} aria-hidden />
          </IconButton>
        </span>
      )}
    </div>
  );
}
