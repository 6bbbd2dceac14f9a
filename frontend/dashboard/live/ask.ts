// Queries and mutations: typed documents in, data out, a failure as one error that views can show.
import { type AnyVariables, Client, type CombinedError, createRequest, fetchExchange } from "@urql/core";
import type { Document } from "./document";
import { Known } from "./known";

export type Ask = <D, V extends AnyVariables>(document: Document<D, V>, variables: V) => Promise<D>;

/** What the server refused; `code` is one of its error codes, or `OFFLINE`. */
export class Refused extends Error {
  constructor(
    message: string,
    readonly code: string,
    readonly hint: string,
  ) {
    super(message);
  }
}

/** A connection may be dead without knowing it: so long is waited for an answer to begin. */
const PATIENCE_MS = 20_000;
const OFFLINE = "OFFLINE";

export class Server {
  private readonly client: Client;
  private readonly answers = new Known();
  private count = 0;

  /** `onLockedOut` is called when the server does not take the key. */
  constructor(key: string, onLockedOut: () => void) {
    this.onLockedOut = onLockedOut;
    this.client = new Client({
      url: "/graphql",
      exchanges: [fetchExchange],
      preferGetMethod: false,
      fetch: patiently,
      fetchOptions: () => ({
        headers: { accept: "application/graphql-response+json", ...(key ? { authorization: `Bearer ${key}` } : {}) },
      }),
    });
  }

  private readonly onLockedOut: () => void;

  /** Return what a query finds now, or throw `Refused`. */
  query: Ask = async <D, V extends AnyVariables>(document: Document<D, V>, variables: V) => {
    const request = createRequest<D, V>(document, variables);
    // The client would let equal queries share an answer, which may then be older than the asking.
    const alone = { ...request, key: (this.count += 1) };
    const data = this.data(await this.client.executeQuery<D, V>(alone, { requestPolicy: "network-only" }));
    // Further pages are not what a view opens with.
    if (!variables?.after) this.answers.keep(request.key, data);
    return data;
  };

  /** Return what a mutation did, or throw `Refused`. */
  mutate: Ask = async <D, V extends AnyVariables>(document: Document<D, V>, variables: V) => {
    this.answers.clear();
    try {
      return this.data(await this.client.mutation<D, V>(document, variables));
    } catch (error) {
      if ((error as Refused).code !== OFFLINE) throw error;
      throw new Refused("No answer came from the server: it may be done or not.", OFFLINE, "See how it stands before you try again.");
    }
  };

  /** Return what a query found the last time, if it is still known. */
  known<D, V extends AnyVariables>(document: Document<D, V>, variables: V): D | undefined {
    return this.answers.of(createRequest<D, V>(document, variables).key) as D | undefined;
  }

  private data<D>(result: { data?: D; error?: CombinedError }): D {
    if (result.error) {
      const refused = asRefused(result.error);
      if (refused.code === "UNAUTHENTICATED") this.onLockedOut();
      throw refused;
    }
    return result.data as D;
  }
}

function asRefused(error: CombinedError): Refused {
  const [first] = error.graphQLErrors;
  if (!first) return new Refused("The server cannot be reached.", OFFLINE, "");
  const { code, hint } = first.extensions as { code?: string; hint?: string };
  return new Refused(first.message, code ?? "INTERNAL", hint ?? "");
}

/** Fetch, and give up where no answer begins. */
async function patiently(input: RequestInfo | URL, given: RequestInit = {}): Promise<Response> {
  const dead = new AbortController();
  const timer = setTimeout(() => dead.abort(), PATIENCE_MS);
  const signal = given.signal ? AbortSignal.any([given.signal, dead.signal]) : dead.signal;
  try {
    return await fetch(input, { ...given, signal });
  } finally {
    clearTimeout(timer);
  }
}
