// Runs every audit of graphql-http against the URL given and prints each result as JSON.
import { auditServer } from "graphql-http";

const results = await auditServer({ url: process.argv[2] });
const plain = [];
for (const result of results) {
  plain.push({ id: result.id, name: result.name, status: result.status, reason: result.reason ?? "" });
}
console.log(JSON.stringify(plain));
