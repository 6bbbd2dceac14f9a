// How many threads wait for the person: beside Messages in the navigation, told to screen readers as it grows.
import { useMemo } from "react";
import type { Server } from "../live/ask";
import { useShownProjects } from "../live/context";
import type { FeedEvent } from "../live/events";
import { useOwnName } from "../live/own";
import { type Answer, useLiveEach } from "../live/useLive";
import { AwaitsYouDocument } from "./documents";
import { mayChange } from "./awaited";

const MOST_PROJECTS = 30;
/** As many as are read of a project: those that wait for the person come first. */
const MOST_COUNTED = 50;

const read = async (server: Server, project: string) => (await server.query(AwaitsYouDocument, { project })).threads.nodes.filter((thread) => thread.awaitsYou).length;

export function ToYou() {
  const own = useOwnName();
  const names = useShownProjects().slice(0, MOST_PROJECTS).map((project) => project.name);
  const keyed = useMemo(() => Object.fromEntries(names.map((name) => [name, name])), [names.join()]);
  const touchedBy = (event: FeedEvent, project: string): boolean => event.project === project && mayChange(answers[project]?.data ?? 0, event, own);
  const answers: Record<string, Answer<number>> = useLiveEach(keyed, read, { touchedBy, gapMs: 800, everySeconds: 60 });
  const counts = names.map((name) => answers[name]?.data ?? 0);
  const count = counts.reduce((sum, one) => sum + one, 0);
  const number = counts.includes(MOST_COUNTED) ? `${count}+` : `${count}`;
  const said = count > 0 ? `${count === 1 ? "1 thread waits" : `${number} threads wait`} for you` : "";
  return (
    <>
      {count > 0 && (
        <span className="to-you" aria-hidden title={`${said}, ${own}`}>
          {number}
        </span>
      )}
      <span className="sr-only" aria-live="polite">
        {said}
      </span>
    </>
  );
}
