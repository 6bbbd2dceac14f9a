// Functions: what the code base has, as agents registered it and a librarian described it.
import "./functions.css";
import { Link } from "wouter";
import { useAddress, useParams } from "../app/params";
import type { ViewProps } from "../app/views";
import { Empty } from "../ui/Empty";
import { SearchBox } from "../ui/SearchBox";
import { Split } from "../ui/Split";
import { FoundFunctions } from "./Found";
import { FunctionPane } from "./FunctionPane";
import { Queue, QUEUES } from "./Queue";
import { Registry } from "./Registry";

export default function FunctionsView({ record }: ViewProps) {
  const [params, change] = useParams();
  const address = useAddress("functions");
  const query = params.get("q") ?? "";
  const file = params.get("file") ?? "";
  const queue = QUEUES.find(({ state }) => state.toLowerCase() === params.get("queue"));
  return (
    <div className="functions">
      <div className="view-head">
        <h1>Functions</h1>
        <nav aria-label="Parts of Functions" className="tabs">
          <Link href={address("", { queue: null })} aria-current={queue ? undefined : "page"}>
            Registry
          </Link>
          <Link href={address("", { queue: "pending", q: null, file: null })} aria-current={queue ? "page" : undefined}>
            Enrichment queue
          </Link>
        </nav>
      </div>
      {!queue && (
        <search className="split-filters functions-filters">
          <SearchBox label="Search functions by what they do" value={query} onSearch={(text) => change({ q: text })} />
          {!query && (
            <div className="functions-file">
              <SearchBox label="File or folder/" value={file} onSearch={(text) => change({ file: text })} />
            </div>
          )}
        </search>
      )}
      <Split
        list={queue ? <Queue state={queue.state} open={record} /> : query ? <FoundFunctions query={query} open={record} /> : <Registry file={file} open={record} />}
        detail={record ? <FunctionPane key={record} id={record} /> : null}
        open={record}
        back={{ to: address(""), label: "All functions" }}
        nothing={
          <div className="panel">
            <Empty title="No function is open">
              <p>Open one of the list to see its signature, its parameters and what to beware of.</p>
            </Empty>
          </div>
        }
      />
    </div>
  );
}
