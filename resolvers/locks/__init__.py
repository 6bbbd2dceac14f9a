"""The rules of locks."""
