// One function whole: how it is called, what to beware of, where its description comes from.
import { Trash2 } from "lucide-react";
import type { ReactNode } from "react";
import { Link } from "wouter";
import { useAddress, useGo } from "../app/params";
import { useLiveContext, useMay } from "../live/context";
import { useLive } from "../live/useLive";
import { IconButton } from "../ui/Button";
import { CopyButton } from "../ui/CopyButton";
import { useConfirm } from "../ui/confirm";
import { isMissing, Missing } from "../ui/Empty";
import { Badge, Panel } from "../ui/Panel";
import { Problem } from "../ui/Problem";
import { Time } from "../ui/Time";
import { tell, tellFailure } from "../ui/toasts";
import { OneFunctionDocument, type OneFunctionQuery, RemoveFunctionsDocument } from "./documents";
import { LinesToCome } from "./FunctionLine";
import { parameterOf, stateOf } from "./entries";
import { TryAgain } from "./TryAgain";

type Whole = OneFunctionQuery["function"];

export function FunctionPane({ id }: { id: string }) {
  const { data, error, refresh } = useLive(OneFunctionDocument, { id }, { touchedBy: (event) => event.__typename === "FunctionEvent" && event.ids.includes(id) });
  const address = useAddress("functions");
  if (isMissing(error)) {
    return (
      <div className="panel">
        <Missing what="function" to={address("")} all="See all functions" />
      </div>
    );
  }
  if (error && !data) return <Problem error={error} what="The function" onRetry={refresh} />;
  if (!data) {
    return (
      <Panel title="Function">
        <LinesToCome />
      </Panel>
    );
  }
  const { function: whole } = data;
  return (
    <>
      <Panel title={whole.name} className="functions-whole" actions={<Remove whole={whole} />}>
        <Standing whole={whole} />
        <Call whole={whole} />
      </Panel>
      <Beware whole={whole} />
      <About whole={whole} />
      {whole.code && (
        <Panel title="Code as it was sent" actions={<CopyButton text={whole.code} label="Copy the code" />}>
          <pre className="functions-code" tabIndex={0}>
            {whole.code}
          </pre>
        </Panel>
      )}
    </>
  );
}

function Remove({ whole }: { whole: Whole }) {
  const { server } = useLiveContext();
  const confirm = useConfirm();
  const address = useAddress("functions");
  const go = useGo();
  if (!useMay("AGENT")) return null;
  const remove = async () => {
    const text = `${whole.name} of ${whole.file} leaves the registry, with its description. Agents no longer find it; they can register it again.`;
    if ((await confirm({ title: `Remove ${whole.name}?`, text, action: "Remove", isDangerous: true })) === null) return;
    try {
      const { removeFunctions } = await server.mutate(RemoveFunctionsDocument, { input: { ids: [whole.id], project: whole.project } });
      tell(removeFunctions.removed === 1 ? `${whole.name} is removed.` : `${whole.name} was not there any more.`);
      go(address(""));
    } catch (error) {
      tellFailure(error);
    }
  };
  return (
    <IconButton label={`Remove ${whole.name}`} onPress={() => void remove()}>
      <Trash2 size={16} aria-hidden />
    </IconButton>
  );
}

function Standing({ whole }: { whole: Whole }) {
  const [says, tone] = stateOf(whole);
  const address = useAddress("functions");
  return (
    <div className="functions-standing">
      <p>
        <Badge tone={tone}>{says}</Badge>{" "}
        <Link href={address("", { file: whole.file, q: null, queue: null })} className="mono">
          {whole.file}
          {whole.line !== null && `:${whole.line}`}
        </Link>{" "}
        <span className="faint">in {whole.project}</span>
      </p>
      {whole.isOutOfDate && <p className="functions-drift">Its code has changed since it was described: what stands here may be wrong until it is described again.</p>}
      {whole.failure && (
        <p className="functions-drift">
          Describing it failed {whole.attempts === 1 ? "once" : `${whole.attempts} times`}: {whole.failure} <TryAgain one={whole} />
        </p>
      )}
      <p className="functions-said">{whole.purpose}</p>
      {whole.searchSummary && <p className="functions-said faint">{whole.searchSummary}</p>}
      {whole.preferOver && (
        <p>
          To be used instead of <code>{whole.preferOver}</code>
        </p>
      )}
    </div>
  );
}

function Call({ whole: { signature, parameters, returns } }: { whole: Whole }) {
  if (!signature && parameters.length === 0 && !returns) {
    return <p className="functions-note faint">Its signature is not known yet: it waits for a librarian.</p>;
  }
  return (
    <div className="functions-call">
      {signature && <code className="functions-signature">{signature}</code>}
      {parameters.length > 0 && (
        <table>
          <caption className="sr-only">Parameters</caption>
          <thead>
            <tr>
              <th scope="col">Parameter</th>
              <th scope="col">Type</th>
              <th scope="col">What it is</th>
            </tr>
          </thead>
          <tbody>
            {parameters.map(parameterOf).map(({ name, type, says }, at) => (
              <tr key={at}>
                <th scope="row" className="mono">
                  {name}
                </th>
                <td className="mono">{type}</td>
                <td>{says}</td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
      {returns && (
        <p>
          <span className="faint">Returns</span> {returns}
        </p>
      )}
    </div>
  );
}

function Beware({ whole: { gotchas, additionalGotchas, sideEffects } }: { whole: Whole }) {
  if (!gotchas && !additionalGotchas && sideEffects.length === 0) return null;
  return (
    <Panel title="Beware">
      <div className="functions-beware">
        {gotchas && <p className="functions-said">{gotchas}</p>}
        {additionalGotchas && <p className="functions-said">{additionalGotchas}</p>}
        {sideEffects.length > 0 && (
          <>
            <h3>Side effects</h3>
            <ul>
              {sideEffects.map((effect) => (
                <li key={effect}>{effect}</li>
              ))}
            </ul>
          </>
        )}
      </div>
    </Panel>
  );
}

function About({ whole }: { whole: Whole }) {
  return (
    <Panel title="About it">
      <dl className="facts">
        <Names name="Calls" of={whole.calls} />
        <Names name="Called by" of={whole.calledBy} />
        <Names name="Needs" of={whole.requires} />
        {whole.complexity && <Fact name="Costs">{whole.complexity}</Fact>}
        {whole.language && <Fact name="Language">{whole.language}</Fact>}
        <Fact name="Registered">
          <span>
            {whole.registeredBy} · <Time at={whole.createdAt} />
          </span>
        </Fact>
        {whole.enrichedAt && (
          <Fact name="Described">
            <span>
              {whole.enrichedBy} · <Time at={whole.enrichedAt} />
            </span>
          </Fact>
        )}
        <Fact name="Last changed">
          <Time at={whole.updatedAt} />
        </Fact>
        <Fact name="Id">
          <code>{whole.id}</code> <CopyButton text={whole.id} label="Copy the id" />
        </Fact>
      </dl>
    </Panel>
  );
}

/** Names of other functions; each leads to a search for it. */
function Names({ name, of }: { name: string; of: readonly string[] }) {
  const address = useAddress("functions");
  if (of.length === 0) return null;
  return (
    <Fact name={name}>
      {of.map((one) => (
        <Link key={one} href={address("", { q: one, queue: null, file: null })} className="mono">
          {one}
        </Link>
      ))}
    </Fact>
  );
}

function Fact({ name, children }: { name: string; children: ReactNode }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  );
}
