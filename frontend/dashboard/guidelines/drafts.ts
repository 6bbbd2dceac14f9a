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

/** The priority that a new one begins with. */
export const PRIORITY = 50;

/** Tell whether anything was written that would be lost. */
export function isTouched(draft: Draft): boolean {
  const { base, name, rule, priority } = draft;
  return base ? JSON.stringify(draft) !== JSON.stringify(draftOf(base)) : name !== "" || rule !== "" || priority !== PRIORITY;
}

export function recordOf({ scope, name }: { scope: string; name: string }): string {
  return `${scope}/${name}`;
}

/** Return who wrote it and who changed it last, to be followed by when: a guideline of before tells only its author. */
export function creditOf({ createdBy, createdAt, updatedBy, updatedAt }: Guideline): string {
  if (createdAt === updatedAt) return `by ${createdBy},`;
  return `by ${createdBy}, changed${updatedBy && updatedBy !== createdBy ? ` by ${updatedBy}` : ""}`;
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

/** What a draft writes: the guideline, and the one that it was renamed or moved from, each as it was last seen. */
export interface Writes {
  set: { name: string; scope: string; rule: string; priority: number; updatedAt: string | null };
  remove: { name: string; scope: string; updatedAt: string } | null;
}

/** Return what is to be written; `over` is the clash that the person has seen and wants to overrule. */
export function writesOf({ base, name: typed, scope, rule, priority }: Draft, over: Clash): Writes {
  const name = typed.trim();
  const isGone = over?.is === "deleted";
  const seen = over && !isGone ? over.now : null;
  const was = base && seen && recordOf(seen) === recordOf(base) ? seen : base;
  const there = isGone ? null : [seen, was].find((one) => one && recordOf(one) === recordOf({ scope, name }));
  return {
    set: { name, scope, rule, priority, updatedAt: there?.updatedAt ?? null },
    remove: was && !isGone && recordOf(was) !== recordOf({ scope, name }) ? { name: was.name, scope: was.scope, updatedAt: was.updatedAt } : null,
  };
}

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
