"""Server processes that never outlive their test."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.faults.processes import ServerProcess

Serve = Callable[..., ServerProcess]


@pytest.fixture
def serve(tmp_path: Path) -> Iterator[Serve]:
    """Make a server process on a data directory of the test; what still runs after it is killed."""
    made: list[ServerProcess] = []

    def make(data: str = "data", **environment: str) -> ServerProcess:
        made.append(ServerProcess(tmp_path / data, **environment))
        return made[-1]

    yield make
    for server in made:
        server.kill()
