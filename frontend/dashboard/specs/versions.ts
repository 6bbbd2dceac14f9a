// Which versions of a spec are shown, and which specs.

/** Return the versions to compare, given all of them (newest first) and those that the address names. */
export function chosenVersions(versions: readonly string[], from: string | null, to: string | null): { from: string | null; to: string } {
  const chosen = to !== null && versions.includes(to) ? to : (versions[0] ?? "");
  const before = versions[versions.indexOf(chosen) + 1] ?? null;
  return { from: from !== null && versions.includes(from) ? from : before, to: chosen };
}

interface Named {
  name: string;
  specType: string;
  owner: string;
  tags: readonly string[];
  project: string;
}

/** Tell whether a spec is of a type ("" for any) and has all words of a text somewhere. */
export function passes(spec: Named, text: string, type: string): boolean {
  if (type && spec.specType !== type) return false;
  const said = [spec.name, spec.owner, spec.project, ...spec.tags].join(" ").toLowerCase();
  return text
    .toLowerCase()
    .split(/\s+/)
    .every((word) => said.includes(word));
}
