// All documents of a tag at once: put aside, or brought back.
import { Archive, ArchiveRestore } from "lucide-react";
import { useLiveContext, useMay } from "../live/context";
import { Button } from "../ui/Button";
import { useConfirm } from "../ui/confirm";
import { tell, tellFailure } from "../ui/toasts";
import { ArchiveByTagDocument, RestoreByTagDocument } from "./documents";
import type { Listed } from "./read";
import { counted, useTagged } from "./tags";

/** So many are named in the question. */
const NAMED = 5;

export function TagActions({ tag }: { tag: string }) {
  const { server, chosen } = useLiveContext();
  const confirm = useConfirm();
  const tagged = useTagged(tag);
  if (!useMay("AGENT")) return null;
  const project = chosen ?? "all";
  const where = chosen === null ? "all projects" : `the project ${chosen}`;
  const { archived = [], others = [], isCut = false } = tagged ?? {};

  const archive = async () => {
    const text = (
      <>
        <p>
          <strong>{counted(others.length, isCut)}</strong> of {where} with the tag {tag} {others.length === 1 && !isCut ? "is" : "are"} put aside: agents no longer find{" "}
          {others.length === 1 && !isCut ? "it" : "them"}. “Restore” brings each back as it was.
        </p>
        <Named documents={others} isCut={isCut} />
      </>
    );
    const reason = await confirm({ title: `Archive everything tagged ${tag}?`, text, action: "Archive all", isDangerous: true, reasonLabel: "Reason" });
    if (reason === null) return;
    try {
      const { archiveDocumentsByTag } = await server.mutate(ArchiveByTagDocument, { input: { tag, project, reason } });
      tell(`${told(archiveDocumentsByTag.count)} archived.`);
    } catch (error) {
      tellFailure(error);
    }
  };
  const restore = async () => {
    const text = (
      <>
        <p>
          Of {where}, <strong>{counted(archived.length, isCut)}</strong> with the tag {tag} {archived.length === 1 && !isCut ? "is" : "are"} archived. What was archived by its tag
          gets the status back that it had.
        </p>
        <Named documents={archived} isCut={isCut} />
      </>
    );
    if ((await confirm({ title: `Restore everything tagged ${tag}?`, text, action: "Restore all" })) === null) return;
    try {
      const { restoreDocumentsByTag } = await server.mutate(RestoreByTagDocument, { input: { tag, project } });
      tell(`${told(restoreDocumentsByTag.count)} restored.`);
    } catch (error) {
      tellFailure(error);
    }
  };
  return (
    <div className="knowledge-tagged">
      <span>
        All tagged <strong>#{tag}</strong>: <span className="faint">{tagged ? standing(others.length, archived.length, isCut) : "…"}</span>
      </span>
      <Button isDisabled={others.length === 0 && !isCut} onPress={() => void archive()}>
        <Archive size={16} aria-hidden /> Archive all
      </Button>
      <Button isDisabled={archived.length === 0 && !isCut} onPress={() => void restore()}>
        <ArchiveRestore size={16} aria-hidden /> Restore all
      </Button>
    </div>
  );
}

function Named({ documents, isCut }: { documents: readonly Listed[]; isCut: boolean }) {
  if (documents.length === 0) return null;
  const rest = documents.length - NAMED;
  return (
    <ul className="knowledge-named">
      {documents.slice(0, NAMED).map(({ id, title }) => (
        <li key={id}>{title}</li>
      ))}
      {rest > 0 && (
        <li className="faint">
          and {rest.toLocaleString()}
          {isCut && " or more"} others
        </li>
      )}
    </ul>
  );
}

function standing(others: number, archived: number, isCut: boolean): string {
  if (others + archived === 0 && !isCut) return "no document here";
  return `${counted(others, isCut)}${archived > 0 ? `, ${archived.toLocaleString()} archived besides` : ""}`;
}

function told(count: number): string {
  return count === 1 ? "1 document is" : `${count} documents are`;
}
