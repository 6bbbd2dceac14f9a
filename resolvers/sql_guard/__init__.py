"""What a statement may hold to be run on an external database."""
