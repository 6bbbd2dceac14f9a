// What is worth cleaning up: documents that say almost the same, side by side, and what nobody wrote for long.
import { Archive, Check } from "lucide-react";
import { useMemo, useState } from "react";
import { Link } from "wouter";
import { useAddress, useParams } from "../app/params";
import { useLiveContext, useMay, useShownProjects } from "../live/context";
import { about, type FeedEvent } from "../live/events";
import { useKept } from "../live/useKept";
import { useLiveEach } from "../live/useLive";
import { Button } from "../ui/Button";
import { useConfirm } from "../ui/confirm";
import { Empty } from "../ui/Empty";
import { Badge, Panel } from "../ui/Panel";
import { Problem } from "../ui/Problem";
import { type Span, wordDiff } from "../ui/textDiff";
import { Time } from "../ui/Time";
import { VirtualList } from "../ui/VirtualList";
import { DocumentLine, LinesToCome } from "./DocumentLine";
import { words } from "./filters";
import { type Pair, readPairs, readStale, type Stale } from "./read";
import { TagActions } from "./TagActions";
import { TagField } from "./TagField";
import { useAskStatus } from "./StatusDialog";
import { useChangeStatus } from "./useStatus";

const MOST_PROJECTS = 10;
const SHOWN_PAIRS = 20;
const MOST_STALE = 500;
const COMPARED = 3_000;
/** More than these scroll in a box of their own. */
const FEW = 6;
const DAYS = [7, 30, 90, 180, 365];
const DOCUMENTS = about(["document"]);
const TOUCHING = (event: FeedEvent, project: string) => event.project === project && DOCUMENTS(event);

export function Cleaning() {
  const { chosen } = useLiveContext();
  const shown = useShownProjects();
  const names = chosen === null ? shown.slice(0, MOST_PROJECTS).map(({ name }) => name) : [chosen];
  return (
    <div className="cleaning">
      {chosen === null && shown.length > MOST_PROJECTS && <p className="faint">Of the first {MOST_PROJECTS} projects; choose one to see its own.</p>}
      <ByTag />
      <Duplicates names={names} />
      <StaleOnes names={names} />
    </div>
  );
}

function ByTag() {
  const [params, change] = useParams();
  const tag = params.get("tag") ?? "";
  if (!useMay("AGENT")) return null;
  return (
    <Panel title="By tag">
      <div className="cleaning-tag">
        <TagField label="Tag to archive or restore" tag={tag} onChange={(text) => change({ tag: text })} />
        {tag ? <TagActions tag={tag} /> : <p className="faint">All documents of a tag can be archived and restored at once.</p>}
      </div>
    </Panel>
  );
}

function Duplicates({ names }: { names: readonly string[] }) {
  const [most, setMost] = useState(SHOWN_PAIRS);
  const keyed = useMemo(() => Object.fromEntries(names.map((name) => [name, name])), [names.join()]);
  const answers = useLiveEach(keyed, readPairs, { touchedBy: TOUCHING });
  const isRead = names.every((name) => answers[name]?.data);
  const read = useMemo(() => names.flatMap((name) => answers[name]?.data ?? []), [answers, names.join()]);
  const pairs = useMemo(() => read.flatMap((one) => one.pairs), [read]);
  const failed = Object.values(answers).find((answer) => answer.error);
  return (
    <Panel title="Almost the same" count={isRead ? pairs.length : undefined}>
      {failed?.error && <Problem error={failed.error} what="The list of duplicates" onRetry={failed.refresh} />}
      {!isRead && !failed && <LinesToCome count={3} />}
      {isRead && pairs.length === 0 && (
        <Empty title="No two documents say the same">
          <p>Agents are warned when they store what is almost there already; what they keep all the same appears here.</p>
        </Empty>
      )}
      {pairs.slice(0, most).map((pair) => (
        <PairCard key={`${pair.older.id} ${pair.newer.id}`} pair={pair} />
      ))}
      {pairs.length > most && (
        <div className="knowledge-more">
          <Button onPress={() => setMost(most + SHOWN_PAIRS)}>Show more</Button>
        </div>
      )}
      {read.some((one) => one.hasMore) && <p className="knowledge-note faint">There are more; they appear as these are settled.</p>}
    </Panel>
  );
}

type Half = Pair["older"];

