// Checklists: all of them by project, and one of them edited in place.
import "./checklists.css";
import { Plus } from "lucide-react";
import { useMemo, useState } from "react";
import { Link } from "wouter";
import { useAddress } from "../app/params";
import type { ViewProps } from "../app/views";
import type { Server } from "../live/ask";
import { useLiveContext, useMay, useShownProjects } from "../live/context";
import { useDrafted } from "../live/drafts";
import { about } from "../live/events";
import { readPages } from "../live/pages";
import { useLiveEach } from "../live/useLive";
import { Button } from "../ui/Button";
import { Empty } from "../ui/Empty";
import { Panel } from "../ui/Panel";
import { Problem } from "../ui/Problem";
import { Split } from "../ui/Split";
import { Time } from "../ui/Time";
import { useFocusBack } from "../ui/useFocusBack";
import { ChecklistDetail } from "./ChecklistDetail";
import { type ChecklistHeadFragment, ChecklistsDocument } from "./documents";
import { splitRecord } from "./edits";
import { DRAFT, NewChecklist } from "./NewChecklist";

const MOST_PROJECTS = 30;
const MOST_LISTS = 1_000;
const CHECKLISTS = about(["checklist"]);

const read = (server: Server, project: string) =>
  readPages(async (after) => (await server.query(ChecklistsDocument, { project, after })).checklists, MOST_LISTS);

export default function ChecklistsView({ record }: ViewProps) {
  const { chosen } = useLiveContext();
  const mayWrite = useMay("AGENT");
  const shown = useShownProjects();
  const [isNew, setNew] = useState(useDrafted(DRAFT).size > 0);
  const openerOf = useFocusBack(isNew ? "new" : null);
  const addressOf = useAddress("checklists");
  const names = shown.slice(0, MOST_PROJECTS).map((project) => project.name);
  if (chosen !== null && !names.includes(chosen)) names.push(chosen);
  const keyed = useMemo(() => Object.fromEntries(names.map((name) => [name, name])), [names.join()]);
  const answers = useLiveEach(keyed, read, { touchedBy: (event, project) => event.project === project && CHECKLISTS(event) });
  const lists = names.flatMap((name) => answers[name]?.data?.nodes ?? []);
  const failed = Object.values(answers).find((answer) => answer.error);
  const isRead = names.every((name) => answers[name]);
  const [project, name] = splitRecord(record);

  const list = (
    <Panel
      title="Checklists"
      count={isRead ? lists.length : undefined}
      actions={
        mayWrite &&
        !isNew && (
          <Button id={openerOf("new")} onPress={() => setNew(true)}>
            <Plus size={16} aria-hidden /> New checklist
          </Button>
        )
      }
    >
      {isNew && <NewChecklist projects={names} chosen={chosen} onDone={() => setNew(false)} />}
      {failed?.error && <Problem error={failed.error} what="A project's checklists" onRetry={failed.refresh} />}
      {!isRead && <p className="faint checklists-wait">Reading…</p>}
      {names.map((one) => (
        <ByProject key={one} project={one} lists={answers[one]?.data?.nodes ?? []} isCut={answers[one]?.data?.hasMore ?? false} showsProject={chosen === null} open={record} addressOf={addressOf} />
      ))}
      {isRead && lists.length === 0 && !isNew && (
        <Empty title="There is no checklist yet">
          <p>
            A checklist is what a team ticks off together, such as the steps of a release. {mayWrite ? "Make one here, or let" : "Let"} an agent call{" "}
            <code>memory_checklist</code>.
          </p>
        </Empty>
      )}
    </Panel>
  );
  return (
    <div className="checklists">
      <div className="view-head">
        <h1>Checklists</h1>
      </div>
      <Split
        list={list}
        detail={record ? <ChecklistDetail key={record} project={project} name={name} /> : null}
        open={record}
        back={{ to: addressOf(""), label: "All checklists" }}
        nothing={
          <div className="panel">
            <Empty title="Open a checklist">
              <p>Its entries stand here, to be ticked off, reworded and put in order.</p>
            </Empty>
          </div>
        }
      />
    </div>
  );
}

interface ByProjectProps {
  project: string;
  lists: readonly ChecklistHeadFragment[];
  isCut: boolean;
  showsProject: boolean;
  open: string;
  addressOf(record: string): string;
}

function ByProject({ project, lists, isCut, showsProject, open, addressOf }: ByProjectProps) {
  if (lists.length === 0) return null;
  return (
    <div>
      {showsProject && <h3 className="checklists-project">{project}</h3>}
      <ul className="checklists-list">
        {lists.map((one) => (
          <Row key={one.name} one={one} isOpen={open === `${project}/${one.name}`} href={addressOf(`${project}/${one.name}`)} />
        ))}
      </ul>
      {isCut && <p className="faint checklists-wait">Only the first {MOST_LISTS.toLocaleString()} are shown.</p>}
    </div>
  );
}

function Row({ one, isOpen, href }: { one: ChecklistHeadFragment; isOpen: boolean; href: string }) {
  const [done = 0, all = 0] = one.progress.split("/").map(Number);
  return (
    <li data-open={isOpen || undefined}>
      <Link href={href} aria-current={isOpen || undefined}>
        {one.name}
      </Link>
      <span className="checklists-figures">
        <progress value={done} max={Math.max(all, 1)} aria-label={`${one.name}: ${done} of ${all} done`} />
        <span className="checklists-progress">{one.progress}</span>
        <span className="faint">
          <Time at={one.updatedAt} />
        </span>
      </span>
    </li>
  );
}
