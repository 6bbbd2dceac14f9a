"""The rules of documents."""
