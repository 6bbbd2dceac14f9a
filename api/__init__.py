"""The server: settings, lifespan, transports, limits, health and metrics."""
