"""How many tokens a day may cost, counted in a file that all librarians of a user share."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import IO


class Spent(Exception):
    """The day's tokens are used up; `seconds` are left until the next day."""

    def __init__(self, limit: int, seconds: float) -> None:
        super().__init__(f"the {limit:,} tokens of today (LIBRARIAN_DAILY_TOKENS) are used")
        self.seconds = seconds


@dataclass(slots=True)
class Reserved:
    """Tokens set aside for a request under way on a day."""

    day: str
    tokens: int


class Budget:
    """A count of tokens that begins anew each day (UTC). A limit of 0 is none."""

    def __init__(self, path: Path, limit: int, clock: Callable[[], float] = time.time) -> None:
        self._path = path
        self._limit = limit
        self._clock = clock

    def reserve(self, tokens: int) -> Reserved:
        """Set tokens aside before they are used.

        Raises:
            Spent: they are more than the day has left.
        """
        day = self._day()
        with self._open() as stream:
            used = _read(stream, day)
            if self._limit and used + tokens > self._limit:
                raise Spent(self._limit, self._until_tomorrow())
            _write(stream, day, used + tokens)
        return Reserved(day, tokens)

    def settle(self, reserved: Reserved, tokens: int) -> None:
        """Replace what was set aside by what was used. A day that has passed is left alone."""
        with self._open() as stream:
            if self._day() == reserved.day:
                _write(stream, reserved.day, max(0, _read(stream, reserved.day) - reserved.tokens + tokens))
        reserved.tokens = tokens

    def left(self) -> int | None:
        """Return the tokens left today; None if there is no limit."""
        if not self._limit:
            return None
        with self._open() as stream:
            return max(0, self._limit - _read(stream, self._day()))

    def _day(self) -> str:
        return datetime.fromtimestamp(self._clock(), UTC).date().isoformat()

    def _until_tomorrow(self) -> float:
        now = datetime.fromtimestamp(self._clock(), UTC)
        tomorrow = (now + timedelta(days=1)).replace(hour=0, minute=0, second=0, microsecond=0)
        return (tomorrow - now).total_seconds()

    @contextmanager
    def _open(self) -> Iterator[IO[str]]:
        self._path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        opened = os.open(self._path, os.O_RDWR | os.O_CREAT, 0o600)
        with os.fdopen(opened, "r+", encoding="utf-8") as stream:
            _lock(stream)
            yield stream


def default_path() -> Path:
    """Return where the count is kept unless LIBRARIAN_STATE says otherwise."""
    home = Path(os.environ.get("XDG_STATE_HOME", ""))
    return (home if home.is_absolute() else Path.home() / ".local" / "state") / "interlock" / "librarian.json"


def _lock(stream: IO[str]) -> None:
    try:
        import fcntl
    except ImportError:
        # There it is counted by each process alone.
        return
    fcntl.flock(stream, fcntl.LOCK_EX)


def _read(stream: IO[str], day: str) -> int:
    stream.seek(0)
    try:
        kept = json.loads(stream.read() or "{}")
        return int(kept["used"]) if kept.get("day") == day else 0
    except (ValueError, TypeError, KeyError, AttributeError):
        return 0


def _write(stream: IO[str], day: str, used: int) -> None:
    stream.seek(0)
    stream.truncate()
    stream.write(json.dumps({"day": day, "used": used}))
    stream.flush()
