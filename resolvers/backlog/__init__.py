"""The rules of the backlog."""
