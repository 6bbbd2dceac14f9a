// How many messages to the person wait to be read: beside Messages in the navigation, told to screen readers as it grows.
import { useShownProjects } from "../live/context";
import type { FeedEvent } from "../live/events";
import { useOwnName } from "../live/own";
import { useLive } from "../live/useLive";
import { ToYouDocument } from "./documents";

/** As many as the server counts in one answer. */
const MOST_PROJECTS = 20;

export function ToYou() {
  const own = useOwnName();
  const projects = useShownProjects().slice(0, MOST_PROJECTS).map((project) => project.name);
  const { data } = useLive(ToYouDocument, projects.length > 0 ? { projects } : null, { touchedBy: (event) => isFor(event, own), gapMs: 800 });
  const count = data?.overview.reduce((sum, project) => sum + project.messagesToYou, 0) ?? 0;
  const said = count > 0 ? `${count === 1 ? "1 message waits" : `${count} messages wait`} for you` : "";
  return (
    <>
      {count > 0 && (
        <span className="to-you" aria-hidden title={`${said}, ${own}`}>
          {count}
        </span>
      )}
      <span className="sr-only" aria-live="polite">
        {said}
      </span>
    </>
  );
}

/** Tell whether an event is of a message to the person: those between agents, most by far, change nothing here. */
function isFor(event: FeedEvent, own: string): boolean {
  return event.__typename === "MessageEvent" && (event.recipient === own || (event.to ?? []).includes(own));
}
