// Knowledge: what the agents have written down, found as they find it, and kept in order.
import "./knowledge.css";
import { Link } from "wouter";
import { useAddress, useParams } from "../app/params";
import type { ViewProps } from "../app/views";
import { useLiveContext } from "../live/context";
import { Empty } from "../ui/Empty";
import { SearchBox } from "../ui/SearchBox";
import { Split } from "../ui/Split";
import { Browse } from "./Browse";
import { Cleaning } from "./Cleaning";
import { DocumentPane } from "./DocumentPane";
import { Found } from "./Found";
import { type Filters, filtersOf, STATUSES, TYPES, words } from "./filters";
import { StatusProvider } from "./StatusDialog";
import { TagActions } from "./TagActions";
import { TagField } from "./TagField";

/** What the address says in the place of a document's id for the list of what is to be cleaned up. */
const CLEANING = "cleaning";

export default function KnowledgeView({ record }: ViewProps) {
  const address = useAddress("knowledge");
  const isCleaning = record === CLEANING;
  return (
    <StatusProvider>
      <div className="knowledge">
        <div className="view-head">
          <h1>Knowledge</h1>
          <nav aria-label="Parts of Knowledge" className="tabs">
            <Link href={address("")} aria-current={isCleaning ? undefined : "page"}>
              Documents
            </Link>
            <Link href={address(CLEANING)} aria-current={isCleaning ? "page" : undefined}>
              Clean up
            </Link>
          </nav>
        </div>
        {isCleaning ? <Cleaning /> : <Documents record={record} />}
      </div>
    </StatusProvider>
  );
}

function Documents({ record }: { record: string }) {
  const [params, change] = useParams();
  const address = useAddress("knowledge");
  const { chosen } = useLiveContext();
  const filters = filtersOf(params, chosen !== null);
  return (
    <>
      <FilterBar filters={filters} isProjectChosen={chosen !== null} onChange={change} />
      <Split
        list={
          <>
            {filters.tag && <TagActions tag={filters.tag} />}
            {filters.query ? <Found filters={filters} open={record} /> : <Browse filters={filters} open={record} />}
          </>
        }
        detail={record ? <DocumentPane key={record} id={record} /> : null}
        open={record}
        back={{ to: address(""), label: "All documents" }}
        nothing={
          <div className="panel">
            <Empty title="No document is open">
              <p>Open one of the list to read it whole, with its history and what replaces it.</p>
            </Empty>
          </div>
        }
      />
    </>
  );
}

interface BarProps {
  filters: Filters;
  isProjectChosen: boolean;
  onChange(changes: Record<string, string | null>): void;
}

function FilterBar({ filters, isProjectChosen, onChange }: BarProps) {
  const isGlobal = filters.query !== "" && filters.isEverywhere;
  return (
    <search className="split-filters knowledge-filters">
      <SearchBox label="Search the knowledge as agents do" value={filters.query} onSearch={(text) => onChange({ q: text })} />
      <select aria-label="Type" value={filters.type ?? ""} onChange={(event) => onChange({ type: event.target.value })}>
        <option value="">Any type</option>
        {TYPES.map((type) => (
          <option key={type} value={type}>
            {words(type)}
          </option>
        ))}
      </select>
      <select
        aria-label="Status"
        value={isGlobal ? "ACTIVE" : (filters.status ?? "any")}
        disabled={isGlobal}
        title={isGlobal ? "A search everywhere finds what is active" : undefined}
        onChange={(event) => onChange({ status: event.target.value === "ACTIVE" ? null : event.target.value })}
      >
        <option value="any">Any status</option>
        {STATUSES.map((status) => (
          <option key={status} value={status}>
            {words(status)}
          </option>
        ))}
      </select>
      {isProjectChosen && filters.query && (
        <select aria-label="Where" value={filters.isEverywhere ? "everywhere" : ""} onChange={(event) => onChange({ in: event.target.value })}>
          <option value="">This project and shared</option>
          <option value="everywhere">Everywhere</option>
        </select>
      )}
      <div className="knowledge-tag">
        <TagField label="Tag" tag={filters.tag} onChange={(tag) => onChange({ tag })} />
      </div>
    </search>
  );
}
