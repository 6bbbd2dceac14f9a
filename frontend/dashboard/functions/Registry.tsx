// All functions of the shown projects, by file.
import { useMemo, useState } from "react";
import { useParams } from "../app/params";
import { useLiveContext, useShownProjects } from "../live/context";
import { about } from "../live/events";
import { useKept } from "../live/useKept";
import { useLiveEach } from "../live/useLive";
import { Button } from "../ui/Button";
import { ConnectAnAgent, Empty } from "../ui/Empty";
import { Panel } from "../ui/Panel";
import { Problem } from "../ui/Problem";
import { VirtualList } from "../ui/VirtualList";
import { FunctionLine, LinesToCome } from "./FunctionLine";
import { keyOf, type Row, rowsOf } from "./entries";
import { readFunctions } from "./read";

const MOST_PROJECTS = 30;
const STEP = 500;
const ROW_PX = 52;
const TOUCHING = about(["function"]);

export function Registry({ file, open }: { file: string; open: string }) {
  const { chosen } = useLiveContext();
  const projects = useShownProjects();
  const [most, setMost] = useState(chosen === null ? 100 : 300);
  const names = chosen === null ? projects.slice(0, MOST_PROJECTS).map(({ name }) => name) : [chosen];
  const keyed = useMemo(() => Object.fromEntries(names.map((project) => [project, { project, file: file || null, most }])), [names.join(), file, most]);
  const answers = useLiveEach(keyed, readFunctions, { touchedBy: (event, project) => event.project === project && TOUCHING(event) });
  const isRead = names.every((name) => answers[name]?.data);
  const read = useMemo(() => names.flatMap((name) => answers[name]?.data ?? []), [answers, names.join()]);
  const [kept, isOld] = useKept(isRead ? read : undefined);
  const entries = useMemo(() => (kept ?? []).flatMap((pages) => pages.nodes), [kept]);
  const rows = useMemo(() => rowsOf(entries), [entries]);
  const failed = Object.values(answers).find((answer) => answer.error);
  const hasMore = kept?.some((pages) => pages.hasMore) ?? false;

  return (
    <Panel title="Registry" count={kept && `${entries.length}${hasMore ? "+" : ""}`}>
      {failed?.error && <Problem error={failed.error} what="The registry" onRetry={failed.refresh} />}
      {!kept && !failed && <LinesToCome />}
      {kept && rows.length === 0 && <NoFunctions isFiltered={file !== ""} />}
      {rows.length > 0 && (
        <div aria-busy={isOld}>
          <VirtualList
            items={rows}
            label="Functions by file"
            keyOf={keyOf}
            rowHeight={ROW_PX}
            className="functions-list"
            row={(row) => (row.is === "file" ? <FileHead row={row} showsProject={chosen === null} /> : <FunctionLine entry={row.entry} isOpen={row.entry.id === open} />)}
          />
        </div>
      )}
      {hasMore && (
        <div className="functions-more">
          <Button onPress={() => setMost(most + STEP)} isDisabled={isOld}>
            Show more
          </Button>
        </div>
      )}
    </Panel>
  );
}

function FileHead({ row, showsProject }: { row: Extract<Row, { is: "file" }>; showsProject: boolean }) {
  const [, change] = useParams();
  return (
    <div className="functions-filehead">
      <button type="button" className="functions-filter mono" title="Only this file" onClick={() => change({ file: row.file })}>
        {showsProject && <span className="faint">{row.project} · </span>}
        {row.file}
      </button>
      <span className="faint">
        {row.enriched} of {row.count} enriched
      </span>
    </div>
  );
}

function NoFunctions({ isFiltered }: { isFiltered: boolean }) {
  const { projects } = useLiveContext();
  if (isFiltered) {
    return (
      <Empty title="No function of this file is registered">
        <p>
          A folder ends in <code>/</code>, such as <code>src/</code>.
        </p>
      </Empty>
    );
  }
  return (
    <Empty title="No function is registered yet">
      <p>
        Agents register what they write with <code>memory_register_function</code>, and look with <code>memory_find_function</code> before they write it again. A
        librarian then describes each.
      </p>
      {projects.length === 0 && <ConnectAnAgent />}
    </Empty>
  );
}
