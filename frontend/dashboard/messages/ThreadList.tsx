// The threads, those that wait for the person first, then overdue and unread ones, and what narrows them.
import { X } from "lucide-react";
import { memo } from "react";
import { ToggleButton } from "react-aria-components";
import { Link } from "wouter";
import type { Changes } from "../app/params";
import { useLiveContext, useMay } from "../live/context";
import { Button } from "../ui/Button";
import { Choice, optionsOf } from "../ui/Choice";
import { RowsToCome } from "../ui/Coming";
import { ConnectAnAgent, Empty } from "../ui/Empty";
import { Badge, Panel } from "../ui/Panel";
import { SearchBox } from "../ui/SearchBox";
import { useClock, Time } from "../ui/Time";
import { span } from "../ui/moments";
import { VirtualList } from "../ui/VirtualList";
import { useOwnName } from "../live/own";
import { CATEGORIES, type Filter, isFiltered, namesOf, NO_FILTER, type Only, peopleOf, PRIORITIES, type Thread } from "./threads";

interface Props {
  all: readonly Thread[];
  threads: readonly Thread[];
  isRead: boolean;
  isCut: boolean;
  showsProjects: boolean;
  filter: Filter;
  /** "project/thread", or "". */
  open: string;
  addressOf(record: string, changes?: Changes): string;
  onChange(changes: Changes): void;
}

const ROW_PX = 78;

export function ThreadList({ all, threads, isRead, isCut, showsProjects, filter, open, addressOf, onChange }: Props) {
  const { projects } = useLiveContext();
  const may = useMay("AGENT");
  const unread = threads.filter((thread) => thread.unreadCount > 0).length;
  const row = (thread: Thread) => {
    const record = `${thread.project}/${thread.id}`;
    return <ThreadRow thread={thread} showsProject={showsProjects} isOpen={record === open} address={addressOf(record, { to: null })} />;
  };
  return (
    <Panel title="Threads" count={isRead ? threads.length : undefined} className="messages-threads" actions={unread > 0 && <span className="faint messages-unread">{unread} unread</span>}>
      <Filters all={all} filter={filter} onChange={onChange} />
      {threads.length > 0 ? (
        <VirtualList items={threads} label="Threads, those for you first, then overdue and unread ones" keyOf={keyOf} rowHeight={ROW_PX} className="messages-rows" row={row} />
      ) : (
        <div className="messages-rows">
          {!isRead && <RowsToCome count={6} />}
          {isRead && isFiltered(filter) && (
            <Empty title="No thread passes the filter">
              <Button onPress={() => onChange(NO_FILTER)}>Clear the filter</Button>
            </Empty>
          )}
          {isRead && !isFiltered(filter) && (
            <Empty title="Nothing has been said yet">
              <p>
                Agents write with <code>memory_send_message</code>; it then stands here at once.{" "}
                {projects.length > 0 && may && "Write to them yourself: each is told in its next result."}
              </p>
              {projects.length === 0 && <ConnectAnAgent />}
            </Empty>
          )}
        </div>
      )}
      {isCut && <p className="faint messages-note">Older threads are not listed.</p>}
    </Panel>
  );
}

function keyOf(thread: Thread): string {
  return `${thread.project}/${thread.id}`;
}

function Filters({ all, filter, onChange }: { all: readonly Thread[]; filter: Filter; onChange(changes: Changes): void }) {
  const own = useOwnName();
  const forYou = all.filter((thread) => thread.awaitsYou).length;
  const only = (name: Only) => (isOn: boolean) => onChange({ only: isOn ? name : null });
  return (
    <div className="messages-filters" role="search" aria-label="Filter the threads">
      <SearchBox label="Search threads" value={filter.text} onSearch={(q) => onChange({ q })} />
      <div className="messages-toggles">
        <ToggleButton className="button plain" isSelected={filter.only === "you"} onChange={only("you")}>
          For you{forYou > 0 && ` (${forYou})`}
        </ToggleButton>
        <ToggleButton className="button plain" isSelected={filter.only === "unread"} onChange={only("unread")}>
          Unread
        </ToggleButton>
        <ToggleButton className="button plain" isSelected={filter.only === "overdue"} onChange={only("overdue")}>
          Overdue
        </ToggleButton>
      </div>
      <div className="messages-choices">
        <Choice label="Agent" isLabelHidden value={filter.agent} options={[{ value: "", text: "Any agent" }, ...optionsOf(peopleOf(all), (name) => (name === own ? `${name} (you)` : name))]} onChoose={(agent) => onChange({ agent })} />
        <Choice label="Category" isLabelHidden value={filter.category ?? ""} options={[{ value: "", text: "Any category" }, ...optionsOf(CATEGORIES)]} onChoose={(category) => onChange({ category })} />
        <Choice label="Priority" isLabelHidden value={filter.priority ?? ""} options={[{ value: "", text: "Any priority" }, ...optionsOf(PRIORITIES)]} onChoose={(priority) => onChange({ priority })} />
      </div>
      {isFiltered(filter) && (
        <Button kind="quiet" onPress={() => onChange(NO_FILTER)}>
          <X size={14} aria-hidden /> Clear
        </Button>
      )}
    </div>
  );
}

const ThreadRow = memo(function ThreadRow({ thread, showsProject, isOpen, address }: { thread: Thread; showsProject: boolean; isOpen: boolean; address: string }) {
  const { last, unreadCount, isOverdue, oldestUnreadAt } = thread;
  return (
    <Link href={address} className="messages-row" data-you={thread.awaitsYou || undefined} data-unread={unreadCount > 0 || undefined} data-open={isOpen || undefined} aria-current={isOpen || undefined}>
      <span className="messages-line">
        <strong>{namesOf(thread)}</strong>
        <span className="faint messages-at">
          <Time at={thread.lastAt} />
        </span>
      </span>
      <span className="messages-said">{last.text === null ? "Not for this key to read" : `${thread.messageCount > 1 ? `${last.sender}: ` : ""}${last.text.slice(0, 300)}`}</span>
      <span className="messages-line">
        {thread.awaitsYou && <Badge tone="warn">for you</Badge>}
        {isOverdue && oldestUnreadAt && <Overdue since={oldestUnreadAt} />}
        {unreadCount > 0 && <Badge tone="busy">{unreadCount} unread</Badge>}
        {thread.isUrgent && <Badge tone="bad">urgent</Badge>}
        <span className="faint">{last.category.toLowerCase()}</span>
        <span className="faint">{thread.messageCount === 1 ? "1 message" : `${thread.messageCount} messages`}</span>
        {showsProject && <span className="faint">{thread.project}</span>}
      </span>
    </Link>
  );
});

function Overdue({ since }: { since: string }) {
  const seconds = (useClock() - Date.parse(since)) / 1000;
  return <Badge tone="warn">waits {span(seconds)}</Badge>;
}
