// All documents of a tag at once: put aside, or brought back.
import { Archive, ArchiveRestore } from "lucide-react";
import { useLiveContext, useMay } from "../live/context";
import { Button } from "../ui/Button";
import { useConfirm } from "../ui/confirm";
import { tell, tellFailure } from "../ui/toasts";
import { ArchiveByTagDocument, RestoreByTagDocument } from "./documents";

export function TagActions({ tag }: { tag: string }) {
  const { server, chosen } = useLiveContext();
  const confirm = useConfirm();
  if (!useMay("AGENT")) return null;
  const project = chosen ?? "all";
  const where = chosen === null ? "all projects" : `the project ${chosen}`;

  const archive = async () => {
    const text = `All documents of ${where} with the tag ${tag} are put aside: agents no longer find them. “Restore” brings each back as it was.`;
    const reason = await confirm({ title: `Archive everything tagged ${tag}?`, text, action: "Archive all", isDangerous: true, reasonLabel: "Reason" });
    if (reason === null) return;
    try {
      const { archiveDocumentsByTag } = await server.mutate(ArchiveByTagDocument, { input: { tag, project, reason } });
      tell(`${counted(archiveDocumentsByTag.count)} archived.`);
    } catch (error) {
      tellFailure(error);
    }
  };
  const restore = async () => {
    const text = `All archived documents of ${where} with the tag ${tag} get the status back that they had.`;
    if ((await confirm({ title: `Restore everything tagged ${tag}?`, text, action: "Restore all" })) === null) return;
    try {
      const { restoreDocumentsByTag } = await server.mutate(RestoreByTagDocument, { input: { tag, project } });
      tell(`${counted(restoreDocumentsByTag.count)} restored.`);
    } catch (error) {
      tellFailure(error);
    }
  };
  return (
    <div className="knowledge-tagged">
      <span>
        All tagged <strong>#{tag}</strong>
      </span>
      <Button onPress={() => void archive()}>
        <Archive size={16} aria-hidden /> Archive all
      </Button>
      <Button onPress={() => void restore()}>
        <ArchiveRestore size={16} aria-hidden /> Restore all
      </Button>
    </div>
  );
}

function counted(count: number): string {
  return count === 1 ? "1 document is" : `${count} documents are`;
}
