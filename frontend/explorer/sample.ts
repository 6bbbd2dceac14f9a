// What a tab holds before anything is typed.
export const SAMPLE = `# Ctrl+Enter runs what the cursor is in.
# Ctrl+Space completes; the book shows the schema.
# With authentication on, enter your API key above.

query overview {
  projects {
    nodes {
      name
      activeSessions
      locks
    }
  }
}

# All that happens, newest first, until stopped.
# Variables, each optional:
#   projects  ["my_project"]
#   kinds     ["lock", "message.sent"]
#   after     the cursor of an event: go on behind it
# After a lost connection the page sets \`after\` itself.

subscription follow(
  $projects: [String!]
  $kinds: [String!]
  $after: String
) {
  events(projects: $projects, kinds: $kinds, after: $after) {
    __typename
    ... on FeedEvent {
      cursor
      project
      kind
      actor
      at
    }
    ... on Expired {
      projects
    }
  }
}
`;
