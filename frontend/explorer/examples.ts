// What the tabs hold before anything is typed: each file one tab, with the variables that its operations name.
import { Kind, parse } from "graphql";

const texts = import.meta.glob<string>("./examples/*.graphql", { query: "?raw", import: "default", eager: true });

const VALUES: Record<string, unknown> = {
  project: "demo",
  session: "the sessionId that `arrive` returned",
  question: "why is close called two times?",
  files: ["web/src/cart.ts"],
};

export const EXAMPLES = Object.keys(texts)
  .sort()
  .map((file) => ({ query: texts[file]!, variables: variablesOf(texts[file]!) }));

// Variables declared to be given; those that may be left out stay out.
function variablesOf(text: string): string | null {
  const declared = parse(text).definitions.flatMap((one) => (one.kind === Kind.OPERATION_DEFINITION ? (one.variableDefinitions ?? []) : []));
  const needed = declared.filter(({ type }) => type.kind === Kind.NON_NULL_TYPE).map(({ variable }) => variable.name.value);
  if (needed.length === 0) return null;
  return JSON.stringify(Object.fromEntries(needed.map((name) => [name, VALUES[name]])), null, 2);
}
