// One document whole: its text, what it is about, what replaces it, what became of it.
import { Archive, ArrowRight, Pencil, RotateCcw } from "lucide-react";
import type { ReactNode } from "react";
import { Link } from "wouter";
import { addressOf } from "../app/links";
import { useAddress } from "../app/params";
import { useMay } from "../live/context";
import { useLive, useLiveEach } from "../live/useLive";
import { Button } from "../ui/Button";
import { CopyButton } from "../ui/CopyButton";
import { isMissing, Missing } from "../ui/Empty";
import { Badge, Panel } from "../ui/Panel";
import { Problem } from "../ui/Problem";
import { exact, span } from "../ui/moments";
import { Time, useClock } from "../ui/Time";
import { LinesToCome } from "./DocumentLine";
import { OneDocumentDocument, type OneDocumentQuery } from "./documents";
import { toneOf, words } from "./filters";
import { isAbout, readHistory } from "./history";
import { linked } from "./passage";
import { useAskStatus } from "./StatusDialog";

type Whole = OneDocumentQuery["document"];

export function DocumentPane({ id }: { id: string }) {
  const { data, error, refresh } = useLive(OneDocumentDocument, { id }, { touchedBy: (event) => isAbout(event, id) });
  const address = useAddress("knowledge");
  if (isMissing(error)) {
    return (
      <div className="panel">
        <Missing what="document" to={address("")} all="See all documents" />
      </div>
    );
  }
  if (error && !data) return <Problem error={error} what="The document" onRetry={refresh} />;
  if (!data) {
    return (
      <Panel title="Document">
        <LinesToCome count={8} />
      </Panel>
    );
  }
  const { document } = data;
  return (
    <>
      <Panel title={document.title} className="knowledge-document" actions={<Actions document={document} />}>
        <Standing document={document} />
        <Text text={document.content} />
        {document.interfaceSchema != null && (
          <details className="knowledge-schema">
            <summary>JSON Schema of the interface</summary>
            <pre>{JSON.stringify(document.interfaceSchema, null, 2)}</pre>
          </details>
        )}
      </Panel>
      <About document={document} />
      <History document={document} />
    </>
  );
}

function Actions({ document }: { document: Whole }) {
  const ask = useAskStatus();
  if (!useMay("AGENT")) return null;
  return (
    <div className="knowledge-actions">
      {document.status === "ACTIVE" ? (
        <>
          <Button onPress={() => ask({ document, status: "SUPERSEDED" })}>
            <ArrowRight size={16} aria-hidden /> Supersede
          </Button>
          <Button onPress={() => ask({ document, status: "ARCHIVED" })}>
            <Archive size={16} aria-hidden /> Archive
          </Button>
        </>
      ) : (
        <Button onPress={() => ask({ document, status: "ACTIVE" })}>
          <RotateCcw size={16} aria-hidden /> Restore
        </Button>
      )}
      <Button kind="quiet" onPress={() => ask({ document, status: document.status === "DEPRECATED" ? "REVIEW_PENDING" : "DEPRECATED" })}>
        <Pencil size={16} aria-hidden /> Status
      </Button>
    </div>
  );
}

function Standing({ document }: { document: Whole }) {
  const address = useAddress("knowledge");
  const { status, statusReason, successor, warning, type } = document;
  return (
    <div className="knowledge-standing">
      <p className="knowledge-badges">
        <Badge tone={toneOf(status)}>{words(status)}</Badge> <Badge>{words(type)}</Badge>{" "}
        {statusReason && !warning.includes(statusReason) && <span className="faint">{statusReason}</span>}
      </p>
      {successor && (
        <p>
          Replaced by <Link href={address(successor.id)}>{successor.title}</Link>
          {successor.status !== "ACTIVE" && <span className="faint"> ({words(successor.status)})</span>}
        </p>
      )}
      {warning && (
        <p className="knowledge-warning">
          <Linked text={warning} />
        </p>
      )}
    </div>
  );
}

