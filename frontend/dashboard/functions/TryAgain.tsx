// An enrichment that failed, tried again: of one function, or of all that were given up.
import { RotateCcw } from "lucide-react";
import { useState } from "react";
import { useLiveContext, useMay } from "../live/context";
import { Button } from "../ui/Button";
import { useConfirm } from "../ui/confirm";
import { tell, tellFailure } from "../ui/toasts";
import { RequeueFunctionsDocument } from "./documents";
import type { Registered } from "./entries";
import { requeueAll } from "./read";

type Failed = Pick<Registered, "id" | "name" | "project" | "queue" | "attempts">;

export function TryAgain({ one: { id, name, project, queue, attempts } }: { one: Failed }) {
  const { server } = useLiveContext();
  const [isBusy, setBusy] = useState(false);
  const hasFailed = queue === "FAILED" || (queue === "PENDING" && attempts > 0);
  if (!useMay("AGENT") || !hasFailed) return null;
  const again = async () => {
    setBusy(true);
    try {
      const { requeueFunctions } = await server.mutate(RequeueFunctionsDocument, { input: { ids: [id], project } });
      tell(requeueFunctions.requeued === 1 ? `${name} waits for a librarian again.` : `${name} was taken up meanwhile.`);
    } catch (error) {
      tellFailure(error);
    }
    setBusy(false);
  };
  return (
    <Button onPress={() => void again()} isDisabled={isBusy}>
      <RotateCcw size={16} aria-hidden /> Try again
    </Button>
  );
}

export function TryAllAgain({ count, projects }: { count: number; projects: readonly string[] }) {
  const { server } = useLiveContext();
  const confirm = useConfirm();
  const [isBusy, setBusy] = useState(false);
  if (!useMay("AGENT")) return null;
  const again = async () => {
    const text = `All that were given up in ${projects.join(", ")} wait for a librarian again, with every attempt before them: ${count.toLocaleString()} now.`;
    if ((await confirm({ title: "Try all again?", text, action: "Try again" })) === null) return;
    setBusy(true);
    try {
      const { requeued, left } = await requeueAll(server, projects);
      tell(`${requeued.toLocaleString()} wait for a librarian again${left > 0 ? `, ${left.toLocaleString()} are still given up` : ""}.`);
    } catch (error) {
      tellFailure(error);
    }
    setBusy(false);
  };
  return (
    <Button onPress={() => void again()} isDisabled={isBusy}>
      <RotateCcw size={16} aria-hidden /> Try all again
    </Button>
  );
}
