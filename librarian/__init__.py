"""The librarian: a GraphQL client that reads source and asks a model what it does."""
