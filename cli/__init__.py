"""The `interlock` command: one file a command; all but `serve` are GraphQL clients."""
