// What the tabs hold before anything is typed: each file one tab, with the variables that its operations name.
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
  const needed = new Set([...text.matchAll(/\$(\w+): [[\]\w!]+!(?=[,)\n])/g)].map((found) => found[1]!));
  if (needed.size === 0) return null;
  return JSON.stringify(Object.fromEntries([...needed].map((name) => [name, VALUES[name]])), null, 2);
}
