"""What runs beside the requests: how it is started again."""

from __future__ import annotations

import asyncio
import contextlib

import pytest

from api import tasks
from store.errors import Unavailable


class Failing:
    """Work that runs for as many seconds as it is told, by a clock that it turns, and then fails."""

    def __init__(self, *seconds: float) -> None:
        self.now = 0.0
        self.over = asyncio.Event()
        self._seconds = iter(seconds)

    def clock(self) -> float:
        return self.now

    async def __call__(self) -> None:
        seconds = next(self._seconds, None)
        if seconds is None:
            self.over.set()
            await asyncio.Event().wait()
            return
        self.now += seconds
        raise Unavailable("away")


async def test_work_that_went_well_for_long_is_started_again_at_once_whatever_failed_before(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    work = Failing(1, 1, 1, 3600, 1)
    monkeypatch.setattr(tasks, "_FIRST_PAUSE_SECONDS", 0.001)
    monkeypatch.setattr(tasks, "time", type("Turned", (), {"monotonic": staticmethod(work.clock)}))
    running = asyncio.create_task(tasks.supervised("chores", work))
    async with asyncio.timeout(10):
        await work.over.wait()
    running.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await running
    pauses = [record.args[1] for record in caplog.records if isinstance(record.args, tuple)]
    assert pauses == pytest.approx([0.001, 0.002, 0.004, 0.001, 0.002])
