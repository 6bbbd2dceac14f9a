// A JSON Schema as rows that a person can read.

export interface Row {
  /** The way to it from the root, such as `order.lines[].price`. */
  path: string;
  type: string;
  isRequired: boolean;
  /** What else is said of it: description, values, bounds. */
  says: string;
}

type Json = Record<string, unknown>;

const MOST_ROWS = 400;
const MOST_DEPTH = 8;
const BOUNDS = ["const", "default", "minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "minLength", "maxLength", "minItems", "maxItems", "pattern", "format", "$ref"];

/** Return a row for each named part, at most 400 and 8 deep; other parts of the schema are not told. */
export function rowsOf(schema: unknown): Row[] {
  const rows: Row[] = [];
  walk(schema, "", 0, rows);
  return rows;
}

function walk(schema: unknown, path: string, depth: number, rows: Row[]): void {
  if (!isObject(schema) || depth > MOST_DEPTH) return;
  const properties = isObject(schema.properties) ? schema.properties : {};
  const required = new Set(Array.isArray(schema.required) ? schema.required.map(String) : []);
  for (const [name, part] of Object.entries(properties)) {
    if (rows.length >= MOST_ROWS) return;
    const way = path ? `${path}.${name}` : name;
    rows.push({ path: way, type: typeOf(part), isRequired: required.has(name), says: saysOf(part) });
    walk(part, way, depth + 1, rows);
  }
  if (isObject(schema.items)) walk(schema.items, `${path}[]`, depth + 1, rows);
}

function typeOf(schema: unknown): string {
  if (!isObject(schema)) return schema === false ? "never" : "any";
  const { type } = schema;
  if (type === "array") return isObject(schema.items) ? `${typeOf(schema.items)}[]` : "array";
  if (typeof type === "string") return type;
  if (Array.isArray(type)) return type.map(String).join(" | ");
  for (const choice of ["oneOf", "anyOf", "allOf"]) {
    const parts = schema[choice];
    if (Array.isArray(parts)) return [...new Set(parts.map(typeOf))].join(choice === "allOf" ? " & " : " | ");
  }
  if (Array.isArray(schema.enum)) return "enum";
  return isObject(schema.properties) ? "object" : "any";
}

function saysOf(schema: unknown): string {
  if (!isObject(schema)) return "";
  const said = typeof schema.description === "string" ? [schema.description] : [];
  if (Array.isArray(schema.enum)) said.push(`one of ${schema.enum.map((value) => JSON.stringify(value)).join(", ")}`);
  for (const name of BOUNDS) if (name in schema) said.push(`${name} ${JSON.stringify(schema[name])}`);
  return said.join(" · ");
}

function isObject(value: unknown): value is Json {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
