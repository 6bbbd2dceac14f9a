# ruff: noqa: INP001
"""A machine whose clock is wrong: on the path of a Python process, turns all its clocks that tell the time of day.

By CLOCK_AHEAD_SECONDS. Clocks that only measure, such as `time.monotonic`, are no time of day and run on.
"""

import datetime as dt
import os
import time
from typing import Any

_AHEAD = float(os.environ.get("CLOCK_AHEAD_SECONDS", "0"))
_time, _time_ns, _datetime = time.time, time.time_ns, dt.datetime


class _Instances(type):
    def __instancecheck__(cls, instance: object) -> bool:
        return isinstance(instance, _datetime)


class _TurnedDatetime(_datetime, metaclass=_Instances):
    def __new__(cls, *given: Any, **named: Any) -> Any:
        return _datetime(*given, **named)

    @classmethod
    def now(cls, tz: dt.tzinfo | None = None) -> Any:
        return _datetime.now(tz) + dt.timedelta(seconds=_AHEAD)

    @classmethod
    def utcnow(cls) -> Any:
        return cls.now(dt.UTC).replace(tzinfo=None)


def _turned() -> float:
    return _time() + _AHEAD


def _turned_ns() -> int:
    return _time_ns() + int(_AHEAD * 1e9)


if _AHEAD:
    time.time, time.time_ns = _turned, _turned_ns
    dt.datetime = _TurnedDatetime  # type: ignore[misc]
