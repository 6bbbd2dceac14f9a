// The person's answer under a thread.
import { Send } from "lucide-react";
import { type FormEvent, useState } from "react";
import { Label, TextArea, TextField } from "react-aria-components";
import { useLiveContext } from "../live/context";
import { useDraft } from "../live/drafts";
import { Button } from "../ui/Button";
import { Choice, optionsOf } from "../ui/Choice";
import { tell, tellFailure } from "../ui/toasts";
import { type MessageCategory, type MessagePriority, SendMessageDocument } from "./documents";
import { sendByKeys } from "./sendKeys";
import { answeredTo, type Message } from "./standing";
import { CATEGORIES, PRIORITIES } from "./threads";

interface Props {
  project: string;
  /** The message answered: the thread's last. */
  to: Message;
  own: string;
  onSent(): void;
}

export function Reply({ project, to, own, onSent }: Props) {
  const { server } = useLiveContext();
  const [text, setText] = useDraft(`answer/${to.threadId}`, "");
  const [category, setCategory] = useState<MessageCategory>("INFO");
  const [priority, setPriority] = useState<MessagePriority>("NORMAL");
  const [isSending, setSending] = useState(false);
  const recipients = answeredTo(to, own);
  const isComplete = text.trim() !== "" && recipients.length > 0 && !isSending;
  const submit = async (event: FormEvent) => {
    event.preventDefault();
    if (!isComplete) return;
    setSending(true);
    try {
      const { sendMessage } = await server.mutate(SendMessageDocument, { input: { project, to: recipients, message: text.trim(), replyTo: to.id, category, priority } });
      tell(sendMessage.note || `Sent to ${recipients.join(", ")}.`);
      setText((now) => (now === text ? "" : now));
      onSent();
    } catch (error) {
      tellFailure(error);
    } finally {
      setSending(false);
    }
  };
  return (
    <form className="messages-reply" onKeyDownCapture={sendByKeys} onSubmit={(event) => void submit(event)}>
      <TextField value={text} onChange={(said) => setText(() => said)}>
        <Label>
          Answer <span className="faint">{recipients.join(", ")}</span>
        </Label>
        <TextArea rows={3} />
      </TextField>
      <div className="messages-send">
        <Choice label="Category" isLabelHidden value={category} options={optionsOf(CATEGORIES)} onChoose={(value) => setCategory(value)} />
        <Choice label="Priority" isLabelHidden value={priority} options={optionsOf(PRIORITIES)} onChoose={(value) => setPriority(value)} />
        <Button kind="primary" type="submit" isDisabled={!isComplete} aria-keyshortcuts="Control+Enter Meta+Enter">
          <Send size={16} aria-hidden /> Send the answer
        </Button>
      </div>
    </form>
  );
}
