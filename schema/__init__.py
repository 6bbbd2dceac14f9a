"""The GraphQL contract: types, roots, permissions, errors."""
