// What stands where there is nothing yet: what it would be, and what to do.
import type { ReactNode } from "react";
import { useLiveContext } from "../live/context";
import { CopyButton } from "./CopyButton";

export function Empty({ title, children }: { title: string; children?: ReactNode }) {
  return (
    <div className="empty">
      <h3>{title}</h3>
      {children}
    </div>
  );
}

/** The lines that connect an agent to this server, to be pasted into its configuration. */
export function ConnectAnAgent() {
  const { who } = useLiveContext();
  const address = `${location.origin}/mcp`;
  const key = { headers: { Authorization: "Bearer <its key>" } };
  const entry = { type: "http", url: address, ...(who.isEnabled ? key : {}) };
  const header = who.isEnabled ? ' --header "Authorization: Bearer <its key>"' : "";
  return (
    <div className="connect">
      <p>Give an agent this MCP server, in its configuration:</p>
      <Snippet text={JSON.stringify({ mcpServers: { interlock: entry } })} label="Copy the configuration" />
      <p>or, for Claude Code, on the command line:</p>
      <Snippet text={`claude mcp add --transport http interlock ${address}${header}`} label="Copy the command" />
      <p>
        Then let it call <code>memory_start_session</code>.
      </p>
    </div>
  );
}

function Snippet({ text, label }: { text: string; label: string }) {
  return (
    <div className="snippet">
      <code>{text}</code>
      <CopyButton text={text} label={label} />
    </div>
  );
}
