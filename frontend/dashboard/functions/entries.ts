// The registry of functions as rows: projects, files, and what is in them.
import type { FunctionRowFragment } from "./documents";

export type Registered = FunctionRowFragment;

export type Row = { is: "file"; project: string; file: string; count: number; enriched: number } | { is: "function"; entry: Registered };

/** Return functions that are ordered by file as rows, a heading before each file. */
export function rowsOf(functions: readonly Registered[]): Row[] {
  const rows: Row[] = [];
  let heading: Extract<Row, { is: "file" }> | null = null as Extract<Row, { is: "file" }> | null;
  for (const entry of functions) {
    if (heading === null || heading.file !== entry.file || heading.project !== entry.project) {
      heading = { is: "file", project: entry.project, file: entry.file, count: 0, enriched: 0 };
      rows.push(heading);
    }
    heading.count += 1;
    heading.enriched += entry.isEnriched ? 1 : 0;
    rows.push({ is: "function", entry });
  }
  return rows;
}

export function keyOf(row: Row): string {
  return row.is === "file" ? `${row.project}:${row.file}` : row.entry.id;
}

type Tone = "plain" | "good" | "busy" | "warn" | "bad";

/** Return where a function stands, in a word and a tone. */
export function stateOf(entry: Pick<Registered, "queue" | "isEnriched" | "isOutOfDate" | "leaseHolder">): [says: string, tone: Tone] {
  if (entry.queue === "LEASED") return [`with ${entry.leaseHolder}`, "busy"];
  if (entry.queue === "FAILED") return ["given up", "bad"];
  if (entry.isOutOfDate) return ["code has changed", "warn"];
  if (entry.isEnriched) return ["enriched", "good"];
  return ["waits", "plain"];
}

/** Return a parameter that a librarian wrote as its name, type and description. */
export function parameterOf(value: unknown): { name: string; type: string; says: string } {
  if (typeof value !== "object" || value === null) return { name: String(value), type: "", says: "" };
  const { name, type, description, ...rest } = value as Record<string, unknown>;
  const more = Object.entries(rest).map(([key, one]) => `${key}: ${text(one)}`);
  return { name: text(name), type: text(type), says: [text(description), ...more].filter(Boolean).join(" · ") };
}

function text(value: unknown): string {
  if (value === undefined || value === null) return "";
  return typeof value === "string" ? value : JSON.stringify(value);
}
