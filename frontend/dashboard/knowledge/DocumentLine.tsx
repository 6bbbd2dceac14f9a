// One document in a list.
import type { ReactNode } from "react";
import { Link } from "wouter";
import { useAddress } from "../app/params";
import { Badge } from "../ui/Panel";
import { Time } from "../ui/Time";
import { toneOf, words } from "./filters";
import type { Listed } from "./read";

interface Props {
  document: Listed;
  isOpen?: boolean;
  showsProject: boolean;
  /** Stands before the time. */
  figures?: ReactNode;
  /** Stands before its author. */
  use?: ReactNode;
  children?: ReactNode;
}

export function DocumentLine({ document, isOpen, showsProject, figures, use, children }: Props) {
  const address = useAddress("knowledge");
  const { id, title, type, status, tags, author, updatedAt, project } = document;
  return (
    <article className="row knowledge-line" data-open={isOpen || undefined} aria-label={title}>
      <div className="knowledge-title">
        <Link href={address(id)} className="row-name" aria-current={isOpen ? "true" : undefined}>
          <span>{title}</span>
        </Link>
        {figures}
      </div>
      {children}
      <div className="knowledge-meta">
        <Badge>{words(type)}</Badge>
        {status !== "ACTIVE" && <Badge tone={toneOf(status)}>{words(status)}</Badge>}
        {tags.slice(0, 4).map((tag) => (
          <span key={tag}>#{tag}</span>
        ))}
        <span className="knowledge-by">
          {use}
          {showsProject && `${project} · `}
          {author} · <Time at={updatedAt} />
        </span>
      </div>
    </article>
  );
}

/** Stands where documents will be. */
export function LinesToCome({ count = 5 }: { count?: number }) {
  return (
    <div className="knowledge-coming" role="status" aria-label="Reading">
      {Array.from({ length: count }, (_, index) => (
        <div key={index} className="row knowledge-line">
          <span className="coming" />
          <span className="coming short" />
        </div>
      ))}
    </div>
  );
}
