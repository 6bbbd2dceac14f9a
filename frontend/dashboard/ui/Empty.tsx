// What stands where there is nothing yet: what it would be, and what to do.
import type { ReactNode } from "react";
import { CopyButton } from "./CopyButton";

export function Empty({ title, children }: { title: string; children?: ReactNode }) {
  return (
    <div className="empty">
      <h3>{title}</h3>
      {children}
    </div>
  );
}

/** The line that connects an agent to this server, to be pasted into its configuration. */
export function ConnectAnAgent() {
  const address = `${location.origin}/mcp`;
  const line = `{"mcpServers": {"interlock": {"type": "http", "url": "${address}"}}}`;
  return (
    <div className="connect">
      <p>Give an agent this MCP server, in its configuration:</p>
      <div className="snippet">
        <code tabIndex={0}>{line}</code>
        <CopyButton text={line} label="Copy the configuration" />
      </div>
      <p>
        Then let it call <code>memory_start_session</code>.
      </p>
    </div>
  );
}
