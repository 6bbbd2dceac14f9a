// Activity over time, messages by category, and the paths most fought over.
import { memo, useMemo } from "react";
import { part } from "../app/part";
import { Chart } from "./Chart";
import type { ActivityQuery, ContentionQuery } from "./documents";
import { addedUp, capital, CONTENTION_SERIES, contested, EVENT_SERIES, groupOfKind, type Span, totalsOf, whenOf } from "./figures";

const TimeBars = part(() => import("./Charts").then(({ TimeBars }) => ({ default: TimeBars })));
const NamedBars = part(() => import("./Charts").then(({ NamedBars }) => ({ default: NamedBars })));

export interface Found {
  span: Span;
  projects: readonly { project: string; activity: ActivityQuery["activity"]; messages: ActivityQuery["messages"]; paths: ContentionQuery["lockContention"] }[];
}

interface Props {
  /** Undefined until it is read. */
  found?: Found;
}

const MOST_PATHS = 12;
const CHART = 21;
const COUNT = [{ id: "count", title: "Messages" }];

export const ActivityPanel = memo(function ActivityPanel({ found }: Props) {
  const bars = useMemo(() => addedUp(found?.projects.map(({ activity }) => activity) ?? [], groupOfKind), [found]);
  const unit = found?.span.unit ?? "HOUR";
  return (
    <Chart
      title="Activity"
      className="history-wide"
      series={EVENT_SERIES}
      unit={unit === "HOUR" ? "Events an hour" : "Events a day"}
      isRead={found !== undefined}
      minHeight={CHART}
      empty={bars.some((bar) => bar.total > 0) ? null : { title: "Nothing happened in this time", text: "What agents do is counted every 5 seconds. Choose a longer time, or let an agent start a session." }}
      table={{
        head: [unit === "HOUR" ? "Hour" : "Day", ...EVENT_SERIES.map(({ title }) => title), "All"],
        rows: bars.filter((bar) => bar.total > 0).map((bar) => [whenOf(bar.key, unit), ...EVENT_SERIES.map(({ id }) => bar.counts[id] ?? 0), bar.total]),
      }}
    >
      <TimeBars label="Events over time" bars={bars} series={EVENT_SERIES} unit={unit} />
    </Chart>
  );
});

export const MessagesPanel = memo(function MessagesPanel({ found }: Props) {
  const bars = useMemo(() => {
    const totals = totalsOf(addedUp(found?.projects.map(({ messages }) => messages) ?? [], (name) => name));
    return totals.map((bar) => ({ ...bar, key: capital(bar.key.toLowerCase().replaceAll("_", " ")) }));
  }, [found]);
  return (
    <Chart
      title="Messages by category"
      isRead={found !== undefined}
      minHeight={CHART}
      empty={bars.length > 0 ? null : { title: "No messages in this time", text: "Agents write to one another with memory_send_message." }}
      table={{ head: ["Category", "Messages"], rows: bars.map(({ key, total }) => [key, total]) }}
    >
      <NamedBars bars={bars} series={COUNT} />
    </Chart>
  );
});

export const ContentionPanel = memo(function ContentionPanel({ found }: Props) {
  const bars = useMemo(() => contested(found?.projects ?? [], MOST_PATHS), [found]);
  return (
    <Chart
      title="Most fought-over paths"
      series={CONTENTION_SERIES}
      isRead={found !== undefined}
      minHeight={CHART}
      empty={bars.length > 0 ? null : { title: "Nobody fought over a path", text: "A path stands here when agents were refused its lock, waited for it, or took it over." }}
      note={found?.span.unit === "HOUR" ? "Counted by the day: today and as many days before as the time reaches." : undefined}
      table={{
        head: ["Path", ...CONTENTION_SERIES.map(({ title }) => title), "All"],
        rows: bars.map((bar) => [bar.key, ...CONTENTION_SERIES.map(({ id }) => bar.counts[id] ?? 0), bar.total]),
      }}
    >
      <NamedBars bars={bars} series={CONTENTION_SERIES} />
    </Chart>
  );
});
