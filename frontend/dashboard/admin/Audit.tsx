// The audit log: who did what to whom and why, newest first, page by page.
import { useCallback, useEffect, useMemo, useState } from "react";
import { Link } from "wouter";
import { useSearch } from "../app/address";
import { useParams } from "../app/params";
import type { Server } from "../live/ask";
import { useLiveContext } from "../live/context";
import type { FeedEvent } from "../live/events";
import { useLiveEach } from "../live/useLive";
import { Button } from "../ui/Button";
import { Empty } from "../ui/Empty";
import { Panel } from "../ui/Panel";
import { Problem } from "../ui/Problem";
import { SearchBox } from "../ui/SearchBox";
import { Time } from "../ui/Time";
import { tellFailure } from "../ui/toasts";
import { AuditDocument, type AuditQuery } from "./documents";
import { type Log, withNewest, withOlder } from "./figures";
import { Table } from "./Table";
import { addressOfTarget } from "./targets";

type Entry = AuditQuery["auditLog"]["nodes"][number];

interface Filter {
  project: string | null;
  actType: string | null;
}

/** Acts are not all told by the feed: the log is also read from time to time. */
const EVERY_SECONDS = 5;
/** What somebody may have done by stepping in or managing. */
const TOLD = (event: FeedEvent) => event.__typename !== "HeartbeatEvent" && event.__typename !== "WorkEvent";

async function read(server: Server, filter: Filter, after: string | null = null): Promise<Log<Entry>> {
  const { auditLog } = await server.query(AuditDocument, { ...filter, after });
  return { entries: auditLog.nodes, next: auditLog.pageInfo.hasNextPage ? (auditLog.pageInfo.endCursor ?? null) : null };
}

const readNewest = (server: Server, filter: Filter) => read(server, filter);

export function Audit() {
  const { chosen } = useLiveContext();
  const [params, change] = useParams();
  const actType = params.get("act") || null;
  const filter = useMemo(() => ({ project: chosen, actType }), [chosen, actType]);
  return (
    <Panel title="Audit log" actions={<SearchBox label="Only this act" placeholder="Act, such as key.created" value={actType ?? ""} onSearch={(act) => change({ act })} />} className="admin-audit">
      <Entries key={JSON.stringify(filter)} filter={filter} onAct={(act) => change({ act })} />
    </Panel>
  );
}

function Entries({ filter, onAct }: { filter: Filter; onAct(act: string): void }) {
  const { server } = useLiveContext();
  const { data, error, refresh } = useLiveEach({ it: filter }, readNewest, { touchedBy: TOLD, everySeconds: EVERY_SECONDS }).it ?? {};
  const [known, setKnown] = useState<Log<Entry> | null>(null);
  const [isBusy, setBusy] = useState(false);
  useEffect(() => {
    if (data) setKnown((before) => withNewest(before, data));
  }, [data]);

  const readOlder = useCallback(async () => {
    if (!known?.next) return;
    setBusy(true);
    try {
      const page = await read(server, filter, known.next);
      setKnown((before) => before && withOlder(before, page));
    } catch (failure) {
      tellFailure(failure);
    }
    setBusy(false);
  }, [known, server, filter]);

  if (error && !known) return <Problem error={error} what="The audit log" onRetry={refresh} />;
  if (!known) return <div className="admin-blank" aria-busy />;
  if (known.entries.length === 0) {
    return (
      <Empty title={filter.actType ? `No act is called ${filter.actType}` : "Nothing was audited yet"}>
        <p>Here stands what people and admins do: keys, projects, locks forced open, sessions ended, records changed.</p>
      </Empty>
    );
  }
  return (
    <>
      <Table label="Audit log, newest first" head={["When", "Act", "By", "To", "Detail"]}>
        {known.entries.map((entry) => (
          <tr key={entry.id}>
            <td data-label="When">
              <Time at={entry.createdAt} />
            </td>
            <th scope="row">
              <button type="button" className="admin-act mono" onClick={() => onAct(entry.act)} title={`Only ${entry.act}`}>
                {entry.act}
              </button>
            </th>
            <td data-label="By">
              {entry.actor} {entry.keyName && entry.actor !== `user-${entry.keyName}` && <span className="faint">({entry.keyName})</span>}
            </td>
            <td data-label="To">
              {entry.project && !entry.target.startsWith(`${entry.project}/`) && <span className="faint">{entry.project} </span>}
              <Target entry={entry} />
            </td>
            <td data-label="Detail">{entry.detail}</td>
          </tr>
        ))}
      </Table>
      <div className="admin-note">
        {known.next ? (
          <Button onPress={() => void readOlder()} isDisabled={isBusy}>
            Show older
          </Button>
        ) : (
          <span className="faint">That is all, {known.entries.length.toLocaleString()} in number.</span>
        )}
      </div>
    </>
  );
}

function Target({ entry }: { entry: Entry }) {
  const to = addressOfTarget(entry, useSearch());
  if (to === null) return <span className="mono">{entry.target}</span>;
  return (
    <Link href={to} className="mono">
      {entry.target}
    </Link>
  );
}
