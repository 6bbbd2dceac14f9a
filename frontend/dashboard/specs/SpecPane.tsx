// One spec: its text at a version, its JSON Schema, what changed between two versions, and all of them.
import { useMemo } from "react";
import { Link } from "wouter";
import { addressOf } from "../app/links";
import { useAddress, useParams } from "../app/params";
import { useKept } from "../live/useKept";
import { useLive, useLiveEach } from "../live/useLive";
import { CopyButton } from "../ui/CopyButton";
import { isMissing, Missing } from "../ui/Empty";
import { Badge, Panel } from "../ui/Panel";
import { Problem } from "../ui/Problem";
import { Time } from "../ui/Time";
import { VirtualList } from "../ui/VirtualList";
import { TextDiff } from "./TextDiff";
import { OneSpecDocument } from "./documents";
import { type Content, readContent, readVersions, type Version } from "./read";
import { type Row, rowsOf } from "./schema";
import { chosenVersions } from "./versions";

const SHOWN = ["text", "changes", "schema"] as const;
type Shown = (typeof SHOWN)[number];
/** More versions than these are a list that scrolls. */
const FEW = 12;
const TITLES: Record<Shown, string> = { text: "Text", changes: "What changed", schema: "JSON Schema" };

export function SpecPane({ project, name }: { project: string; name: string }) {
  const [params] = useParams();
  const touching = { touchedBy: (event: { __typename: string }) => event.__typename === "SpecEvent" && isOf(event, project, name) };
  const { data, error, refresh } = useLive(OneSpecDocument, { project, name }, touching);
  const answer = useLiveEach({ it: { project, name } }, readVersions, touching).it;
  const versions = answer?.data?.nodes ?? [];
  const failed = error ?? answer?.error;
  if (isMissing(error)) return <NoSpec />;
  if (failed && (!data || !answer?.data)) return <Problem error={failed} what="The spec" onRetry={refresh} />;
  if (!data || versions.length === 0) {
    return (
      <Panel title={name}>
        <div className="specs-line">
          <span className="coming" />
          <span className="coming short" />
        </div>
      </Panel>
    );
  }
  const { spec } = data;
  const chosen = chosenVersions(
    versions.map(({ version }) => version),
    params.get("from"),
    params.get("to"),
  );
  return (
    <>
      <Panel title={spec.name} className="specs-one" actions={<Parts />}>
        <div className="specs-standing">
          <p>
            <Badge>{spec.specType}</Badge> of <Link href={addressOf("now", `${project}/${spec.owner}`, "", project)}>{spec.owner}</Link> in {project}, now at{" "}
            <strong className="mono">{spec.version}</strong>, written <Time at={spec.updatedAt} />
          </p>
          {spec.tags.length > 0 && <p className="faint">{spec.tags.map((tag) => `#${tag}`).join(" ")}</p>}
        </div>
        <VersionChooser versions={versions} from={chosen.from} to={chosen.to} />
        <Body project={project} name={name} {...chosen} />
      </Panel>
      <Versions record={`${project}/${name}`} versions={versions} open={chosen.to} />
    </>
  );
}

/** Stands in the place of a spec that is not there. */
export function NoSpec() {
  const address = useAddress("specs");
  return (
    <div className="panel">
      <Missing what="spec" to={address("", { from: null, to: null, show: null })} all="See all specs" />
    </div>
  );
}

function isOf(event: object, project: string, name: string): boolean {
  const spec = event as { project?: string; name?: string };
  return spec.project === project && spec.name === name;
}

function shownOf(params: URLSearchParams): Shown {
  return SHOWN.find((one) => one === params.get("show")) ?? "text";
}

function Parts() {
  const [params, change] = useParams();
  const shown = shownOf(params);
  return (
    <div className="tabs" role="group" aria-label="Parts of the spec">
      {SHOWN.map((one) => (
        <button key={one} type="button" className="specs-part" aria-pressed={one === shown} onClick={() => change({ show: one === "text" ? null : one })}>
          {TITLES[one]}
        </button>
      ))}
    </div>
  );
}

function VersionChooser({ versions, from, to }: { versions: readonly Version[]; from: string | null; to: string }) {
  const [params, change] = useParams();
  const isCompared = shownOf(params) === "changes";
  const newest = versions[0]!.version;
  const options = versions.map(({ version, author }) => (
    <option key={version} value={version}>
      {version} by {author}
    </option>
  ));
  return (
    <div className="specs-chooser">
      {isCompared && from !== null && (
        <label>
          <span className="field-label" aria-hidden>
            From
          </span>
          <select aria-label="From" value={from} onChange={(event) => change({ from: event.target.value })}>
            {options}
          </select>
        </label>
      )}
      <label>
        <span className="field-label" aria-hidden>
          {isCompared ? "To" : "Version"}
        </span>
        {/* The newest is followed: the address names it only where it is another one. */}
        <select aria-label={isCompared ? "To" : "Version"} value={to} onChange={(event) => change({ to: event.target.value === newest ? null : event.target.value })}>
          {options}
        </select>
      </label>
      {to !== newest && (
        <button type="button" className="specs-newest" onClick={() => change({ to: null, from: null })}>
          This is an older version; show the newest, {newest}
        </button>
      )}
    </div>
  );
}

