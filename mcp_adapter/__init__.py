"""MCP tools, resources and prompts over GraphQL: a tool is a document."""
