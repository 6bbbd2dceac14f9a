// The door where the server wants a key.
import { type FormEvent, useState } from "react";
import { Input, Label, TextField } from "react-aria-components";
import { Button } from "../ui/Button";

export function SignIn({ problem, onKey }: { problem: string; onKey(key: string): void }) {
  const [key, setKey] = useState("");
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (key.trim()) onKey(key.trim());
  };
  return (
    <main className="door">
      <form className="card" onSubmit={submit}>
        <h1>Interlock</h1>
        <p>This server asks for an API key. It stays in this tab and is forgotten when the tab closes.</p>
        <TextField value={key} onChange={setKey} type="password" autoComplete="off" autoFocus isInvalid={problem !== ""} validationBehavior="aria">
          <Label>API key</Label>
          <Input />
        </TextField>
        {problem && (
          <p role="alert" className="bad">
            {problem}
          </p>
        )}
        <Button kind="primary" type="submit">
          Sign in
        </Button>
        <p className="faint">
          No key yet? On the server's machine: <code>interlock keys create --role owner --name me</code>
        </p>
      </form>
    </main>
  );
}
