"""The time of MongoDB's server, carried on by the machine that asks."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta

import pytest

from store.mongo.clock import ServerClock


class Machine:
    """A machine whose clocks a test turns, and a server that answers after `delay` seconds."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.awake = self.asleep = 1_000.0
        self.delay = 0.0
        monkeypatch.setattr(time, "monotonic", lambda: self.awake)
        monkeypatch.setattr(time, "clock_gettime", lambda _: self.asleep)

    @property
    def server_time(self) -> datetime:
        return datetime.fromtimestamp(1_700_000_000 + self.asleep, UTC)

    def work(self, seconds: float) -> None:
        self.awake += seconds
        self.asleep += seconds

    async def ask(self) -> datetime:
        told = self.server_time
        self.work(self.delay)
        return told


@pytest.mark.skipif(
    not hasattr(time, "CLOCK_BOOTTIME"), reason="no clock here goes on while the machine sleeps"
)
async def test_a_machine_that_slept_does_not_tell_the_time_at_which_it_fell_asleep(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    machine = Machine(monkeypatch)
    clock = ServerClock(machine.ask)
    assert await clock.now() == machine.server_time
    machine.asleep += 20
    assert await clock.now() == machine.server_time


async def test_an_answer_that_was_long_on_its_way_does_not_replace_a_better_one(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    machine = Machine(monkeypatch)
    clock = ServerClock(machine.ask)
    await clock.set()
    machine.work(40)
    machine.delay = 3.0
    await clock.set()
    assert abs(await clock.now() - machine.server_time) < timedelta(milliseconds=1)
    machine.work(601)
    await clock.set()
    assert abs(await clock.now() - machine.server_time) < timedelta(seconds=2)
