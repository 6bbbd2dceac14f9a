// The form of a guideline; it shows at once when others change what it is about, and overwrites only when told to.
import { type FormEvent, useState } from "react";
import { FieldError, Input, Label, TextArea, TextField } from "react-aria-components";
import { useLiveContext } from "../live/context";
import { Button } from "../ui/Button";
import { Choice } from "../ui/Choice";
import { useConfirm } from "../ui/confirm";
import { tell, tellFailure } from "../ui/toasts";
import { DeleteGuidelineDocument, GuidelineDocument, SetGuidelineDocument } from "./documents";
import { Refused, type Server } from "../live/ask";
import { type Clash, clashOf, type Draft, GLOBAL, type Guideline, isTouched, MAX_RULE_BYTES, writesOf } from "./drafts";

interface Props {
  draft: Draft;
  all: readonly Guideline[];
  onDraft(draft: Draft): void;
  /** Told what was saved or given up. */
  onDone(draft: Draft): void;
  refresh?(): void;
  mayIn(scope: string): boolean;
}

export function Editor({ draft, all, onDraft, onDone, refresh, mayIn }: Props) {
  const { server, projects } = useLiveContext();
  const [isBusy, setBusy] = useState(false);
  const [found, setFound] = useState<Clash>(null);
  const clash = found ?? clashOf(draft, all);
  const scopes = [...new Set([GLOBAL, ...projects.map(({ name }) => name), draft.scope])].filter(mayIn);
  const size = new TextEncoder().encode(draft.rule).length;

  const put = (changed: Partial<Draft>) => {
    setFound(null);
    onDraft({ ...draft, ...changed });
  };
  const save = async (over: Clash) => {
    setBusy(true);
    try {
      // The list here may be a moment old: what counts is what is there now.
      const late = over ? null : clashOf(draft, await current(server, draft));
      if (late) return setFound(late);
      const { set, remove } = writesOf(draft, over);
      await server.mutate(SetGuidelineDocument, { input: set });
      if (remove) await server.mutate(DeleteGuidelineDocument, { input: remove });
      tell(`${set.name} is set; agents are told it at their next session start.`);
      onDone(draft);
    } catch (error) {
      const isLate = error instanceof Refused && error.code === "CONFLICT";
      const late = isLate ? clashOf(draft, await current(server, draft).catch(() => [])) : null;
      if (late) setFound(late);
      else tellFailure(error);
    } finally {
      setBusy(false);
      refresh?.();
    }
  };
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (clash === null) void save(null);
  };
  return (
    <form className="guidelines-editor" onSubmit={submit} onKeyDown={(event) => event.key === "Escape" && !isTouched(draft) && onDone(draft)}>
      {clash && <Clashing clash={clash} draft={draft} isBusy={isBusy} onMine={() => void save(clash)} onTheirs={(now) => put({ base: now, name: now.name, scope: now.scope, rule: now.rule, priority: now.priority })} />}
      <div className="guidelines-fields">
        <TextField value={draft.name} onChange={(name) => put({ name })} isRequired isReadOnly={isBusy} autoFocus={draft.base === null}>
          <Label>Name</Label>
          <Input maxLength={100} />
        </TextField>
        <Choice label="Scope" value={draft.scope} options={scopes.map((value) => ({ value, text: value === GLOBAL ? "All projects" : value }))} onChoose={(scope) => put({ scope })} />
        <TextField type="number" value={draft.priority ? String(draft.priority) : ""} onChange={(typed) => put({ priority: Math.min(100, Math.max(0, Math.round(Number(typed) || 0))) })} isRequired>
          <Label>Priority, 1 is told first</Label>
          <Input min={1} max={100} />
        </TextField>
      </div>
      <TextField value={draft.rule} onChange={(rule) => put({ rule })} isRequired isReadOnly={isBusy} isInvalid={size > MAX_RULE_BYTES} autoFocus={draft.base !== null}>
        <Label>Rule</Label>
        <TextArea rows={Math.min(14, Math.max(4, draft.rule.split("\n").length + 1))} />
        <FieldError className="bad">
          {size.toLocaleString()} bytes, at most {MAX_RULE_BYTES.toLocaleString()} are taken.
        </FieldError>
      </TextField>
      <div className="actions">
        <Button onPress={() => onDone(draft)}>Cancel</Button>
        <Button kind="primary" type="submit" isDisabled={isBusy || clash !== null || draft.priority < 1 || !draft.name.trim() || !draft.rule.trim() || size > MAX_RULE_BYTES}>
          Save
        </Button>
      </div>
    </form>
  );
}

async function current(server: Server, draft: Draft): Promise<Guideline[]> {
  const wanted = [{ scope: draft.scope, name: draft.name.trim() }, ...(draft.base ? [draft.base] : [])];
  const read = wanted.map(async ({ scope, name }) => {
    try {
      return (await server.query(GuidelineDocument, { scope, name })).guideline;
    } catch (error) {
      if (error instanceof Refused && error.code === "NOT_FOUND") return null;
      throw error;
    }
  });
  return (await Promise.all(read)).filter((one) => one !== null);
}

const TITLES = {
  changed: "Somebody else changed this guideline while you edit it.",
  deleted: "Somebody else deleted this guideline while you edit it.",
  taken: "There is a guideline of this name in this scope.",
};

interface ClashingProps {
  clash: NonNullable<Clash>;
  draft: Draft;
  isBusy: boolean;
  onMine(): void;
  onTheirs(now: Guideline): void;
}

function Clashing({ clash, draft, isBusy, onMine, onTheirs }: ClashingProps) {
  const isComplete = draft.name.trim() !== "" && draft.rule.trim() !== "";
  return (
    <div className="problem" role="alert">
      <strong>{TITLES[clash.is]}</strong>
      {clash.is !== "deleted" && (
        <>
          <span>It says now, with priority {clash.now.priority}:</span>
          <blockquote>{clash.now.rule}</blockquote>
        </>
      )}
      <div className="actions">
        {clash.is !== "deleted" && <Button onPress={() => onTheirs(clash.now)}>Edit that one</Button>}
        <Button kind="primary" isDisabled={isBusy || !isComplete} onPress={onMine}>
          {clash.is === "deleted" ? "Set it again" : "Replace it with mine"}
        </Button>
      </div>
    </div>
  );
}

/** Return what deletes a guideline after asking once. */
export function useRemove(refresh?: () => void): (one: Guideline) => Promise<void> {
  const { server } = useLiveContext();
  const confirm = useConfirm();
  return async (one) => {
    const reason = await confirm({
      title: `Delete ${one.name}?`,
      text: <p>Agents {one.scope === GLOBAL ? "of all projects" : `of ${one.scope}`} are no longer told it when a session starts.</p>,
      action: "Delete",
      isDangerous: true,
      reasonLabel: "Reason",
    });
    if (reason === null) return;
    try {
      await server.mutate(DeleteGuidelineDocument, { input: { name: one.name, scope: one.scope, reason } });
      tell(`${one.name} is deleted.`);
    } catch (error) {
      tellFailure(error);
    }
    refresh?.();
  };
}
