// What the view Specs reads: the specs of a project, the versions of one.
import type { Server } from "../live/ask";
import { type Pages, readPages } from "../live/pages";
import { SpecsDocument, type SpecsQuery, SpecTextDocument, type SpecTextQuery, SpecVersionsDocument, type SpecVersionsQuery } from "./documents";

const MOST_SPECS = 1_000;
const MOST_VERSIONS = 1_000;

export type Summary = SpecsQuery["specs"]["nodes"][number];
export type Version = SpecVersionsQuery["specVersions"]["nodes"][number];
export type Content = SpecTextQuery["spec"];

export interface Named {
  project: string;
  name: string;
}

export function readSpecs(server: Server, project: string): Promise<Pages<Summary>> {
  return readPages(async (after) => (await server.query(SpecsDocument, { project, after })).specs, MOST_SPECS);
}

export function readVersions(server: Server, named: Named): Promise<Pages<Version>> {
  return readPages(async (after) => (await server.query(SpecVersionsDocument, { ...named, after })).specVersions, MOST_VERSIONS);
}

/** Read a version whole; once written it never changes. */
export async function readContent(server: Server, wanted: Named & { version: string }): Promise<Content> {
  return server.known(SpecTextDocument, wanted)?.spec ?? (await server.query(SpecTextDocument, wanted)).spec;
}
