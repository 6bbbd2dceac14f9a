// How the server does: its parts, its search index and what it stores.
import { useLiveContext } from "../live/context";
import { useLive } from "../live/useLive";
import { Button } from "../ui/Button";
import { useConfirm } from "../ui/confirm";
import { Badge, Panel } from "../ui/Panel";
import { Problem } from "../ui/Problem";
import { Time } from "../ui/Time";
import { tell, tellFailure } from "../ui/toasts";
import { HealthDocument, IndexDocument, ReindexDocument, SizesDocument, type SizesQuery } from "./documents";
import { sizeOf, wordsOf } from "./figures";

const NOTHING = {};
const NEVER = () => false;
const TITLES: Record<string, string> = {
  store_read: "Store: reading",
  store_write: "Store: writing",
  feed: "Event feed",
  search: "Search index",
  mcp: "Tools over MCP",
};
const TONES: Record<string, "good" | "warn" | "bad"> = { ok: "good", degraded: "warn", failing: "bad" };

/** Kinds of records that people know; the others are the server's own. */
const KNOWN = new Set([
  "Project", "Agent", "Session", "Lock", "LockWaiter", "Message", "BacklogItem", "Checklist", "Guideline", "Document", "Function", "Spec", "SpecVersion", "Key", "Audit",
]);

export function Health() {
  return (
    <>
      <div className="admin-columns">
        <Parts />
        <Index />
      </div>
      <Sizes />
    </>
  );
}

function Parts() {
  const { data, error, refresh } = useLive(HealthDocument, NOTHING, { touchedBy: NEVER, everySeconds: 5 });
  const health = data?.health;
  return (
    <Panel title="Health" actions={health && <Badge tone={TONES[health.status] ?? "plain"}>{health.status}</Badge>} className="admin-health">
      {error && <Problem error={error} what="The health" onRetry={refresh} />}
      <dl className="facts admin-facts" aria-busy={!health}>
        {health?.parts.map((part) => (
          <div key={part.name}>
            <dt>{TITLES[part.name] ?? part.name}</dt>
            <dd>
              <Badge tone={!part.isOk ? "bad" : part.isDegraded ? "warn" : "good"}>{!part.isOk ? "failing" : part.isDegraded ? "degraded" : "ok"}</Badge>
              {part.state && <span>{part.state}</span>}
              {part.detail && <span className={part.isOk ? "faint" : "bad"}>{part.detail}</span>}
            </dd>
          </div>
        ))}
        {health && (
          <>
            <Fact name="Version">{health.version}</Fact>
            <Fact name="Process">
              <span className="mono">{health.process}</span>
            </Fact>
            {health.startedAt && (
              <Fact name="Started">
                <Time at={health.startedAt} />
              </Fact>
            )}
          </>
        )}
      </dl>
    </Panel>
  );
}

function Index() {
  const { server, chosen, who } = useLiveContext();
  const confirm = useConfirm();
  const { data, error, refresh } = useLive(IndexDocument, NOTHING, { touchedBy: NEVER, everySeconds: 3 });
  const index = data?.searchIndex;
  const mayReindex = chosen !== null || (who.projects ?? []).length === 0;
  const reindex = async () => {
    const answer = await confirm({
      title: chosen === null ? "Index all projects anew?" : `Index ${chosen} anew?`,
      text: <p>Every record is embedded again, which takes a while for large stores. Searches go by words meanwhile; nothing is lost.</p>,
      action: "Index anew",
    });
    if (answer === null) return;
    try {
      const { reindex: begun } = await server.mutate(ReindexDocument, { input: { project: chosen } });
      tell(begun.total > 0 ? `${begun.total.toLocaleString()} records are being indexed.` : "There is nothing to index.");
    } catch (failure) {
      tellFailure(failure);
    }
    refresh();
  };
  const isBuilding = index !== undefined && index.total > 0 && index.indexed < index.total;
  return (
    <Panel title="Search index" actions={mayReindex && index && index.state !== "switched off" && <Button onPress={() => void reindex()}>Index {chosen ?? "all"} anew</Button>}>
      {error && <Problem error={error} what="The search index" onRetry={refresh} />}
      <dl className="facts admin-facts" aria-busy={!index}>
        {index && (
          <>
            <Fact name="State">
              <Badge tone={index.state === "failing" ? "bad" : index.isDegraded ? "warn" : index.state === "ready" ? "good" : "plain"}>{index.state}</Badge>
              {index.detail && <span className="faint">{index.detail}</span>}
            </Fact>
            <Fact name="Lag">{index.lag === null || index.lag === undefined ? "not known" : index.lag === 0 ? "none" : `${index.lag.toLocaleString()} events`}</Fact>
            <Fact name="Last rebuild">
              {index.total === 0 ? "none since the start" : `${index.indexed.toLocaleString()} of ${index.total.toLocaleString()}`}
              {isBuilding && <progress value={index.indexed} max={index.total} aria-label="Records indexed" />}
            </Fact>
            {index.model && <Fact name="Model">{index.model}</Fact>}
            {index.isReachable !== null && index.isReachable !== undefined && <Fact name="Chroma">{index.isReachable ? "reachable" : <span className="bad">not reachable</span>}</Fact>}
            {index.indexer && (
              <Fact name="Indexed by">
                <span className="mono">{index.indexer}</span>
              </Fact>
            )}
          </>
        )}
      </dl>
    </Panel>
  );
}

function Sizes() {
  const { chosen } = useLiveContext();
  const { data, error, refresh } = useLive(SizesDocument, { project: chosen }, { touchedBy: NEVER, everySeconds: 30 });
  const storage = data?.storage;
  const kinds = storage?.kinds.filter(({ count }) => count > 0) ?? [];
  const [known, inner] = [kinds.filter(({ kind }) => KNOWN.has(kind)), kinds.filter(({ kind }) => !KNOWN.has(kind))];
  return (
    <Panel title={chosen === null ? "Sizes" : `Sizes of ${chosen}`} actions={storage && <Badge>{storage.adapter}</Badge>}>
      {error && <Problem error={error} what="The sizes" onRetry={refresh} />}
      <dl className="facts admin-facts admin-sizes" aria-busy={!storage}>
        {storage?.bytes !== null && storage?.bytes !== undefined && <Fact name="On disk">{sizeOf(storage.bytes)}</Fact>}
        <Counts kinds={known} />
        {storage && kinds.length === 0 && <Fact name="Records">none yet</Fact>}
      </dl>
      {inner.length > 0 && (
        <details className="admin-inner">
          <summary>What the server keeps besides, to find and to order these</summary>
          <dl className="facts admin-sizes">
            <Counts kinds={inner} />
          </dl>
        </details>
      )}
    </Panel>
  );
}

type Kinds = NonNullable<SizesQuery["storage"]>["kinds"];

function Counts({ kinds }: { kinds: Kinds }) {
  return kinds.map(({ kind, count, isMore }) => (
    <Fact key={kind} name={wordsOf(kind)}>
      {count.toLocaleString()}
      {isMore && " or more"}
    </Fact>
  ));
}

function Fact({ name, children }: { name: string; children: React.ReactNode }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  );
}
