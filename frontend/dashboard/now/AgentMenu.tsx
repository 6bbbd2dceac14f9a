// What can be done with an agent: write to it, and end a session of it that is lost.
import { Ellipsis } from "lucide-react";
import { useLayoutEffect, useRef } from "react";
import { useLocation } from "wouter";
import { useAddress } from "../app/params";
import { useMay } from "../live/context";
import { ActionMenu, MenuEntry, MenuGroup } from "../ui/ActionMenu";
import { useEndSession } from "../ui/useEndSession";
import type { Person } from "./people";

export function AgentMenu({ person }: { person: Person }) {
  const { name, project, sessions, held, seenAt } = person;
  const [, navigate] = useLocation();
  const compose = useAddress("messages");
  const mayWrite = useMay("AGENT");
  const mayEnd = useMay("ADMIN");
  const end = useEndSession();
  const place = useRef<HTMLSpanElement>(null);

  useLayoutEffect(() => {
    const here = place.current;
    return () => {
      // The row goes, as after its agent's last session: the focus stays in the view.
      if (here?.contains(document.activeElement)) document.getElementById("view")?.focus({ preventScroll: true });
    };
  }, []);

  if (!mayWrite) return null;
  // Whose locks are whose is not known where there are several sessions.
  const locks = sessions.length === 1 ? held.map((path) => ({ path })) : [];
  return (
    <span ref={place} className="now-menu">
      <ActionMenu label={`What to do with ${name}`} face={<Ellipsis size={16} aria-hidden />}>
        <MenuGroup title={name}>
          <MenuEntry onPress={() => navigate(compose("new", { to: name, in: project, only: null }))}>Write to {name}…</MenuEntry>
          {mayEnd &&
            sessions.map(({ id, task, createdAt }) => (
              <MenuEntry key={id} onPress={() => void end({ id, agent: name, project, createdAt, activeAt: seenAt ?? createdAt, locks })}>
                End the session{sessions.length > 1 && ` “${task}”`}…
              </MenuEntry>
            ))}
        </MenuGroup>
      </ActionMenu>
    </span>
  );
}
