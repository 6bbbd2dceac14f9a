// What a person has changed of an item and not saved: only touched fields, each with what it was when it was touched.
import type { AddBacklogItemInput, BacklogPriority, BacklogStatus, UpdateBacklogItemInput } from "./documents";

/** The fields that can be edited, as the form has them. */
export interface Fields {
  title: string;
  description: string;
  status: BacklogStatus;
  priority: BacklogPriority;
  assignee: string;
  targetVersion: string;
  deferredReason: string;
  tags: readonly string[];
  blockedBy: readonly string[];
}

export type Name = keyof Fields;
export type Draft = { readonly [N in Name]?: { base: Fields[N]; value: Fields[N] } };

export const NEW: Fields = {
  title: "",
  description: "",
  status: "OPEN",
  priority: "MEDIUM",
  assignee: "",
  targetVersion: "",
  deferredReason: "",
  tags: [],
  blockedBy: [],
};

/** Return the draft with a field as the person has it now; what is as it was is no change. */
export function touched<N extends Name>(draft: Draft, item: Fields, name: N, value: Fields[N]): Draft {
  const base = draft[name]?.base ?? item[name];
  const { [name]: _gone, ...rest } = draft;
  return same(value, item[name]) ? rest : { ...rest, [name]: { base, value } };
}

/** Return the item as the form shows it: what the person touched, and everything else as it is now. */
export function shown(draft: Draft, item: Fields): Fields {
  const values = Object.fromEntries(namesOf(draft).map((name) => [name, draft[name]!.value]));
  return { ...fieldsOf(item), ...values };
}

/** Return the touched fields that somebody else has changed meanwhile. */
export function overtaken(draft: Draft, item: Fields): Name[] {
  return namesOf(draft).filter((name) => !same(draft[name]!.base, item[name]) && !same(draft[name]!.value, item[name]));
}

export function namesOf(draft: Draft): Name[] {
  return Object.keys(draft) as Name[];
}

export function updateOf(itemId: string, draft: Draft, reason: string): UpdateBacklogItemInput {
  return { itemId, ...inputOf(draft), ...(reason ? { reason } : {}) };
}

/** Return what adds a new item; what is empty is left out. */
export function additionOf(project: string, { title, description, priority, assignee, targetVersion, tags, blockedBy }: Fields): AddBacklogItemInput {
  return {
    project,
    title: title.trim(),
    description: description.trim() || title.trim(),
    priority,
    assignedTo: assignee || null,
    targetVersion: targetVersion || null,
    tags: tags.length > 0 ? [...tags] : null,
    blockedBy: blockedBy.length > 0 ? [...blockedBy] : null,
  };
}

/** Return the labels of a text in which commas part them. */
export function tagsOf(text: string): string[] {
  return [...new Set(text.split(",").map((tag) => tag.trim()).filter(Boolean))];
}

function inputOf(draft: Draft): Partial<UpdateBacklogItemInput> {
  const { assignee, tags, blockedBy, ...rest } = draft;
  const plain = Object.fromEntries(Object.entries(rest).map(([name, change]) => [name, change.value]));
  return {
    ...plain,
    ...(assignee ? { assignedTo: assignee.value.trim() } : {}),
    ...(tags ? { tags: [...tags.value] } : {}),
    ...(blockedBy ? { blockedBy: [...blockedBy.value] } : {}),
  };
}

function fieldsOf(item: Fields): Fields {
  const { title, description, status, priority, assignee, targetVersion, deferredReason, tags, blockedBy } = item;
  return { title, description, status, priority, assignee, targetVersion, deferredReason, tags, blockedBy };
}

function same(one: unknown, other: unknown): boolean {
  return JSON.stringify(one) === JSON.stringify(other);
}
