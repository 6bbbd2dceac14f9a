"""What survives: records, the port they pass through, its adapters, and the feed of events."""
