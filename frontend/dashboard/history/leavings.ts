// Which ended sessions are shown, and in which order.
import type { EndedFieldsFragment } from "./documents";

/** Return the sessions in which all words occur, the latest ended first. */
export function matching(sessions: readonly EndedFieldsFragment[], words: string): EndedFieldsFragment[] {
  const wanted = words.toLowerCase().split(/\s+/).filter(Boolean);
  const passes = (one: EndedFieldsFragment) => {
    const text = [one.agent, one.project, one.task, one.summary, one.handoff, one.learnings, ...one.filesModified].join("\n").toLowerCase();
    return wanted.every((word) => text.includes(word));
  };
  const end = (one: EndedFieldsFragment) => Date.parse(one.endedAt ?? one.activeAt);
  return sessions.filter(passes).sort((a, b) => end(b) - end(a));
}
