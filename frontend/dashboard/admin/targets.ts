// Where what an act was done to is seen; null where there is no such place, or where it is gone by the act.
import { addressWith } from "../app/params";

interface Audited {
  act: string;
  project: string;
  target: string;
}

/** Views by what ids of their records begin with. */
const BY_ID: Record<string, string> = { doc: "knowledge", bkl: "backlog", fn: "functions", ses: "history" };
const GONE = new Set(["guideline.deleted", "checklist.deleted", "function.removed", "project.deleted", "agent.removed"]);

/** Return the address of an act's target; `search` is what the page's own says behind its question mark. */
export function addressOfTarget({ act, project, target }: Audited, search: string): string | null {
  if (GONE.has(act)) return null;
  const kept = new URLSearchParams(search).get("project");
  const at = (view: string, record: string, more: Record<string, string> = {}) => addressWith(view, record, "", { project: kept, ...more });
  const [id] = target.match(/^[a-z]+(?=_\w+$)/) ?? [];
  if (id !== undefined && BY_ID[id]) return at(BY_ID[id], target);
  const [area = "", verb = ""] = act.split(".");
  switch (area) {
    case "document":
      return verb === "archived" || verb === "restored" ? at("knowledge", "", { tag: target, status: "any" }) : null;
    case "guideline":
      return at("guidelines", `${project || "global"}/${target}`);
    case "checklist":
      return at("checklists", `${project}/${target}`);
    case "lock": {
      const [, agent] = target.match(/ \(([^()]+)\)$/) ?? [];
      return agent ? at("now", `${project}/${agent}`) : null;
    }
    case "agent":
      return project && target ? at("now", `${project}/${target.split(": ")[0]}`) : null;
    case "project":
      return target ? at("admin", `projects/${target}`) : null;
    case "key":
      return at("admin", "keys");
    default:
      return null;
  }
}
