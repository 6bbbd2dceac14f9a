// Projects and their agents: registered, named, given a tier, taken out.
import { Plus } from "lucide-react";
import { type FormEvent, useState } from "react";
import { Input, Label, TextField } from "react-aria-components";
import { useSearch } from "../app/address";
import { addressOf, ViewLink } from "../app/links";
import type { Server } from "../live/ask";
import { useLiveContext, useShownProjects } from "../live/context";
import { about } from "../live/events";
import { readPages } from "../live/pages";
import { useLiveEach } from "../live/useLive";
import { Button } from "../ui/Button";
import { useConfirm } from "../ui/confirm";
import { Empty, Missing } from "../ui/Empty";
import { Badge, Panel } from "../ui/Panel";
import { Problem } from "../ui/Problem";
import { Time } from "../ui/Time";
import { tell, tellFailure } from "../ui/toasts";
import { useFocusBack } from "../ui/useFocusBack";
import type { ProjectRow } from "../live/context";
import { CreateProjectDocument, DeleteProjectDocument, ProjectAgentsDocument, type ProjectAgentsQuery, RemoveProjectAgentDocument, UpdateProjectAgentDocument } from "./documents";
import { Table } from "./Table";

type Agent = ProjectAgentsQuery["agents"]["nodes"][number];

/** The registry keeps it always, as admin. */
const COORDINATOR = "coordinator";

export function Projects({ record }: { record: string }) {
  const shown = useShownProjects();
  const search = useSearch();
  const isKnown = useLiveContext().projects.some(({ name }) => name === record);
  const [isNew, setNew] = useState(false);
  const openerOf = useFocusBack(isNew ? "new" : null);
  return (
    <div className="admin">
      <Panel
        title="Projects"
        count={shown.length}
        actions={
          !isNew && (
            <Button id={openerOf("new")} onPress={() => setNew(true)}>
              <Plus size={16} aria-hidden /> Register a project
            </Button>
          )
        }
      >
        {isNew && <NewProject onDone={() => setNew(false)} />}
        {shown.length === 0 ? (
          <Empty title="There is no project yet">
            <p>A project appears when an agent starts a session in it, or is registered here before.</p>
          </Empty>
        ) : (
          <Table label="Projects" head={["Project", "Registered", "Sessions", "Locks", ""]}>
            {shown.map((project) => (
              <Row key={project.name} project={project} isOpen={project.name === record} />
            ))}
          </Table>
        )}
      </Panel>
      {record && shown.some(({ name }) => name === record) && <Agents key={record} project={record} />}
      {record && !isKnown && (
        <div className="panel">
          <Missing what="project" to={addressOf("admin", "projects", search)} all="See all projects" />
        </div>
      )}
    </div>
  );
}

function Row({ project, isOpen }: { project: ProjectRow; isOpen: boolean }) {
  const { server } = useLiveContext();
  const confirm = useConfirm();
  const { name, displayName, isRegistered, activeSessions, locks } = project;
  const remove = async () => {
    const reason = await confirm({
      title: `Take ${name} out of the registry?`,
      text: <p>Its agents of tier admin become named ones. Its data stays, and it goes on being listed while agents are known in it.</p>,
      action: "Take it out",
      isDangerous: true,
      reasonLabel: "Reason",
    });
    if (reason === null) return;
    await told(server.mutate(DeleteProjectDocument, { input: { name, reason } }), `${name} is not registered any more.`);
  };
  return (
    <tr data-open={isOpen || undefined}>
      <th scope="row">
        <ViewLink view="admin" record={isOpen ? "projects" : `projects/${name}`}>
          {displayName || name}
        </ViewLink>{" "}
        {displayName && displayName !== name && <span className="faint">{name}</span>}
      </th>
      <td data-label="Registered">{isRegistered ? "yes" : <span className="faint">only in use</span>}</td>
      <td data-label="Sessions">{activeSessions}</td>
      <td data-label="Locks">{locks}</td>
      <td className="admin-acts">
        {isRegistered ? (
          <Button onPress={() => void remove()}>
            Take out<span className="sr-only"> {name}</span>
          </Button>
        ) : (
          <Button onPress={() => void told(server.mutate(CreateProjectDocument, { input: { name } }), `${name} is registered.`)}>
            Register<span className="sr-only"> {name}</span>
          </Button>
        )}
      </td>
    </tr>
  );
}

