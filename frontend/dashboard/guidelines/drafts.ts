// Guidelines in the order in which agents are told them, and an edit of one beside what it became meanwhile.
import type { GuidelineFieldsFragment } from "./documents";

export type Guideline = GuidelineFieldsFragment;

export const GLOBAL = "global";
export const MAX_RULE_BYTES = 4_000;

/** What is being written: of a guideline that was there (`base`), or a new one. */
export interface Draft {
  base: Guideline | null;
  name: string;
  scope: string;
  rule: string;
  priority: number;
}

export function draftOf(base: Guideline): Draft {
  const { name, scope, rule, priority } = base;
  return { base, name, scope, rule, priority };
}

export function recordOf({ scope, name }: { scope: string; name: string }): string {
  return `${scope}/${name}`;
}

/** Return the scopes with their guidelines: the global ones first, the lowest priority number first. */
export function byScope(all: readonly Guideline[], chosen: string | null): [scope: string, guidelines: Guideline[]][] {
  const scopes = new Map<string, Guideline[]>([[GLOBAL, []], ...(chosen ? [[chosen, []] as [string, Guideline[]]] : [])]);
  for (const one of all) {
    if (chosen !== null && one.scope !== GLOBAL && one.scope !== chosen) continue;
    scopes.set(one.scope, [...(scopes.get(one.scope) ?? []), one]);
  }
  for (const list of scopes.values()) list.sort((a, b) => a.priority - b.priority || (a.name < b.name ? -1 : 1));
  const rank = (scope: string) => (scope === GLOBAL ? 0 : 1);
  return [...scopes].sort(([a], [b]) => rank(a) - rank(b) || (a < b ? -1 : 1));
}

export type Clash = { is: "changed"; now: Guideline } | { is: "deleted" } | { is: "taken"; now: Guideline } | null;

/** Tell what others did to the guideline that is being edited; `all` is as it is now. */
export function clashOf(draft: Draft, all: readonly Guideline[]): Clash {
  const { base } = draft;
  const isMoved = base === null || base.scope !== draft.scope || base.name !== draft.name;
  const there = all.find((one) => one.scope === draft.scope && one.name === draft.name.trim());
  if (isMoved && there) return { is: "taken", now: there };
  if (base === null) return null;
  const now = all.find((one) => one.scope === base.scope && one.name === base.name);
  if (!now) return { is: "deleted" };
  return now.updatedAt === base.updatedAt ? null : { is: "changed", now };
}
