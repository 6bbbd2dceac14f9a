// Admin: the server's health, sessions, keys, projects, the audit log and databases, each with an address of its own.
import "../ui/parts.css";
import "./admin.css";
import type { ComponentType } from "react";
import { ViewLink } from "../app/links";
import type { ViewProps } from "../app/views";
import { useMay } from "../live/context";
import { Empty } from "../ui/Empty";
import { Audit } from "./Audit";
import { Databases } from "./Databases";
import { Health } from "./Health";
import { Keys } from "./Keys";
import { Projects } from "./Projects";
import { Sessions } from "./Sessions";

const PARTS: readonly { record: string; title: string; Part: ComponentType<{ record: string }>; needsOwner?: boolean }[] = [
  { record: "", title: "Health", Part: Health },
  { record: "sessions", title: "Sessions", Part: Sessions },
  { record: "keys", title: "Keys", Part: Keys, needsOwner: true },
  { record: "projects", title: "Projects", Part: Projects },
  { record: "audit", title: "Audit log", Part: Audit },
  { record: "databases", title: "Databases", Part: Databases },
];

export default function AdminView({ record }: ViewProps) {
  const isOwner = useMay("OWNER");
  const parts = PARTS.filter(({ needsOwner }) => isOwner || !needsOwner);
  const [first = "", ...rest] = record.split("/");
  const here = parts.find((part) => part.record === first);
  return (
    <div className="admin">
      <div className="view-head">
        <h1>Admin</h1>
        <nav className="tabs" aria-label="Parts of Admin">
          {parts.map((part) => (
            <ViewLink key={part.record} view="admin" record={part.record} isHere={part === here}>
              {part.title}
            </ViewLink>
          ))}
        </nav>
      </div>
      {here ? (
        <here.Part record={rest.join("/")} />
      ) : (
        <Empty title="There is no such part">
          <p>Choose one above. Keys are managed by a key of role owner.</p>
        </Empty>
      )}
    </div>
  );
}