function NewProject({ onDone }: { onDone(): void }) {
  const { server } = useLiveContext();
  const [name, setName] = useState("");
  const [displayName, setDisplayName] = useState("");
  const create = async (event: FormEvent) => {
    event.preventDefault();
    const input = { name: name.trim(), displayName: displayName.trim() || null };
    if (await told(server.mutate(CreateProjectDocument, { input }), `${input.name} is registered.`)) onDone();
  };
  return (
    <form className="admin-form" onKeyDown={(event) => event.key === "Escape" && onDone()} onSubmit={(event) => void create(event)} aria-label="New project">
      <div className="admin-fields">
        <TextField value={name} onChange={setName} isRequired autoFocus>
          <Label>Name</Label>
          <Input maxLength={100} />
        </TextField>
        <TextField value={displayName} onChange={setDisplayName}>
          <Label>Shown as; empty: its name</Label>
          <Input maxLength={100} />
        </TextField>
      </div>
      <div className="actions">
        <Button onPress={onDone}>Cancel</Button>
        <Button kind="primary" type="submit" isDisabled={!name.trim()}>
          Register
        </Button>
      </div>
    </form>
  );
}

const TOUCHING = about(["agent", "session", "project"]);
const TIERS = { ADMIN: "admin", NAMED: "named", PENDING: "pending: not named yet", WORKER: "worker" } as const;

const MOST_AGENTS = 1_000;

const readAgents = (server: Server, project: string) => readPages(async (after) => (await server.query(ProjectAgentsDocument, { project, after })).agents, MOST_AGENTS);

function Agents({ project }: { project: string }) {
  const answer = useLiveEach({ [project]: project }, readAgents, { touchedBy: (event) => event.project === project && TOUCHING(event), everySeconds: 60 })[project];
  const { data, error } = answer ?? {};
  const refresh = () => answer?.refresh();
  const { projects } = useLiveContext();
  const isRegistered = projects.some((one) => one.name === project && one.isRegistered);
  const agents = data?.nodes ?? [];
  return (
    <Panel title={`Agents of ${project}`} count={data ? agents.length : undefined}>
      {error && <Problem error={error} what="The agents" onRetry={refresh} />}
      {!isRegistered && <p className="admin-note faint">Register the project to name its agents and to give them tiers.</p>}
      {data && agents.length === 0 && (
        <Empty title="No agent is known here">
          <p>Agents become known when they start a session.</p>
        </Empty>
      )}
      {agents.length > 0 && (
        <Table label={`Agents of ${project}`} head={["Agent", "Tier", "Role", "Paths", "Last seen", "Sessions", ""]}>
          {agents.map((agent) => (
            <AgentRow key={agent.name} agent={agent} isRegistered={isRegistered} refresh={refresh} />
          ))}
        </Table>
      )}
      {data?.hasMore && <p className="faint admin-note">Only the first {MOST_AGENTS.toLocaleString()} are listed.</p>}
    </Panel>
  );
}

function AgentRow({ agent, isRegistered, refresh }: { agent: Agent; isRegistered: boolean; refresh(): void }) {
  const { server } = useLiveContext();
  const confirm = useConfirm();
  const { name, project, tier } = agent;
  const mayChange = isRegistered && name !== COORDINATOR && tier !== "WORKER";
  const choose = async (chosen: "ADMIN" | "NAMED") => {
    await told(server.mutate(UpdateProjectAgentDocument, { input: { name: project, agent: name, tier: chosen } }), `${name} is ${TIERS[chosen]} now.`);
    refresh();
  };
  const remove = async () => {
    const reason = await confirm({
      title: `Remove ${name} from ${project}?`,
      text: <p>Its name is free again for whoever starts a session with it first.</p>,
      action: "Remove",
      isDangerous: true,
      reasonLabel: "Reason",
    });
    if (reason === null) return;
    await told(server.mutate(RemoveProjectAgentDocument, { input: { name: project, agent: name, reason } }), `${name} is removed.`);
    refresh();
  };
  return (
    <tr>
      <th scope="row">{name}</th>
      <td data-label="Tier">
        {mayChange ? (
          <select aria-label={`Tier of ${name}`} value={tier} onChange={(event) => void choose(event.target.value as "ADMIN" | "NAMED")}>
            {tier === "PENDING" && <option value="PENDING">{TIERS.PENDING}</option>}
            <option value="NAMED">named</option>
            <option value="ADMIN">admin</option>
          </select>
        ) : (
          <Badge tone={tier === "PENDING" ? "warn" : "plain"}>{tier.toLowerCase()}</Badge>
        )}
      </td>
      <td data-label="Role">{agent.roleDescription}</td>
      <td data-label="Paths" className="mono">
        {agent.pathPatterns.join(", ")}
      </td>
      <td data-label="Last seen">{agent.lastSeenAt ? <Time at={agent.lastSeenAt} /> : <span className="faint">never</span>}</td>
      <td data-label="Sessions">{agent.sessionCount}</td>
      <td className="admin-acts">
        {mayChange && (
          <Button onPress={() => void remove()}>
            Remove<span className="sr-only"> {name}</span>
          </Button>
        )}
      </td>
    </tr>
  );
}

/** Tell how it went; true: well. */
async function told(work: Promise<unknown>, news: string): Promise<boolean> {
  try {
    await work;
    tell(news);
    return true;
  } catch (error) {
    tellFailure(error);
    return false;
  }
}
