"""The rules: one module an area, records in and records out; no GraphQL, no driver."""