function Text({ text }: { text: string }) {
  return (
    <div className="knowledge-text" tabIndex={0} role="group" aria-label="Text">
      <Linked text={text} />
    </div>
  );
}

/** A text in which the ids of documents lead to them. */
function Linked({ text }: { text: string }) {
  const address = useAddress("knowledge");
  return linked(text).map((piece, at) =>
    piece.document ? (
      <Link key={at} href={address(piece.document)}>
        {piece.text}
      </Link>
    ) : (
      piece.text
    ),
  );
}

function About({ document }: { document: Whole }) {
  const address = useAddress("knowledge");
  const { id, project, author, createdAt, updatedAt, expiresAt, accessCount, tags, files, interfaceName, interfaceVersion, interfaceOwner } = document;
  return (
    <Panel title="About it">
      <dl className="facts">
        <Fact name="Written by">
          <span>
            <Link href={addressOf("now", `${project}/${author}`, "", project)}>{author}</Link> in {project}
          </span>
        </Fact>
        <Fact name="Stored">
          <span>
            <Time at={createdAt} />
            {updatedAt !== createdAt && (
              <>
                , last written <Time at={updatedAt} />
              </>
            )}
          </span>
        </Fact>
        <Fact name="Holds">{expiresAt ? <Until at={expiresAt} /> : "for good"}</Fact>
        <Fact name="Handed out">
          {accessCount} {accessCount === 1 ? "time" : "times"}
        </Fact>
        {tags.length > 0 && (
          <Fact name="Tags">
            {tags.map((tag) => (
              <Link key={tag} href={address("", { tag, q: null })}>
                #{tag}
              </Link>
            ))}
          </Fact>
        )}
        {files.length > 0 && (
          <Fact name="Files">
            {files.map((file) => (
              <Link key={file} href={`/functions?${new URLSearchParams({ project, file })}`} title="Its functions">
                {file}
              </Link>
            ))}
          </Fact>
        )}
        {interfaceName && (
          <Fact name="Interface">
            {interfaceName} {interfaceVersion} {interfaceOwner && `of ${interfaceOwner}`}
          </Fact>
        )}
        <Fact name="Id">
          <code>{id}</code> <CopyButton text={id} label="Copy the id" />
        </Fact>
      </dl>
    </Panel>
  );
}

function Until({ at }: { at: string }) {
  const left = (Date.parse(at) - useClock()) / 1000;
  if (left <= 0) return <span>until <Time at={at} /></span>;
  return (
    <time dateTime={at} title={exact(at)}>
      for another {span(left)}
    </time>
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

/** What is said of a step, by its verb. */
const SAID: Record<string, string> = {
  stored: "stored it:",
  updated: "wrote it anew:",
  "status changed": "made it",
  archived: "archived it with its tag:",
  restored: "restored it with its tag:",
};

function History({ document: { id, project, createdAt, author } }: { document: Whole }) {
  const answer = useLiveEach({ [id]: { id, project } }, readHistory, { touchedBy: isAbout })[id];
  const steps = answer?.data ?? [];
  const hasStart = steps.some((step) => step.verb === "stored");
  return (
    <Panel title="History">
      {answer?.error && <Problem error={answer.error} what="The history" onRetry={answer.refresh} />}
      <ul className="knowledge-history">
        {steps.map((step) => (
          <li key={step.key}>
            <span>
              <strong>{step.actor}</strong> {SAID[step.verb] ?? step.verb} {step.status && <Badge tone={toneOf(step.status)}>{words(step.status)}</Badge>}
              {step.reason && <span className="faint"> {step.reason}</span>}
            </span>
            <Time at={step.at} />
          </li>
        ))}
        {!hasStart && (
          <li>
            <span>
              <strong>{author}</strong> stored it <span className="faint">(events are kept for some days only)</span>
            </span>
            <Time at={createdAt} />
          </li>
        )}
      </ul>
    </Panel>
  );
}
