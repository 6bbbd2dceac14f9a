// How long operations take, in the server process that answers.
import { part } from "../app/part";
import { useLive } from "../live/useLive";
import { Problem } from "../ui/Problem";
import { Time } from "../ui/Time";
import { Chart } from "./Chart";
import { LatenciesDocument } from "./documents";
import { took } from "./figures";

const Ranges = part(() => import("./Charts").then(({ Ranges }) => ({ default: Ranges })));
const NOTHING = {};
const NEVER = () => false;
const MOST_DRAWN = 12;
const SERIES = [
  { id: "p50", title: "p50: half" },
  { id: "p95", title: "p95" },
  { id: "p99", title: "p99" },
];

const COLOURS = ["var(--good)", "var(--warn)", "var(--bad)"];

export function Latencies() {
  const { data, error, refresh } = useLive(LatenciesDocument, NOTHING, { touchedBy: NEVER, everySeconds: 5 });
  const figures = data?.operationFigures;
  const rows = figures?.operations ?? [];
  if (error && !data) return <Problem error={error} what="The latencies" onRetry={refresh} />;
  return (
    <Chart
      title="Calls by latency"
      className="history-latency"
      series={SERIES}
      colours={COLOURS}
      isRead={figures !== undefined}
      minHeight={31}
      empty={rows.length > 0 ? null : { title: "No call was measured yet", text: "Each tool call and each query is measured from the server's start on." }}
      note={
        figures && (
          <>
            The most frequent {Math.min(rows.length, MOST_DRAWN)} of {rows.length} operations, of the process {figures.process}
            {figures.startedAt && (
              <>
                {" "}
                since its start <Time at={figures.startedAt} />
              </>
            )}
            . A tool is called as its operation: lockFiles is memory_lock_files.
          </>
        )
      }
      table={{
        head: ["Operation", "Calls", "Failed", "p50", "p95", "p99"],
        rows: rows.map((row) => [row.operation, row.count, row.failures, took(row.p50Ms), took(row.p95Ms), took(row.p99Ms)]),
      }}
    >
      <Ranges rows={rows.slice(0, MOST_DRAWN)} />
    </Chart>
  );
}
