// Specs: what the agents agreed on, version by version.
import "./specs.css";
import { useMemo } from "react";
import { Link } from "wouter";
import { useAddress, useParams } from "../app/params";
import type { ViewProps } from "../app/views";
import { useLiveContext, useShownProjects } from "../live/context";
import { about } from "../live/events";
import { useLiveEach } from "../live/useLive";
import { ConnectAnAgent, Empty } from "../ui/Empty";
import { Badge, Panel } from "../ui/Panel";
import { Problem } from "../ui/Problem";
import { SearchBox } from "../ui/SearchBox";
import { Split } from "../ui/Split";
import { Time } from "../ui/Time";
import { VirtualList } from "../ui/VirtualList";
import { readSpecs, type Summary } from "./read";
import { NoSpec, SpecPane } from "./SpecPane";
import { passes } from "./versions";

const MOST_PROJECTS = 30;
const ROW_PX = 60;
const TOUCHING = about(["spec"]);

export default function SpecsView({ record }: ViewProps) {
  const address = useAddress("specs");
  const [project, ...rest] = record.split("/");
  const name = rest.join("/");
  return (
    <div className="specs">
      <div className="view-head">
        <h1>Specs</h1>
      </div>
      <Split
        list={<Specs open={record} />}
        detail={project && name ? <SpecPane key={record} project={project} name={name} /> : record ? <NoSpec /> : null}
        open={record}
        back={{ to: address("", { from: null, to: null, show: null }), label: "All specs" }}
        nothing={
          <div className="panel">
            <Empty title="No spec is open">
              <p>Open one of the list to read it, and to see what changed between any two of its versions.</p>
            </Empty>
          </div>
        }
      />
    </div>
  );
}

function Specs({ open }: { open: string }) {
  const { chosen } = useLiveContext();
  const projects = useShownProjects();
  const [params, change] = useParams();
  const text = params.get("q") ?? "";
  const type = params.get("type") ?? "";
  const names = chosen === null ? projects.slice(0, MOST_PROJECTS).map(({ name }) => name) : [chosen];
  const keyed = useMemo(() => Object.fromEntries(names.map((name) => [name, name])), [names.join()]);
  const answers = useLiveEach(keyed, readSpecs, { touchedBy: (event, project) => event.project === project && TOUCHING(event) });
  const isRead = names.every((name) => answers[name]?.data);
  const all = useMemo(() => names.flatMap((name) => answers[name]?.data?.nodes ?? []), [answers, names.join()]);
  const types = useMemo(() => [...new Set(all.map((spec) => spec.specType))].sort(), [all]);
  const rows = useMemo(() => all.filter((spec) => passes(spec, text, type)), [all, text, type]);
  const failed = Object.values(answers).find((answer) => answer.error);
  return (
    <>
      <search className="specs-filters">
        <SearchBox label="Filter: name, owner, tag" value={text} onSearch={(typed) => change({ q: typed })} />
        <select aria-label="Type" value={type} onChange={(event) => change({ type: event.target.value })}>
          <option value="">Any type</option>
          {[...new Set([...types, ...(type ? [type] : [])])].map((one) => (
            <option key={one} value={one}>
              {one}
            </option>
          ))}
        </select>
      </search>
      <Panel title="Specs" count={isRead ? rows.length : undefined}>
        {failed?.error && <Problem error={failed.error} what="The list of specs" onRetry={failed.refresh} />}
        {!isRead && all.length === 0 && !failed && <LinesToCome />}
        {isRead && rows.length === 0 && <NoSpecs isFiltered={all.length > 0} />}
        {rows.length > 0 && (
          <VirtualList
            items={rows}
            label="Specs by name"
            keyOf={(spec) => `${spec.project}/${spec.name}`}
            rowHeight={ROW_PX}
            className="specs-list"
            row={(spec) => <SpecLine spec={spec} isOpen={open === `${spec.project}/${spec.name}`} showsProject={chosen === null} />}
          />
        )}
      </Panel>
    </>
  );
}

function SpecLine({ spec, isOpen, showsProject }: { spec: Summary; isOpen: boolean; showsProject: boolean }) {
  const address = useAddress("specs");
  const { name, project, version, versionCount, specType, owner, tags, updatedAt } = spec;
  return (
    <article className="row specs-line" data-open={isOpen || undefined} aria-label={name}>
      <div className="specs-name">
        <Link href={address(`${project}/${name}`, { from: null, to: null })} className="row-name" aria-current={isOpen ? "true" : undefined}>
          {name}
        </Link>
        <span className="specs-version mono">{version}</span>
      </div>
      <div className="specs-meta">
        <Badge>{specType}</Badge>
        {versionCount > 1 && <span>{versionCount} versions</span>}
        {tags.slice(0, 4).map((tag) => (
          <span key={tag}>#{tag}</span>
        ))}
        <span className="specs-by">
          {showsProject && `${project} · `}
          {owner} · <Time at={updatedAt} />
        </span>
      </div>
    </article>
  );
}

function LinesToCome() {
  return (
    <div role="status" aria-label="Reading">
      {Array.from({ length: 5 }, (_, index) => (
        <div key={index} className="row specs-line">
          <span className="coming" />
          <span className="coming short" />
        </div>
      ))}
    </div>
  );
}

function NoSpecs({ isFiltered }: { isFiltered: boolean }) {
  const { projects } = useLiveContext();
  if (isFiltered) {
    return (
      <Empty title="No spec passes the filter">
        <p>Take a word away, or choose any type.</p>
      </Empty>
    );
  }
  return (
    <Empty title="No spec is defined yet">
      <p>
        Agents agree on interfaces with <code>memory_define_spec</code>; each version stays readable here.
      </p>
      {projects.length === 0 && <ConnectAnAgent />}
    </Empty>
  );
}
