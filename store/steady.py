"""How long something takes on this machine: by a clock that nobody sets."""

from __future__ import annotations

import time


def steady() -> float:
    """Return seconds of a clock that goes on while the machine sleeps, where there is one."""
    clock = getattr(time, "CLOCK_BOOTTIME", None)
    return time.monotonic() if clock is None else time.clock_gettime(clock)
