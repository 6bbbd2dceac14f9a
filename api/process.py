"""What this process tells of itself through GraphQL: its version, its start, its own parts, how long operations take."""

from __future__ import annotations

from datetime import UTC, datetime

from api.mcp import Mcp, release
from api.metrics import Metrics
from resolvers.server import OperationFigure


class ServerProcess:
    """The process around an engine."""

    def __init__(self, metrics: Metrics, mcp: Mcp) -> None:
        self._metrics = metrics
        self._mcp = mcp
        self.version = release()
        self.started_at = datetime.now(UTC)

    def faults(self) -> dict[str, str]:
        """Return its own parts by name, each with what is wrong with it, or empty."""
        return {"mcp": self._mcp.failure}

    def operations(self) -> list[OperationFigure]:
        """Return the figures of the operations that ran since it started."""
        return self._metrics.figures()
