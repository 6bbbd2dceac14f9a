// The functions that agents find for a question, best first.
import { useMemo } from "react";
import { useLiveContext, useShownProjects } from "../live/context";
import { about } from "../live/events";
import { useKept } from "../live/useKept";
import { useLiveEach } from "../live/useLive";
import { Empty } from "../ui/Empty";
import { Badge, Panel } from "../ui/Panel";
import { Problem } from "../ui/Problem";
import { FunctionLine, LinesToCome } from "./FunctionLine";
import { findFunctions } from "./read";

const MOST_PROJECTS = 12;
const MOST_SHOWN = 40;
const TOUCHING = about(["function"]);

export function FoundFunctions({ query, open }: { query: string; open: string }) {
  const { chosen } = useLiveContext();
  const projects = useShownProjects();
  const names = chosen === null ? projects.slice(0, MOST_PROJECTS).map(({ name }) => name) : [chosen];
  const keyed = useMemo(() => Object.fromEntries(names.map((project) => [project, { project, query }])), [names.join(), query]);
  const answers = useLiveEach(keyed, findFunctions, { touchedBy: (event, project) => event.project === project && TOUCHING(event) });
  const isRead = names.every((name) => answers[name]?.data);
  const read = useMemo(() => names.flatMap((name) => answers[name]?.data ?? []), [answers, names.join()]);
  const [kept, isOld] = useKept(isRead ? read : undefined);
  const found = useMemo(() => {
    // What is shared is found from each project.
    const all = new Map((kept ?? []).flatMap((one) => one.results).map((one) => [one.function.id, one]));
    return [...all.values()].sort((one, other) => other.relevance - one.relevance).slice(0, MOST_SHOWN);
  }, [kept]);
  const failed = Object.values(answers).find((answer) => answer.error);
  return (
    <Panel title="Found" count={kept && found.length}>
      {failed?.error && <Problem error={failed.error} what="The search" onRetry={failed.refresh} />}
      {kept?.some((one) => one.degraded) && (
        <p className="functions-note warn" role="status">
          By words alone for now: meaning was not compared, or not yet with all that is registered. Agents are told the same.
        </p>
      )}
      {chosen === null && projects.length > MOST_PROJECTS && <p className="functions-note faint">In the first {MOST_PROJECTS} projects; choose one to search it.</p>}
      {!kept && !failed && <LinesToCome />}
      {kept && found.length === 0 && (
        <Empty title="No function found">
          <p>Try other words for what it does.</p>
        </Empty>
      )}
      <ol className="functions-found" aria-busy={isOld}>
        {found.map((one) => (
          <li key={one.function.id}>
            <FunctionLine entry={one.function} isOpen={one.function.id === open} showsFile figures={<Badge tone="plain">{one.percent}</Badge>}>
              {one.gotchas && <div className="functions-gotcha">{one.gotchas}</div>}
            </FunctionLine>
          </li>
        ))}
      </ol>
    </Panel>
  );
}
