// One message and how it stands with each recipient; an admin may move it on for them.
import { useState } from "react";
import { useLiveContext, useMay } from "../live/context";
import { ActionMenu, MenuEntry, MenuGroup } from "../ui/ActionMenu";
import { Button } from "../ui/Button";
import { useConfirm } from "../ui/confirm";
import { Badge } from "../ui/Panel";
import { Time } from "../ui/Time";
import { tell, tellFailure } from "../ui/toasts";
import { type MessageStatus, MoveMessageDocument, WholeMessageDocument } from "./documents";
import { canBecome, type Message, type Stand, type Standing, standingsOf, summaryOf } from "./standing";

interface Props {
  message: Message;
  thread: readonly Message[];
  own: string;
  onMoved(): void;
}

const MOST_OPEN = 6;

export function OneMessage({ message, thread, own, onMoved }: Props) {
  const standings = standingsOf(message, thread);
  const to = message.isBroadcast ? `everyone (${message.recipientCount})` : message.to.join(", ");
  const rows = (
    <ul aria-label="How it stands">
      {standings.map((standing) => (
        <StandingRow key={standing.recipient} message={message} standing={standing} own={own} onMoved={onMoved} />
      ))}
    </ul>
  );
  return (
    <article className="messages-one" data-own={message.sender === own || undefined} aria-label={`${message.sender} to ${to}`}>
      <header>
        <strong>{message.sender}</strong>
        <span className="faint">to {to}</span>
        {message.priority === "URGENT" && <Badge tone="bad">urgent</Badge>}
        {message.priority === "LOW" && <Badge>low</Badge>}
        <Badge tone={message.category === "BLOCKER" ? "bad" : "plain"}>{message.category.toLowerCase()}</Badge>
        {message.requireHuman && <Badge tone="warn">asks for a person's word</Badge>}
        {message.fromProject !== message.project && <span className="faint">from {message.fromProject}</span>}
        <span className="faint messages-at">
          <Time at={message.createdAt} />
        </span>
      </header>
      <Body message={message} />
      {message.inResponseTo && <p className="faint">About {message.inResponseTo}</p>}
      {standings.length > 1 ? (
        <details className="messages-standings" open={standings.length <= MOST_OPEN}>
          <summary>{summaryOf(standings)}</summary>
          {rows}
        </details>
      ) : (
        <div className="messages-standings">{rows}</div>
      )}
    </article>
  );
}

function Body({ message }: { message: Message }) {
  const { server } = useLiveContext();
  const [whole, setWhole] = useState<string | null>(null);
  if (message.text === null) return <p className="faint">{message.note || "Its text is not for this key to read."}</p>;
  const open = async () => {
    try {
      setWhole((await server.query(WholeMessageDocument, { id: message.id })).message.text);
    } catch (error) {
      tellFailure(error);
    }
  };
  const isCut = message.note.startsWith("Cut");
  return (
    <>
      <p className="messages-text">{whole ?? message.text}</p>
      {isCut && whole === null && <Button onPress={() => void open()}>Show the whole message</Button>}
      {!isCut && message.note && <p className="faint">{message.note}</p>}
    </>
  );
}

const TONES: Record<Stand, "plain" | "good" | "busy" | "warn" | "bad"> = {
  waiting: "warn",
  read: "busy",
  acknowledged: "busy",
  answered: "good",
  done: "good",
  failed: "bad",
};
const STEPS: readonly { status: MessageStatus; verb: string; word: string }[] = [
  { status: "RECEIVED", verb: "Acknowledge", word: "acknowledged" },
  { status: "COMPLETED", verb: "Complete", word: "completed" },
  { status: "FAILED", verb: "Mark as failed", word: "failed" },
];

function StandingRow({ message, standing, own, onMoved }: { message: Message; standing: Standing; own: string; onMoved(): void }) {
  const { recipient, stand, status, at } = standing;
  const move = useMove(message, recipient, own, onMoved);
  const steps = STEPS.filter((step) => canBecome(status, step.status));
  return (
    <li>
      <span>{recipient === own ? `${recipient} (you)` : recipient}</span> <Badge tone={TONES[stand]}>{stand}</Badge>
      {at && (
        <span className="faint">
          <Time at={at} />
        </span>
      )}
      {move && steps.length > 0 && (
        <ActionMenu label={`Move on for ${recipient}`} face="Move on…" className="button quiet">
          <MenuGroup title={`For ${recipient}`}>
            {steps.map((step) => (
              <MenuEntry key={step.status} onPress={() => void move(step.status)}>
                {step.verb}
              </MenuEntry>
            ))}
          </MenuGroup>
        </ActionMenu>
      )}
    </li>
  );
}

/** Return what moves a delivery on: one's own at once, another's after one question; null where the key may not. */
function useMove(message: Message, recipient: string, own: string, onMoved: () => void): ((status: MessageStatus) => Promise<void>) | null {
  const { server } = useLiveContext();
  const confirm = useConfirm();
  const [mayOwn, mayAll] = [useMay("AGENT"), useMay("ADMIN")];
  if (recipient === own ? !mayOwn : !mayAll) return null;
  return async (status) => {
    const word = STEPS.find((step) => step.status === status)?.word ?? "";
    if (recipient !== own) {
      const text = <p>{recipient} did not say so itself, and will not be shown the message as new any more.</p>;
      if ((await confirm({ title: `Mark as ${word} for ${recipient}?`, text, action: `Mark as ${word}` })) === null) return;
    }
    try {
      const input = { project: message.project, messageId: message.id, status, ...(recipient === own ? {} : { recipient }) };
      const { updateMessageStatus } = await server.mutate(MoveMessageDocument, { input });
      tell(updateMessageStatus.isChanged ? `It is ${word} for ${recipient}.` : "It was so before.");
      onMoved();
    } catch (error) {
      tellFailure(error);
    }
  };
}
