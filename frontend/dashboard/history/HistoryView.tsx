// History: what happened over time, what was fought over, how long calls take, and how sessions ended.
import "../ui/parts.css";
import "./history.css";
import { useMemo } from "react";
import { useParams } from "../app/params";
import type { ViewProps } from "../app/views";
import { useLiveContext, useMay, useShownProjects } from "../live/context";
import { useKept } from "../live/useKept";
import { useLiveEach } from "../live/useLive";
import { Problem } from "../ui/Problem";
import { ActivityPanel, ContentionPanel, MessagesPanel } from "./Activity";
import { ActivityDocument, ContentionDocument } from "./documents";
import { Ended } from "./Ended";
import { SPANS, type Span, spanOf } from "./figures";
import { Latencies } from "./Latencies";
import type { Server } from "../live/ask";

const MOST_PROJECTS = 20;
/** The server counts every 5 seconds. */
const COUNTED_SECONDS = 5;
const NEVER = () => false;

interface Wanted {
  project: string;
  span: Span;
}

async function read(server: Server, { project, span }: Wanted) {
  const [{ activity, messages }, { lockContention }] = await Promise.all([
    server.query(ActivityDocument, { project, span: span.unit, last: span.last }),
    server.query(ContentionDocument, { project, days: span.days }),
  ]);
  return { project, activity, messages, paths: lockContention };
}

export default function HistoryView({ record }: ViewProps) {
  const { chosen } = useLiveContext();
  const isAdmin = useMay("ADMIN");
  const shown = useShownProjects();
  const [params, change] = useParams();
  const span = spanOf(params.get("span"));
  const names = chosen === null ? shown.slice(0, MOST_PROJECTS).map(({ name }) => name) : [chosen];
  const wanted = useMemo(() => Object.fromEntries(names.map((project) => [project, { project, span }])), [names.join(), span]);
  const answers = useLiveEach(wanted, read, { touchedBy: NEVER, everySeconds: COUNTED_SECONDS });
  const failed = Object.values(answers).find((answer) => answer.error);
  const isRead = names.every((name) => answers[name]?.data);
  const found = useMemo(() => (isRead ? { span, projects: names.map((name) => answers[name]!.data!) } : undefined), [isRead, answers, span]);
  const [kept] = useKept(found);

  return (
    <div className="history">
      <div className="view-head history-bar">
        <h1>History</h1>
        <div role="radiogroup" aria-label="Time to look at">
          {SPANS.map(({ id, title }) => (
            <label key={id} className="button history-span" data-selected={id === span.id || undefined}>
              <input type="radio" name="span" checked={id === span.id} onChange={() => change({ span: id === SPANS[0]!.id ? null : id })} />
              {title}
            </label>
          ))}
        </div>
        <span className="faint">{span.unit === "HOUR" ? "by the hour, in your time zone" : "by the day of UTC"}</span>
      </div>
      {failed?.error && <Problem error={failed.error} what="The history" onRetry={failed.refresh} />}
      {chosen === null && shown.length > MOST_PROJECTS && <p className="faint">Of the first {MOST_PROJECTS} projects; choose one to see another.</p>}
      <div className="history-parts">
        <ActivityPanel found={kept} />
        <MessagesPanel found={kept} />
        <ContentionPanel found={kept} />
        {isAdmin && <Latencies />}
        <Ended record={record} projects={names} />
      </div>
    </div>
  );
}
