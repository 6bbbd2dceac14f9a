// Addresses: every view and record has one, and the chosen project goes along.
import type { ReactNode } from "react";
import { Link, useLocation } from "wouter";
import { useSearch } from "./address";

/** Return the address of a view or of a record in it. `project` undefined: as it is; null: all projects. */
export function addressOf(view: string, record: string, search: string, project?: string | null): string {
  const given = new URLSearchParams(search);
  const name = project === undefined ? given.get("project") : project;
  const path = record ? `/${view}/${record.split("/").map(encodeURIComponent).join("/")}` : `/${view}`;
  return name ? `${path}?${new URLSearchParams({ project: name })}` : path;
}

export function useChosenProject(): string | null {
  return new URLSearchParams(useSearch()).get("project");
}

interface To {
  view: string;
  record?: string;
  project?: string | null;
}

/** A link to a view or a record; `isHere` marks the one that is shown now. */
export function ViewLink({ view, record = "", project, children, className, isHere }: To & { children: ReactNode; className?: string; isHere?: boolean }) {
  const href = addressOf(view, record, useSearch(), project);
  return (
    <Link href={href} className={className} aria-current={isHere ? "page" : undefined}>
      {children}
    </Link>
  );
}

/** Return a function that opens a view or a record. */
export function useOpen(): (to: To) => void {
  const [, navigate] = useLocation();
  const search = useSearch();
  return ({ view, record = "", project }) => navigate(addressOf(view, record, search, project));
}
