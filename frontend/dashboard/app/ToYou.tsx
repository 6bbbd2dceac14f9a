// How many messages to the person wait to be read: beside Messages in the navigation, told to screen readers as it grows.
import { useLiveContext, useShownProjects } from "../live/context";
import { about } from "../live/events";
import { useLive } from "../live/useLive";
import { ToYouDocument } from "./documents";

/** As many as the server counts in one answer. */
const MOST_PROJECTS = 20;
const TOUCHING = about(["message"]);

export function ToYou() {
  const { who } = useLiveContext();
  const projects = useShownProjects().slice(0, MOST_PROJECTS).map((project) => project.name);
  const { data } = useLive(ToYouDocument, projects.length > 0 ? { projects } : null, { touchedBy: TOUCHING, gapMs: 800 });
  const count = data?.overview.reduce((sum, project) => sum + project.messagesToYou, 0) ?? 0;
  const said = count > 0 ? `${count === 1 ? "1 message waits" : `${count} messages wait`} for you` : "";
  return (
    <>
      {count > 0 && (
        <span className="to-you" aria-hidden title={`${said}, user-${who.keyName || "local"}`}>
          {count}
        </span>
      )}
      <span className="sr-only" aria-live="polite">
        {said}
      </span>
    </>
  );
}
