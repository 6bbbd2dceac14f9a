// What happens, newest first; it stands still while paused or scrolled, and loses nothing meanwhile.
import { Pause, Play } from "lucide-react";
import { memo, useMemo, useState } from "react";
import { Input, SearchField } from "react-aria-components";
import { useIsPastRead, useLiveContext, useRecentEvents } from "../live/context";
import type { FeedEvent } from "../live/events";
import { Button } from "../ui/Button";
import { RowsToCome } from "../ui/Coming";
import { Empty } from "../ui/Empty";
import { Panel } from "../ui/Panel";
import { Time } from "../ui/Time";
import { VirtualList } from "../ui/VirtualList";
import { chosen, folded, GROUPS, groupOf, OTHER, type Told } from "./told";

interface Props {
  /** "project/agent", or "" for all. */
  actor: string;
  showsProjects: boolean;
}

const ROW_PX = 46;

export function Stream({ actor, showsProjects }: Props) {
  const events = useRecentEvents();
  const isRead = useIsPastRead();
  const [held, setHeld] = useState<readonly FeedEvent[] | null>(null);
  const [isPaused, setPaused] = useState(false);
  const [groups, setGroups] = useState<ReadonlySet<string>>(new Set());
  const [text, setText] = useState("");
  const { chosen: project } = useLiveContext();
  const [heldOf, setHeldOf] = useState(project);
  if (heldOf !== project) {
    // What is held is of other projects.
    setHeldOf(project);
    setHeld(null);
    setPaused(false);
  }
  const shown = held ?? events;
  const rows = useMemo(() => folded(chosen(shown, { groups, text, actor })), [shown, groups, text, actor]);
  const missed = held ? chosen(events, { groups, text, actor }).filter((event) => !held.includes(event)).length : 0;

  const hold = (isHeld: boolean) => setHeld((before) => (isHeld ? (before ?? events) : null));
  const pause = (isNow: boolean) => {
    setPaused(isNow);
    hold(isNow);
  };
  return (
    <Panel
      title="Events"
      className="now-stream"
      actions={
        <div className="now-stream-actions">
          <SearchField value={text} onChange={setText} aria-label="Filter events">
            <Input placeholder="Words, agent, path" />
          </SearchField>
          <Button kind="quiet" onPress={() => pause(!isPaused)}>
            {isPaused ? <Play size={16} aria-hidden /> : <Pause size={16} aria-hidden />}
            {isPaused ? `Resume${missed > 0 ? ` (${missed} new)` : ""}` : "Pause"}
          </Button>
        </div>
      }
    >
      <div className="now-filter">
        <div role="group" aria-label="Kinds of events">
          {[...GROUPS, { id: OTHER, title: "Other" }].map(({ id, title }) => (
            <button key={id} type="button" className="button plain now-kind" aria-pressed={groups.has(id)} data-selected={groups.has(id) || undefined} onClick={() => setGroups(new Set([...groups].filter((one) => one !== id).concat(groups.has(id) ? [] : [id])))}>
              {title}
            </button>
          ))}
        </div>
      </div>
      {rows.length > 0 ? (
        <VirtualList
          items={rows}
          label="Events, newest first"
          keyOf={(line) => line.key}
          rowHeight={ROW_PX}
          className="now-events"
          onScrolled={(isScrolled) => !isPaused && hold(isScrolled)}
          row={({ event, text, times }) => <EventRow event={event} text={text} times={times} showsProject={showsProjects} />}
        />
      ) : !isRead ? (
        <RowsToCome />
      ) : (
        <Empty title={events.length > 0 ? "Nothing passes the filter" : "Nothing has happened yet"}>
          <p>What agents do appears here at once.</p>
        </Empty>
      )}
      {held && !isPaused && missed > 0 && <p className="now-note faint">{missed} newer: scroll to the top to see them.</p>}
    </Panel>
  );
}

const EventRow = memo(function EventRow({ event, text, times, showsProject }: Omit<Told, "key"> & { showsProject: boolean }) {
  return (
    <div className="now-event" data-group={groupOf(event)}>
      <div>
        <strong>{event.actor}</strong> <span className="faint">{showsProject && event.project ? `${event.project} · ` : ""}{event.kind}</span>
        <span className="now-seen faint">
          <Time at={event.at} />
        </span>
      </div>
      <div className="now-said" title={text}>
        {text}
        {times > 1 && <span className="faint"> ×{times}</span>}
      </div>
    </div>
  );
});
