// How live the page is, in a word, a colour and a longer text.
import { useFeedState } from "../live/context";
import type { FeedState } from "../live/feed";

const SAYS: Record<FeedState, [short: string, long: string]> = {
  connecting: ["Connecting", "Connecting to the server"],
  "catching up": ["Catching up", "Connected again; what happened meanwhile is coming in"],
  live: ["Live", "What you see is as it is now"],
  offline: ["Offline", "The server cannot be reached; what you see may be out of date. Trying again"],
  refused: ["Refused", "The server does not let this key follow what happens here"],
};

export function LiveState() {
  const state = useFeedState();
  const [short, long] = SAYS[state];
  return (
    // The word is always there to be heard; the narrowest windows show it only where all is not well.
    <output className="live-state" data-state={state} aria-live="polite" title={long}>
      <span>{short}</span>
    </output>
  );
}
