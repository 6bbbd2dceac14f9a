// Tags: those that the shown projects use, and how many documents have one.
import { useMemo } from "react";
import { useLiveContext, useShownProjects } from "../live/context";
import { about } from "../live/events";
import { useLiveEach } from "../live/useLive";
import { type Listed, readDocuments } from "./read";

const MOST_PROJECTS = 30;
const MOST = 500;
/** So many of the newest of each project tell which tags there are. */
const SAMPLE = 200;
const DOCUMENTS = about(["document"]);

/** Documents of a tag, by what can be done with all of them. */
export interface Tagged {
  archived: readonly Listed[];
  others: readonly Listed[];
  /** Whether there may be more than were read. */
  isCut: boolean;
}

function useOfShown(tag: string | null, most: number, isWanted: boolean) {
  const { chosen } = useLiveContext();
  const shown = useShownProjects().map(({ name }) => name);
  const names = chosen === null ? shown.slice(0, MOST_PROJECTS) : [chosen];
  const keyed = useMemo(
    () => Object.fromEntries(isWanted ? names.map((project) => [project, { project, type: null, status: null, tag, most }]) : []),
    [names.join(), tag, most, isWanted],
  );
  const answers = useLiveEach(keyed, readDocuments, { touchedBy: (event, project) => event.project === project && DOCUMENTS(event) });
  return { read: names.map((name) => answers[name]?.data), isCut: chosen === null && shown.length > MOST_PROJECTS };
}

/** Return what has the tag in the shown projects; undefined until it is read. */
export function useTagged(tag: string): Tagged | undefined {
  const { read, isCut } = useOfShown(tag, MOST, tag !== "");
  const pages = read.filter((one) => one !== undefined);
  if (pages.length < read.length) return undefined;
  const all = pages.flatMap(({ nodes }) => nodes);
  return {
    archived: all.filter(({ status }) => status === "ARCHIVED"),
    others: all.filter(({ status }) => status !== "ARCHIVED"),
    isCut: isCut || pages.some(({ hasMore }) => hasMore),
  };
}

/** Return the tags in use, the most used first; none before they are wanted. */
export function useTags(isWanted: boolean): readonly string[] {
  const { read } = useOfShown(null, SAMPLE, isWanted);
  return tagsOf(read.flatMap((pages) => pages?.nodes ?? []));
}

/** Return the tags of documents, the most used first. */
export function tagsOf(documents: readonly Pick<Listed, "tags">[]): string[] {
  const uses = new Map<string, number>();
  for (const tag of documents.flatMap(({ tags }) => tags)) uses.set(tag, (uses.get(tag) ?? 0) + 1);
  return [...uses].sort(([one, more], [other, less]) => less - more || one.localeCompare(other)).map(([tag]) => tag);
}

/** Say how many documents these are. */
export function counted(count: number, isCut = false): string {
  if (isCut) return `${count.toLocaleString()} documents or more`;
  return count === 1 ? "1 document" : `${count.toLocaleString()} documents`;
}
