"""How the memory of mcp-shared-memory is taken over."""
