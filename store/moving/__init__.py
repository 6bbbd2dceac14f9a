"""How a whole store leaves and enters: snapshots, files, checks."""
