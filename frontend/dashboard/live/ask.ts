// Queries and mutations: typed documents in, data out, a failure as one error that views can show.
import { type AnyVariables, Client, type CombinedError, cacheExchange, fetchExchange } from "@urql/core";
import type { Document } from "./document";

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

export class Server {
  readonly client: Client;

  /** `onLockedOut` is called when the server does not take the key. */
  constructor(key: string, onLockedOut: () => void) {
    this.onLockedOut = onLockedOut;
    this.client = new Client({
      url: "/graphql",
      exchanges: [cacheExchange, fetchExchange],
      preferGetMethod: false,
      fetchOptions: () => ({
        headers: { accept: "application/graphql-response+json", ...(key ? { authorization: `Bearer ${key}` } : {}) },
      }),
    });
  }

  private readonly onLockedOut: () => void;

  /** Return what a query finds now, or throw `Refused`. */
  query: Ask = async <D, V extends AnyVariables>(document: Document<D, V>, variables: V) =>
    this.data(await this.client.query<D, V>(document, variables, { requestPolicy: "network-only" }));

  /** Return what a mutation did, or throw `Refused`. */
  mutate: Ask = async <D, V extends AnyVariables>(document: Document<D, V>, variables: V) =>
    this.data(await this.client.mutation<D, V>(document, variables));

  /** Return what a query found the last time, if it is still known. */
  known<D, V extends AnyVariables>(document: Document<D, V>, variables: V): D | undefined {
    return this.client.readQuery<D, V>(document, variables)?.data ?? undefined;
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
  if (!first) return new Refused("The server cannot be reached.", "OFFLINE", "");
  const { code, hint } = first.extensions as { code?: string; hint?: string };
  return new Refused(first.message, code ?? "INTERNAL", hint ?? "");
}
