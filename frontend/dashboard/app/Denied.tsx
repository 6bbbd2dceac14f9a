// Stands in the place of a view whose project the key does not see: why, and what to do.
import { useLiveContext } from "../live/context";
import { Button } from "../ui/Button";
import { Empty } from "../ui/Empty";
import { useLocation } from "wouter";
import { ViewLink } from "./links";

/** Tell whether a key that includes these projects (null: all) does not see the chosen one. */
export function isDenied(included: readonly string[] | null, chosen: string | null): boolean {
  return included !== null && chosen !== null && !included.includes(chosen);
}

const MOST_OFFERED = 20;

export function Denied({ onLeave }: { onLeave(): void }) {
  const { who, chosen, projects } = useLiveContext();
  const view = useLocation()[0].split("/")[1] || "now";
  const names = projects.map((project) => project.name).slice(0, MOST_OFFERED);
  return (
    <div className="panel denied">
      <Empty title={`The project “${chosen}” is not for this key`}>
        <p>
          You are signed in with the key <strong>{who.keyName}</strong>, which does not include it; that is why nothing of it is shown here and the
          state above says “Refused”. An owner can make a key that does, with <code>interlock keys create --project {chosen}</code>.
        </p>
        {names.length > 0 && <p>What this key does include:</p>}
        <ul>
          {names.map((name) => (
            <li key={name}>
              <ViewLink view={view} project={name}>
                {name}
              </ViewLink>
            </li>
          ))}
          <li>
            <ViewLink view={view} project={null}>
              All of its projects
            </ViewLink>
          </li>
        </ul>
        <Button onPress={onLeave}>Sign in with another key</Button>
      </Empty>
    </div>
  );
}
