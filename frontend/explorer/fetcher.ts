// How an operation travels: queries and mutations by HTTP, subscriptions by graphql-transport-ws.
import type { Fetcher, FetcherOpts, FetcherParams, Observable } from "@graphiql/toolkit";
import { type DocumentNode, type ExecutionResult, getOperationAST } from "graphql";
import { createClient } from "graphql-ws";

type Tell = (status: string) => void;
type Sent = { query: string; operationName?: string | null; variables?: Record<string, unknown> };

const KEPT = 200;
const FORBIDDEN = 4403;

/** Return GraphiQL's way to the server with a key ("" for none); `tell` gets one line on how it goes. */
export function fetcherFor(key: string, tell: Tell): Fetcher {
  const fixed: Record<string, string> = key ? { authorization: `Bearer ${key}` } : {};
  return (params: FetcherParams, options?: FetcherOpts) => {
    const headers = { ...fixed, ...lowered(options?.headers) };
    const operation = options?.documentAST && getOperationAST(options.documentAST, params.operationName);
    return operation?.operation === "subscription"
      ? follow(params, headers, canResume(options?.documentAST, params.operationName), tell)
      : ask(params, headers, tell);
  };
}

async function ask(params: FetcherParams, headers: Record<string, string>, tell: Tell) {
  const response = await fetch(location.pathname, {
    method: "POST",
    headers: { accept: "application/graphql-response+json", ...headers, "content-type": "application/json" },
    body: JSON.stringify(params),
  });
  const answer = (await response.json()) as ExecutionResult;
  const isLockedOut = answer.errors?.some((error) => error.extensions?.code === "UNAUTHENTICATED");
  tell(isLockedOut ? "The server wants an API key that it knows." : "");
  return answer;
}

/** Follow a subscription; each value shown is all that came so far, newest first. */
function follow(params: FetcherParams, headers: Record<string, string>, isResumable: boolean, tell: Tell) {
  type Sink = { next(value: unknown): void; error(error: unknown): void; complete(): void };
  const sent: Sent = { ...params, variables: { ...(params.variables as object) } };
  let cursor = "";
  let received = 0;
  let newestFirst: unknown[] = [];

  const observable = {
    subscribe(sink: Sink) {
      const client = createClient({
        url: location.origin.replace(/^http/, "ws") + location.pathname,
        connectionParams: headers,
        retryAttempts: 60,
        shouldRetry: (event) => event instanceof CloseEvent && event.code !== FORBIDDEN,
        on: {
          connecting: (isRetry) => tell(isRetry ? `Connection lost; ${resuming()}` : "Connecting"),
          connected: (_socket, _payload, wasRetry) => tell(wasRetry ? `Connected again; ${resuming()}` : "Waiting for events"),
        },
      });
      function resuming() {
        if (isResumable && cursor) return `resuming after cursor ${cursor}`;
        return "what happened meanwhile is not shown (pass $after: String to resume)";
      }
      const stop = client.subscribe(sent as never, {
        next(result: ExecutionResult) {
          received += 1;
          newestFirst = [result, ...newestFirst].slice(0, KEPT);
          cursor = cursorOf(result) || cursor;
          // The client sends this same object again after a lost connection.
          if (isResumable && cursor) sent.variables = { ...sent.variables, after: cursor };
          tell(`${received} received${cursor ? `, cursor ${cursor}` : ""}`);
          sink.next({ received, newestFirst });
        },
        error(error: unknown) {
          tell("");
          sink.error(error instanceof CloseEvent ? { message: `Closed: ${error.reason || "the server went away"} (${error.code})` } : error);
        },
        complete: () => sink.complete(),
      });
      return {
        unsubscribe() {
          stop();
          void client.dispose();
        },
      };
    },
  };
  // The published type also asks for the form with three functions, which GraphiQL does not use.
  return observable as unknown as Observable<ExecutionResult>;
}

function cursorOf(result: ExecutionResult): string {
  const [event] = Object.values(result.data ?? {}) as { cursor?: unknown }[];
  return typeof event?.cursor === "string" ? event.cursor : "";
}

function canResume(document: DocumentNode | undefined, name: string | null | undefined): boolean {
  const operation = document && getOperationAST(document, name);
  return !!operation?.variableDefinitions?.some((defined) => defined.variable.name.value === "after");
}

function lowered(headers: unknown): Record<string, string> {
  const given = (headers ?? {}) as Record<string, string>;
  return Object.fromEntries(Object.entries(given).map(([name, value]) => [name.toLowerCase(), value]));
}
