// One function in a list.
import type { ReactNode } from "react";
import { Link } from "wouter";
import { useAddress } from "../app/params";
import { Badge } from "../ui/Panel";
import { type Registered, stateOf } from "./entries";

interface Props {
  entry: Registered;
  isOpen: boolean;
  showsFile?: boolean;
  figures?: ReactNode;
  children?: ReactNode;
}

export function FunctionLine({ entry, isOpen, showsFile, figures, children }: Props) {
  const address = useAddress("functions");
  const [says, tone] = stateOf(entry);
  return (
    <article className="row functions-line" data-open={isOpen || undefined} aria-label={entry.name}>
      <div className="functions-name">
        <Link href={address(entry.id)} aria-current={isOpen ? "true" : undefined} className="row-name mono">
          {entry.name}
        </Link>
        <span className="functions-state">
          {figures}
          <Badge tone={tone}>{says}</Badge>
        </span>
      </div>
      {showsFile && (
        <div className="functions-where faint">
          {entry.project} ·{" "}
          <span className="mono">
            {entry.file}
            {entry.line !== null && `:${entry.line}`}
          </span>
        </div>
      )}
      <div className="functions-purpose">{entry.purpose}</div>
      {children}
    </article>
  );
}

export function LinesToCome() {
  return (
    <div role="status" aria-label="Reading">
      {Array.from({ length: 6 }, (_, index) => (
        <div key={index} className="row functions-line">
          <span className="coming short" />
          <span className="coming" />
        </div>
      ))}
    </div>
  );
}
