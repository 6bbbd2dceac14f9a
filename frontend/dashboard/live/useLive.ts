// A query that stays right: read again when the feed brings what touches it, shown as the server had it.
import type { AnyVariables } from "@urql/core";
import { useEffect, useMemo, useRef, useState } from "react";
import type { Refused, Server } from "./ask";
import { useLiveContext } from "./context";
import type { Document } from "./document";
import type { FeedEvent } from "./events";
import { browserClock } from "./line";
import { Refresher } from "./refresher";

export interface Answer<D> {
  /** Undefined until the first answer; a failure leaves the last one in place. */
  data?: D;
  error?: Refused;
  /** Read again now. */
  refresh(): void;
}

export interface Options {
  /** Whether what an event tells may change the answer. Events of other projects come too where all are followed. */
  touchedBy(event: FeedEvent): boolean;
  /** Read again this often for what time alone changes; default: never. */
  everySeconds?: number;
  /** At most one reading in so many milliseconds; default: 250. */
  gapMs?: number;
}

/** Read `document` and keep it right. `variables` null: nothing is read. */
export function useLive<D, V extends AnyVariables>(document: Document<D, V>, variables: V | null, options: Options): Answer<D> {
  const read = useMemo(() => (server: Server, given: V) => server.query(document, given), [document]);
  const known = useMemo(() => (server: Server, given: V) => server.known(document, given), [document]);
  const keyed = useMemo<Record<string, V>>(() => (variables === null ? ({} as Record<string, V>) : { it: variables }), [JSON.stringify(variables)]);
  const answers = useLiveEach(keyed, read, options, known);
  return answers.it ?? IDLE;
}

const IDLE: Answer<never> = { refresh() {} };

/**
 * Read something for each key and keep each right; one key's events read only that key again.
 * Keys that go are forgotten, keys that come are read. `read` and `known` must not change between renders.
 */
export function useLiveEach<D, V>(
  keyed: Record<string, V>,
  read: (server: Server, given: V) => Promise<D>,
  options: { touchedBy(event: FeedEvent, key: string): boolean; everySeconds?: number; gapMs?: number },
  known: (server: Server, given: V) => D | undefined = () => undefined,
): Record<string, Answer<D>> {
  const { server, feed } = useLiveContext();
  const [answers, setAnswers] = useState<Record<string, Answer<D>>>({});
  const readers = useRef(new Map<string, { given: string; reader: Refresher<D> }>());
  const latest = useRef(options);
  latest.current = options;

  useEffect(() => {
    const all = readers.current;
    return () => {
      for (const { reader } of all.values()) reader.stop();
      all.clear();
    };
  }, [server, read]);

  const wanted = JSON.stringify(keyed);
  useEffect(() => {
    const all = readers.current;
    const drop = (key: string) => {
      all.get(key)?.reader.stop();
      all.delete(key);
      setAnswers(({ [key]: _gone, ...rest }) => rest);
    };
    for (const key of all.keys()) if (!(key in keyed)) drop(key);
    for (const [key, given] of Object.entries(keyed)) {
      const text = JSON.stringify(given);
      if (all.get(key)?.given === text) continue;
      if (all.has(key)) drop(key);
      const show = (outcome: { data: D } | { error: Error }) =>
        setAnswers((before) => {
          const answer = merged(before[key], outcome, refresh);
          return answer === before[key] ? before : { ...before, [key]: answer };
        });
      const reader = new Refresher(() => read(server, given), show, browserClock, latest.current.gapMs);
      const refresh = () => reader.touch();
      all.set(key, { given: text, reader });
      const data = known(server, given);
      if (data !== undefined) show({ data });
      reader.touch();
    }
  }, [wanted, server, read, known]);

  useEffect(
    () =>
      feed.onBatch(({ events, isReset }) => {
        for (const [key, { reader }] of readers.current) {
          if (isReset || events.some((event) => latest.current.touchedBy(event, key))) reader.touch();
        }
      }),
    [feed],
  );

  const { everySeconds } = options;
  useEffect(() => {
    if (!everySeconds) return;
    const timer = setInterval(() => {
      if (!document.hidden) for (const { reader } of readers.current.values()) reader.touch();
    }, everySeconds * 1000);
    return () => clearInterval(timer);
  }, [everySeconds]);

  return answers;
}

function merged<D>(before: Answer<D> | undefined, outcome: { data: D } | { error: Error }, refresh: () => void): Answer<D> {
  if ("error" in outcome) return { data: before?.data, error: outcome.error as Refused, refresh };
  // The same answer keeps its identity, so that what is drawn from it is not drawn again.
  if (before?.data !== undefined && JSON.stringify(before.data) === JSON.stringify(outcome.data)) {
    return before.error ? { data: before.data, refresh } : before;
  }
  return { data: outcome.data, refresh };
}

/** Return `value`, or the one before if it says the same: for what is drawn from parts of answers. */
export function useSame<T>(value: T): T {
  const kept = useRef(value);
  if (kept.current !== value && JSON.stringify(kept.current) !== JSON.stringify(value)) kept.current = value;
  return kept.current;
}
