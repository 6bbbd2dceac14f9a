// Follows a project's events with the graphql-ws client, drops the socket again and again, and
// resumes with the last cursor: prints the sequence numbers in the order they came.
// Arguments: WebSocket URL, project, number of drops, number of events in all.
import { createClient } from "graphql-ws";
import WebSocket from "ws";

const [url, project, drops, total] = [process.argv[2], process.argv[3], +process.argv[4], +process.argv[5]];
const query = `subscription f($projects: [String!], $after: String) {
  events(projects: $projects, kinds: ["checklist"], after: $after) {
    __typename ... on FeedEvent { cursor sequence } ... on Expired { projects }
  }
}`;
const sequences = [];
let after = process.argv[6];
let dropped = 0;

function follow(enough) {
  return new Promise((resolve, reject) => {
    let socket;
    const client = createClient({
      url,
      webSocketImpl: WebSocket,
      retryAttempts: 0,
      on: { opened: (opened) => { socket = opened; } },
    });
    const done = () => {
      resolve();
      // No polite goodbye: the connection breaks with messages under way.
      socket.terminate();
    };
    let count = 0;
    client.subscribe(
      { query, variables: { projects: [project], after } },
      {
        next: ({ data, errors }) => {
          if (count >= enough) return;
          if (errors || data.events.__typename === "Expired") { reject(new Error(JSON.stringify(errors ?? data))); return; }
          sequences.push(data.events.sequence);
          after = data.events.cursor;
          count += 1;
          if (count >= enough || sequences.length >= total) { count = enough; done(); }
        },
        error: (error) => { if (count < enough) reject(error instanceof Error ? error : new Error(String(error.reason || error))); },
        complete: () => { if (count < enough) reject(new Error("completed")); },
      },
    );
  });
}

while (dropped < drops && sequences.length < total) {
  await follow(1 + (dropped % 5));
  dropped += 1;
}
while (sequences.length < total) await follow(total - sequences.length);
console.log(JSON.stringify({ sequences, dropped }));
process.exit(0);
