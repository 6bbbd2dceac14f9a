"""The feed: subscribers read the log of events and are woken by broadcasts."""
