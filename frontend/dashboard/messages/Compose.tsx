// A new message of the person in charge: to one agent, several, or all who are here.
import { Send } from "lucide-react";
import { type FormEvent, useState } from "react";
import { Checkbox, CheckboxGroup, Label, TextArea, TextField } from "react-aria-components";
import { useGo } from "../app/params";
import { type AgentName, useAgents } from "../live/agents";
import { useLiveContext } from "../live/context";
import { useDraft } from "../live/drafts";
import { Button } from "../ui/Button";
import { Choice, optionsOf } from "../ui/Choice";
import { useConfirm } from "../ui/confirm";
import { Badge, Panel } from "../ui/Panel";
import { Problem } from "../ui/Problem";
import { tell, tellFailure } from "../ui/toasts";
import { type MessageCategory, type MessagePriority, SendMessageDocument } from "./documents";
import { useOwnName } from "../live/own";
import { sendByKeys } from "./sendKeys";
import { CATEGORIES, PRIORITIES } from "./threads";

interface Props {
  projects: readonly string[];
  /** Who is chosen at first: a name, `*`, or "". */
  to: string;
  /** Its project; "": the first. */
  in: string;
  /** Return the address of the new thread's record. */
  addressOf(record: string): string;
}

const EVERYONE = "*";

export function Compose({ projects, to, in: itsProject, addressOf }: Props) {
  const { server } = useLiveContext();
  const own = useOwnName();
  const confirm = useConfirm();
  const go = useGo();
  const [picked, setProject] = useState(itsProject);
  const project = projects.includes(picked) ? picked : (projects[0] ?? "");
  const [chosen, setChosen] = useState<string[]>(to ? [to] : []);
  const [text, setText] = useDraft("message", "");
  const [category, setCategory] = useState<MessageCategory>("INFO");
  const [priority, setPriority] = useState<MessagePriority>("NORMAL");
  const [isSending, setSending] = useState(false);
  const { data, error, refresh } = useAgents(project);
  const agents = (data ?? []).filter((agent) => agent.name !== own);
  const here = agents.filter(isHere);
  const isToAll = chosen.includes(EVERYONE);
  const isComplete = project !== "" && chosen.length > 0 && text.trim() !== "" && !isSending;

  const submit = async (event: FormEvent) => {
    event.preventDefault();
    if (!isComplete) return;
    const names = here.map((agent) => agent.name).join(", ");
    const question = { title: `Send to everyone in ${project}?`, text: <p>All {here.length} agents who are here are told in their next result: {names || "nobody now"}.</p>, action: "Send to everyone" };
    if (isToAll && (await confirm(question)) === null) return;
    setSending(true);
    try {
      const { sendMessage } = await server.mutate(SendMessageDocument, { input: { project, to: isToAll ? [EVERYONE] : chosen, message: text.trim(), category, priority } });
      tell(sendMessage.note || `Sent to ${sendMessage.recipientCount === 1 ? "1 agent" : `${sendMessage.recipientCount} agents`}.`);
      setText((now) => (now === text ? "" : now));
      go(addressOf(`${sendMessage.project}/${sendMessage.threadId}`));
    } catch (failure) {
      tellFailure(failure);
      setSending(false);
    }
  };
  return (
    <Panel title="Write to agents" className="messages-compose">
      <form onKeyDownCapture={sendByKeys} onSubmit={(event) => void submit(event)}>
        {projects.length > 1 && (
          <Choice
            label="Project"
            value={project}
            options={optionsOf(projects)}
            onChoose={(value) => {
              setProject(value);
              setChosen([]);
            }}
          />
        )}
        {error && <Problem error={error} what="The list of agents" onRetry={refresh} />}
        <CheckboxGroup value={chosen} onChange={(names) => setChosen(withoutBoth(names, chosen))}>
          <Label className="field-label">To</Label>
          <div className="messages-people">
            <Person value={EVERYONE}>
              <strong>Everyone who is here in {project}</strong> <span className="faint">{here.length}</span>
            </Person>
            {[...here, ...agents.filter((agent) => !isHere(agent))].map((agent) => (
              <Person key={agent.name} value={agent.name}>
                {agent.name} {isHere(agent) ? <Badge tone="good">here</Badge> : <span className="faint">away</span>}
              </Person>
            ))}
            {data && agents.length === 0 && <p className="faint">No agent has come to this project yet.</p>}
          </div>
        </CheckboxGroup>
        <TextField value={text} onChange={(said) => setText(() => said)} isRequired>
          <Label>Message</Label>
          <TextArea rows={6} />
        </TextField>
        <div className="messages-send">
          <Choice label="Category" value={category} options={optionsOf(CATEGORIES)} onChoose={(value) => setCategory(value)} />
          <Choice label="Priority" value={priority} options={optionsOf(PRIORITIES)} onChoose={(value) => setPriority(value)} />
          <Button kind="primary" type="submit" isDisabled={!isComplete}>
            <Send size={16} aria-hidden /> {isToAll ? `Send to everyone in ${project}…` : "Send"}
          </Button>
        </div>
        <p className="faint">You write as {own}. Agents answer to that name, and each is told of your message in its next result. Ctrl+Enter sends.</p>
      </form>
    </Panel>
  );
}

function isHere(agent: AgentName): boolean {
  return agent.sessions.length > 0;
}

/** Everyone, or some: the later choice counts. */
function withoutBoth(names: string[], before: readonly string[]): string[] {
  if (!names.includes(EVERYONE)) return names;
  return before.includes(EVERYONE) ? names.filter((name) => name !== EVERYONE || names.length === 1) : [EVERYONE];
}

function Person({ value, children }: { value: string; children: React.ReactNode }) {
  return (
    <Checkbox value={value} className="messages-person">
      <span className="messages-box" aria-hidden />
      <span>{children}</span>
    </Checkbox>
  );
}
