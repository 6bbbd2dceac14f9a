// API keys: made (the secret is shown once), looked at and revoked.
import { Plus } from "lucide-react";
import { useEffect, useRef, useState } from "react";
import { useParams } from "../app/params";
import type { Server } from "../live/ask";
import { useLiveContext } from "../live/context";
import { about } from "../live/events";
import { readPages } from "../live/pages";
import { useLiveEach } from "../live/useLive";
import { Button } from "../ui/Button";
import { CopyButton } from "../ui/CopyButton";
import { useConfirm } from "../ui/confirm";
import { Empty } from "../ui/Empty";
import { Badge, Panel } from "../ui/Panel";
import { Problem } from "../ui/Problem";
import { Time } from "../ui/Time";
import { tell, tellFailure } from "../ui/toasts";
import { useFocusBack } from "../ui/useFocusBack";
import { type KeyFieldsFragment, KeysDocument, RevokeKeyDocument } from "./documents";
import { NewKey } from "./NewKey";
import { Table } from "./Table";

const MOST = 1_000;
const KEYS = about(["key"]);

const read = (server: Server, includeRevoked: boolean) => readPages(async (after) => (await server.query(KeysDocument, { includeRevoked, after })).keys, MOST);

interface Made {
  name: string;
  secret: string;
}

export function Keys() {
  const { server, who } = useLiveContext();
  const confirm = useConfirm();
  const [params, change] = useParams();
  const withRevoked = params.get("revoked") === "1";
  const { data, error, refresh } = useLiveEach({ it: withRevoked }, read, { touchedBy: KEYS, everySeconds: 5 }).it ?? {};
  const [isNew, setNew] = useState(false);
  const openerOf = useFocusBack(isNew ? "new" : null);
  const [made, setMade] = useState<Made | null>(null);
  // Whoever revokes it: its secret opens nothing any more.
  const isValid = made !== null && data?.nodes.some((key) => key.name === made.name && made.secret.endsWith(key.hint) && !key.revokedAt);
  const seen = useRef("");
  useEffect(() => {
    if (!data || !made) return;
    if (isValid) seen.current = made.secret;
    else if (seen.current === made.secret) setMade(null);
  }, [data, made, isValid]);

  const revoke = async (key: KeyFieldsFragment) => {
    const reason = await confirm({
      title: `Revoke ${key.name}?`,
      text: (
        <p>
          Whoever uses it is locked out at once; the sessions begun with it end, and their locks are free. It cannot be made valid again.
          {key.name === who.keyName && <strong> It is the key that you are signed in with.</strong>}
        </p>
      ),
      action: "Revoke",
      isDangerous: true,
      reasonLabel: "Reason",
    });
    if (reason === null) return;
    try {
      await server.mutate(RevokeKeyDocument, { input: { name: key.id, reason } });
      tell(`${key.name} is revoked. Its sessions have ended.`);
      setMade((one) => (one?.name === key.name ? null : one));
    } catch (failure) {
      tellFailure(failure);
    }
    refresh?.();
  };
  return (
    <Panel
      title="Keys"
      count={data?.nodes.length}
      actions={
        <span className="admin-actions">
          <label className="admin-check">
            <input type="checkbox" checked={withRevoked} onChange={(event) => change({ revoked: event.target.checked ? "1" : null })} /> Revoked ones too
          </label>
          {!isNew && (
            <Button id={openerOf("new")} onPress={() => setNew(true)}>
              <Plus size={16} aria-hidden /> New key
            </Button>
          )}
        </span>
      }
    >
      {!who.isEnabled && <p className="admin-note faint">The server asks for no key now: keys matter once MCP_AUTH_ENABLED is set.</p>}
      {made && <Secret made={made} onDone={() => setMade(null)} />}
      {isNew && (
        <NewKey
          onDone={() => setNew(false)}
          onMade={(one) => {
            setNew(false);
            setMade(one);
            refresh?.();
          }}
        />
      )}
      {error && <Problem error={error} what="The keys" onRetry={refresh} />}
      {data && data.nodes.length === 0 && !isNew && (
        <Empty title="There is no key yet">
          <p>Make one of role owner for yourself first, then one of role agent for each agent or project.</p>
        </Empty>
      )}
      {data && data.nodes.length > 0 && (
        <Table label="Keys" head={["Name", "Role", "Projects", "Secret", "Last used", "Uses", "Made", ""]}>
          {data.nodes.map((key) => (
            <tr key={key.id} data-off={key.revokedAt ? true : undefined}>
              <th scope="row">
                {key.name} {key.revokedAt && <Badge tone="bad">revoked</Badge>} {key.name === who.keyName && !key.revokedAt && <Badge tone="busy">yours</Badge>}
              </th>
              <td data-label="Role">{key.role.toLowerCase()}</td>
              <td data-label="Projects">{key.projects.join(", ") || "all"}</td>
              <td data-label="Secret" className="mono">
                …{key.hint}
              </td>
              <td data-label="Last used">{key.lastUsedAt ? <Time at={key.lastUsedAt} /> : <span className="faint">never</span>}</td>
              <td data-label="Uses">{key.useCount.toLocaleString()}</td>
              <td data-label="Made">
                <Time at={key.createdAt} /> <span className="faint">by {key.createdBy}</span>
              </td>
              <td className="admin-acts">
                {!key.revokedAt && (
                  <Button onPress={() => void revoke(key)}>
                    Revoke<span className="sr-only"> {key.name}</span>
                  </Button>
                )}
              </td>
            </tr>
          ))}
        </Table>
      )}
    </Panel>
  );
}

function Secret({ made, onDone }: { made: Made; onDone(): void }) {
  return (
    <div className="admin-secret" role="alert">
      <p>
        <strong>The secret of {made.name} is shown only now.</strong> Copy it to where it is used; the server does not keep it.
      </p>
      <div className="snippet">
        <code>{made.secret}</code>
        <CopyButton text={made.secret} label="Copy the secret" />
      </div>
      <Button onPress={onDone}>I have stored it</Button>
    </div>
  );
}
