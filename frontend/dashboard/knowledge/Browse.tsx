// The documents of the shown projects, the newest first.
import { useMemo, useState } from "react";
import { useLiveContext, useShownProjects } from "../live/context";
import { about } from "../live/events";
import { useKept } from "../live/useKept";
import { useLiveEach } from "../live/useLive";
import { Button } from "../ui/Button";
import { ConnectAnAgent, Empty } from "../ui/Empty";
import { Panel } from "../ui/Panel";
import { Problem } from "../ui/Problem";
import { VirtualList } from "../ui/VirtualList";
import { DocumentLine, LinesToCome } from "./DocumentLine";
import { type Filters, words } from "./filters";
import { type Listed, readDocuments } from "./read";

const MOST_PROJECTS = 30;
const STEP = 400;
const ROW_PX = 58;
const TOUCHING = about(["document"]);

export function Browse({ filters, open }: { filters: Filters; open: string }) {
  const { chosen } = useLiveContext();
  const projects = useShownProjects();
  const [most, setMost] = useState(chosen === null ? 100 : 200);
  const { type, status, tag } = filters;
  const names = chosen === null ? projects.slice(0, MOST_PROJECTS).map(({ name }) => name) : [chosen];
  const keyed = useMemo(
    () => Object.fromEntries(names.map((project) => [project, { project, type, status, tag: tag || null, most }])),
    [names.join(), type, status, tag, most],
  );
  const answers = useLiveEach(keyed, readDocuments, { touchedBy: (event, project) => event.project === project && TOUCHING(event) });
  const isRead = names.every((name) => answers[name]?.data);
  const read = useMemo(() => names.flatMap((name) => answers[name]?.data ?? []), [answers, names.join()]);
  const [kept, isOld] = useKept(isRead ? read : undefined);
  const rows = useMemo(() => newestFirst((kept ?? []).flatMap((pages) => pages.nodes)), [kept]);
  const failed = Object.values(answers).find((answer) => answer.error);
  const hasMore = kept?.some((pages) => pages.hasMore) ?? false;

  return (
    <Panel title={status === null ? "All documents" : `Documents: ${words(status)}`} count={kept && `${rows.length}${hasMore ? "+" : ""}`}>
      {failed?.error && <Problem error={failed.error} what="The list of documents" onRetry={failed.refresh} />}
      {!kept && !failed && <LinesToCome />}
      {kept && rows.length === 0 && <NoDocuments filters={filters} />}
      {rows.length > 0 && (
        <div aria-busy={isOld}>
          <VirtualList
            items={rows}
            label="Documents, newest first"
            keyOf={({ id }) => id}
            rowHeight={ROW_PX}
            className="knowledge-list"
            row={(document) => <DocumentLine document={document} isOpen={document.id === open} showsProject={chosen === null} />}
          />
        </div>
      )}
      {hasMore && (
        <div className="knowledge-more">
          <Button onPress={() => setMost(most + STEP)} isDisabled={isOld}>
            Show more
          </Button>
        </div>
      )}
    </Panel>
  );
}

function newestFirst(documents: readonly Listed[]): Listed[] {
  return [...documents].sort((one, other) => other.createdAt.localeCompare(one.createdAt));
}

function NoDocuments({ filters }: { filters: Filters }) {
  const { projects } = useLiveContext();
  if (filters.type || filters.tag || filters.status !== "ACTIVE") {
    return (
      <Empty title="No document passes these filters">
        <p>Take a filter away, or choose “Any status”.</p>
      </Empty>
    );
  }
  return (
    <Empty title="Nothing has been written down yet">
      <p>
        Agents keep what others should know with <code>memory_store</code> and <code>memory_record_learning</code>; it appears here at once.
      </p>
      {projects.length === 0 && <ConnectAnAgent />}
    </Empty>
  );
}
