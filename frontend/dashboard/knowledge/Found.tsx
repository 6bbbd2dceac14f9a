// What agents get for a question: the passages that match, best first.
import { useMemo } from "react";
import { useLiveContext } from "../live/context";
import { about } from "../live/events";
import { useKept } from "../live/useKept";
import { useLive } from "../live/useLive";
import { Empty } from "../ui/Empty";
import { Badge, Panel } from "../ui/Panel";
import { Problem } from "../ui/Problem";
import { DocumentLine, LinesToCome } from "./DocumentLine";
import { SearchEverywhereDocument, SearchProjectDocument } from "./documents";
import { type Filters, handedOut, passes } from "./filters";
import { marked } from "./passage";

/** How many an agent gets that does not ask for more. */
const USUAL = 3;
const TOUCHING = { touchedBy: about(["document"]) };

export function Found({ filters, open }: { filters: Filters; open: string }) {
  const { chosen } = useLiveContext();
  const { query, type, status, isEverywhere } = filters;
  const types = type ? [type] : null;
  const here = useLive(
    SearchProjectDocument,
    isEverywhere || chosen === null ? null : { query, project: chosen, types, includeInactive: status !== "ACTIVE" },
    TOUCHING,
  );
  const anywhere = useLive(SearchEverywhereDocument, isEverywhere ? { query, types } : null, TOUCHING);
  const answer = isEverywhere ? anywhere : here;
  const [search, isOld] = useKept(isEverywhere ? anywhere.data?.searchEverywhere : here.data?.searchDocuments);
  const shown = useMemo(
    () => search?.results.filter((one) => passes(one, isEverywhere ? { ...filters, status: null } : filters)) ?? [],
    [search, isEverywhere, filters.status, filters.tag],
  );
  return (
    <Panel title="Found" count={search && shown.length} className="knowledge-found">
      {answer.error && <Problem error={answer.error} what="The search" onRetry={answer.refresh} />}
      {search?.degraded && (
        <p className="knowledge-note warn" role="status">
          By words alone for now: meaning was not compared, or not yet with all that is stored. Agents are told the same.
        </p>
      )}
      {!search && !answer.error && <LinesToCome />}
      {search && shown.length === 0 && (
        <Empty title="Nothing found">
          <p>{search.results.length > 0 ? "What was found has another status or tag." : "Try other words, another type, any status or everywhere."}</p>
        </Empty>
      )}
      <ol className="knowledge-results" aria-busy={isOld}>
        {shown.map((one, index) => (
          <li key={one.id}>
            <DocumentLine
              document={one}
              isOpen={one.id === open}
              showsProject={isEverywhere || one.source === "shared"}
              figures={<Score relevance={one.relevance} says={one.relevancePercent} />}
              use={handedOut(one.accessCount)}
            >
              <p className="knowledge-passage">
                {marked(one.content, query).map((piece, at) => (piece.isAsked ? <mark key={at}>{piece.text}</mark> : piece.text))}
                {one.isTruncated && !one.content.endsWith("…") && " …"}
              </p>
              {one.warning && <p className="knowledge-warning">{one.warning}</p>}
            </DocumentLine>
            {index === USUAL - 1 && shown.length > USUAL && <p className="knowledge-usual faint">So far an agent reads that asks for no number; what follows only one that asks for more.</p>}
          </li>
        ))}
      </ol>
    </Panel>
  );
}

function Score({ relevance, says }: { relevance: number; says: string }) {
  return (
    <span title="How well it answers the question">
      <Badge tone={relevance >= 0.6 ? "good" : relevance >= 0.3 ? "busy" : "plain"}>{says}</Badge>
    </span>
  );
}
