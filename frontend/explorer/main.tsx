// The page at /graphql: GraphiQL, a field for the API key, and how the last subscription goes.
import "graphiql/setup-workers/vite";
// "graphiql/style.css" would bring the editor's styles a second time.
import "@graphiql/react/style.css";
import "@graphiql/plugin-doc-explorer/style.css";
import "@graphiql/plugin-history/style.css";
import "graphiql/graphiql.css";
import "./page.css";
import { GraphiQL } from "graphiql";
import { StrictMode, useMemo, useState } from "react";
import { createRoot } from "react-dom/client";
import { EXAMPLES } from "./examples";
import { fetcherFor } from "./fetcher";
import { storageWithoutHeaders } from "./storage";

const storage = storageWithoutHeaders(window.localStorage);

function Explorer() {
  const [key, setKey] = useState("");
  const [status, setStatus] = useState("");
  // A new fetcher makes GraphiQL read the schema anew: another key may open it.
  const fetcher = useMemo(() => fetcherFor(key, setStatus), [key]);
  return (
    <>
      <header>
        <b>Interlock GraphQL</b>
        <a href="/">Dashboard</a>
        <output aria-live="polite">{status}</output>
        <KeyField onChange={setKey} />
      </header>
      <main>
        <GraphiQL
          fetcher={fetcher}
          defaultTabs={EXAMPLES}
          storage={storage}
          shouldPersistHeaders={false}
          showPersistHeadersSettings={false}
          inputValueDeprecation
          schemaDescription
        >
          <GraphiQL.Logo>
            <></>
          </GraphiQL.Logo>
        </GraphiQL>
      </main>
    </>
  );
}

// The key stays in this page's memory: whatever is stored, every later script of this origin could read.
function KeyField({ onChange }: { onChange(key: string): void }) {
  return (
    <label>
      API key
      <input
        type="password"
        name="key"
        autoComplete="off"
        placeholder="none"
        onBlur={(event) => onChange(event.target.value.trim())}
        onKeyDown={(event) => event.key === "Enter" && onChange(event.currentTarget.value.trim())}
      />
    </label>
  );
}

createRoot(document.getElementById("root")!).render(
  <StrictMode>
    <Explorer />
  </StrictMode>,
);