function PairCard({ pair: { older, newer, similarity } }: { pair: Pair }) {
  const may = useMay("AGENT");
  const confirm = useConfirm();
  const change = useChangeStatus();
  const texts = useMemo(() => wordDiff(older.content.slice(0, COMPARED), newer.content.slice(0, COMPARED)), [older.content, newer.content]);
  const keep = async (kept: Half, other: Half) => {
    const text = `“${other.title}” (stored by ${other.author}) is superseded by “${kept.title}”: agents find the kept one only.`;
    const reason = await confirm({ title: "Keep one of the two?", text, action: "Supersede the other", reasonLabel: "Reason" });
    if (reason !== null) await change({ id: other.id, status: "SUPERSEDED", reason, supersededBy: kept.id });
  };
  const half = (document: Half, other: Half, spans: readonly Span[], age: string) => (
    <div className="cleaning-half">
      <HalfHead document={document} age={age} />
      <div className="cleaning-text" tabIndex={0} role="group" aria-label={`Text of the ${age} one`}>
        {spans.map((span, at) => (span.isOwn ? <mark key={at}>{span.text}</mark> : span.text))}
        {document.content.length > COMPARED && " …"}
      </div>
      {may && (
        <Button onPress={() => void keep(document, other)}>
          <Check size={16} aria-hidden /> Keep the {age} one
        </Button>
      )}
    </div>
  );
  return (
    <article className="cleaning-pair" aria-label={`${older.title} and ${newer.title}`}>
      <p className="cleaning-alike">
        <Badge tone={similarity > 0.95 ? "bad" : "warn"}>{Math.round(similarity * 100)}% alike</Badge>
        <span className="faint">{older.project}</span>
      </p>
      {half(older, newer, texts.before, "older")}
      {half(newer, older, texts.after, "newer")}
    </article>
  );
}

function HalfHead({ document: { id, title, type, author, createdAt }, age }: { document: Half; age: string }) {
  const address = useAddress("knowledge");
  return (
    <div>
      <h3>
        <Link href={address(id)}>{title}</Link>
      </h3>
      <p className="faint knowledge-use">
        {age} · {words(type)} · {author} · <Time at={createdAt} />
      </p>
    </div>
  );
}

function StaleOnes({ names }: { names: readonly string[] }) {
  const [params, change] = useParams();
  const days = DAYS.find((one) => String(one) === params.get("days")) ?? 30;
  const { chosen } = useLiveContext();
  const ask = useAskStatus();
  const may = useMay("AGENT");
  const keyed = useMemo(() => Object.fromEntries(names.map((project) => [project, { project, days, most: MOST_STALE }])), [names.join(), days]);
  const answers = useLiveEach(keyed, readStale, { touchedBy: TOUCHING, everySeconds: 300 });
  const isRead = names.every((name) => answers[name]?.data);
  const read = useMemo(() => names.flatMap((name) => answers[name]?.data?.nodes ?? []), [answers, names.join()]);
  const [stale, isOld] = useKept<readonly Stale[]>(isRead ? read : undefined);
  const failed = Object.values(answers).find((answer) => answer.error);
  const row = (document: Stale) => (
    <div className="cleaning-row">
      <DocumentLine document={document} showsProject={chosen === null}>
        <p className="knowledge-use faint">
          {document.age}, handed out {document.accessCount} {document.accessCount === 1 ? "time" : "times"}
          {document.warning && ` · ${document.warning}`}
        </p>
      </DocumentLine>
      {may && (
        <Button onPress={() => ask({ document, status: "ARCHIVED" })} aria-label={`Archive ${document.title}`}>
          <Archive size={16} aria-hidden /> Archive
        </Button>
      )}
    </div>
  );
  return (
    <Panel
      title="Not written for long"
      count={stale?.length}
      actions={
        <select aria-label="Not written for" value={days} onChange={(event) => change({ days: event.target.value })}>
          {DAYS.map((one) => (
            <option key={one} value={one}>
              {one} days
            </option>
          ))}
        </select>
      }
    >
      {failed?.error && <Problem error={failed.error} what="The list of old documents" onRetry={failed.refresh} />}
      {!stale && !failed && <LinesToCome count={3} />}
      {stale?.length === 0 && (
        <Empty title={`Everything was written in the last ${days} days`}>
          <p>What is older and still active appears here, the oldest first.</p>
        </Empty>
      )}
      {stale && stale.length > 0 && (
        <div aria-busy={isOld}>
          {stale.length > FEW ? (
            <VirtualList items={stale} label="Documents that nobody wrote for long" keyOf={({ id }) => id} rowHeight={76} className="cleaning-stale" row={row} />
          ) : (
            stale.map((document) => (
              <div key={document.id} className="cleaning-few">
                {row(document)}
              </div>
            ))
          )}
        </div>
      )}
    </Panel>
  );
}