const NEVER = { touchedBy: () => false };

function Body({ project, name, from, to }: { project: string; name: string; from: string | null; to: string }) {
  const [params] = useParams();
  const shown = shownOf(params);
  const wanted: Record<string, { project: string; name: string; version: string }> = { to: { project, name, version: to } };
  if (shown === "changes" && from !== null) wanted.from = { project, name, version: from };
  const answers = useLiveEach(wanted, readContent, NEVER);
  const [after, isOld] = useKept(answers.to?.data);
  const before = answers.from?.data;
  const failed = answers.to?.error ?? answers.from?.error;
  const problem = failed && <Problem error={failed} what="The version" onRetry={(answers.to?.error ? answers.to : answers.from)?.refresh} />;
  // The text before stays, dimmed, until the one asked for is read.
  if (after && shown === "text") {
    return (
      <>
        {problem}
        <div className="specs-text" tabIndex={0} role="group" aria-label="Text of the spec" aria-busy={isOld}>
          {after.content}
        </div>
      </>
    );
  }
  if (problem) return problem;
  if (!after) return <div className="specs-wait" />;
  if (shown === "schema") return <Schema content={after} />;
  if (from === null) return <p className="specs-note faint">There is only one version: nothing to compare it with. What the next one changes appears here.</p>;
  if (!before || isOld) return <div className="specs-wait" />;
  return <Changes before={before} after={after} />;
}

function Changes({ before, after }: { before: Content; after: Content }) {
  const schemas = [pretty(before.jsonSchema), pretty(after.jsonSchema)] as const;
  return (
    <>
      <TextDiff before={before.content} after={after.content} label={`Text from ${before.version} to ${after.version}`} />
      {schemas[0] !== schemas[1] && (
        <>
          <h3 className="specs-subtitle">JSON Schema</h3>
          <TextDiff before={schemas[0]} after={schemas[1]} label={`JSON Schema from ${before.version} to ${after.version}`} />
        </>
      )}
    </>
  );
}

function pretty(schema: unknown): string {
  return schema === null || schema === undefined ? "" : JSON.stringify(schema, null, 2);
}

function Schema({ content }: { content: Content }) {
  const text = pretty(content.jsonSchema);
  const rows = useMemo(() => rowsOf(content.jsonSchema), [content]);
  if (!text) {
    return (
      <p className="specs-note faint">
        This version has no JSON Schema. Its owner gives one with <code>json_schema</code> of <code>memory_define_spec</code>.
      </p>
    );
  }
  return (
    <div className="specs-schema">
      {rows.length > 0 && <SchemaTable rows={rows} />}
      <details open={rows.length === 0}>
        <summary>As JSON</summary>
        <CopyButton text={text} label="Copy the schema" />
        <pre tabIndex={0}>{text}</pre>
      </details>
    </div>
  );
}

function SchemaTable({ rows }: { rows: readonly Row[] }) {
  return (
    <table>
      <caption className="sr-only">Parts of the schema</caption>
      <thead>
        <tr>
          <th scope="col">Part</th>
          <th scope="col">Type</th>
          <th scope="col">What is said of it</th>
        </tr>
      </thead>
      <tbody>
        {rows.map(({ path, type, isRequired, says }) => (
          <tr key={path}>
            <th scope="row" className="mono">
              {path}
              {isRequired && (
                <span className="bad" title="Required">
                  *<span className="sr-only"> required</span>
                </span>
              )}
            </th>
            <td className="mono">{type}</td>
            <td>{says}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

function Versions({ record, versions, open }: { record: string; versions: readonly Version[]; open: string }) {
  const [params] = useParams();
  const address = useAddress("specs");
  const shown = shownOf(params);
  const rows = versions.map((version, index) => ({ ...version, previous: versions[index + 1]?.version ?? null }));
  const row = ({ version, author, createdAt, previous }: (typeof rows)[number]) => (
    <div className="specs-row" data-open={version === open || undefined}>
      <Link href={address(record, { to: version, from: null, show: null })} className="mono" aria-current={version === open && shown === "text" ? "true" : undefined}>
        {version}
      </Link>
      <span>{author}</span>
      <Time at={createdAt} />
      {previous !== null && (
        <Link href={address(record, { to: version, from: previous, show: "changes" })}>
          changes<span className="sr-only"> of {version}</span>
        </Link>
      )}
    </div>
  );
  return (
    <Panel title="Versions" count={versions.length}>
      {rows.length > FEW ? (
        <VirtualList items={rows} label="Versions, newest first" keyOf={({ version }) => version} rowHeight={38} className="specs-versions" row={row} />
      ) : (
        <ul className="specs-few" aria-label="Versions, newest first">
          {rows.map((one) => (
            <li key={one.version}>{row(one)}</li>
          ))}
        </ul>
      )}
    </Panel>
  );
}
