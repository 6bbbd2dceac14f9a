// What stands where there is nothing yet: what it would be, and what to do.
import type { ReactNode } from "react";
import { Link } from "wouter";
import type { Refused } from "../live/ask";
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

/** Tell whether what an address names is not there, or cannot be named so at all. */
export function isMissing(error: Refused | undefined): boolean {
  return error?.code === "NOT_FOUND" || error?.code === "BAD_INPUT";
}

/** Stands in the place of a record that an address names and that is not there; leads to all of its kind. */
export function Missing({ what, to, all, children }: { what: string; to: string; all: string; children?: ReactNode }) {
  return (
    <Empty title={`There is no such ${what}`}>
      <p>{children ?? "It is not there any more, it is in a project that this key does not see, or the address is not whole."}</p>
      <Link href={to}>{all}</Link>
    </Empty>
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
