// Who the person is to the agents.
import { useLiveContext } from "./context";

/** Return the name by which agents know the person: `user-` and the key's name. */
export function useOwnName(): string {
  const { who } = useLiveContext();
  return `user-${who.keyName || "local"}`;
}
