// The form of a new key: what it is called, what it may do, and where.
import { type FormEvent, useState } from "react";
import { Input, Label, TextField } from "react-aria-components";
import { type Role, useLiveContext } from "../live/context";
import { Button } from "../ui/Button";
import { Choice } from "../ui/Choice";
import { tellFailure } from "../ui/toasts";
import { CreateKeyDocument } from "./documents";

const ROLES: readonly { value: Role; text: string }[] = [
  { value: "READONLY", text: "readonly: looks" },
  { value: "AGENT", text: "agent: works in its projects" },
  { value: "USER", text: "user: as agent, under a person's name" },
  { value: "ADMIN", text: "admin: manages projects, steps in, reads the audit log" },
  { value: "OWNER", text: "owner: manages keys" },
];

interface Props {
  onMade(made: { name: string; secret: string }): void;
  onDone(): void;
}

export function NewKey({ onMade, onDone }: Props) {
  const { server, projects } = useLiveContext();
  const [name, setName] = useState("");
  const [role, setRole] = useState<Role>("AGENT");
  const [chosen, setChosen] = useState<string[]>([]);
  const [more, setMore] = useState("");
  const [isBusy, setBusy] = useState(false);

  const create = async (event: FormEvent) => {
    event.preventDefault();
    setBusy(true);
    const others = more.split(",").map((one) => one.trim()).filter(Boolean);
    try {
      const { createKey } = await server.mutate(CreateKeyDocument, { input: { name: name.trim(), role, projects: [...chosen, ...others] } });
      onMade({ name: createKey.key.name, secret: createKey.secret });
    } catch (error) {
      tellFailure(error);
      setBusy(false);
    }
  };
  return (
    <form className="admin-form" onKeyDown={(event) => event.key === "Escape" && onDone()} onSubmit={(event) => void create(event)} aria-label="New key">
      <div className="admin-fields">
        <TextField value={name} onChange={setName} isRequired autoFocus>
          <Label>Name</Label>
          <Input maxLength={100} placeholder="such as ann's laptop" />
        </TextField>
        <Choice<Role> label="Role" value={role} options={ROLES} onChoose={setRole} />
        <TextField value={more} onChange={setMore}>
          <Label>{projects.length > 0 ? "Other projects, with commas" : "Projects, with commas; none: all"}</Label>
          <Input maxLength={2000} />
        </TextField>
      </div>
      {projects.length > 0 && (
        <fieldset className="admin-projects">
          <legend className="field-label">Projects; none chosen: all of them</legend>
          <div>
            {projects.map(({ name: project }) => (
              <label key={project} className="admin-check">
                <input
                  type="checkbox"
                  checked={chosen.includes(project)}
                  onChange={(event) => setChosen(event.target.checked ? [...chosen, project] : chosen.filter((one) => one !== project))}
                />
                {project}
              </label>
            ))}
          </div>
        </fieldset>
      )}
      <div className="actions">
        <Button onPress={onDone}>Cancel</Button>
        <Button kind="primary" type="submit" isDisabled={isBusy || !name.trim()}>
          Make the key
        </Button>
      </div>
    </form>
  );
}
