"""How a database's values are shown: as JSON, bounded, and never as what they are not."""

from __future__ import annotations

import math
from datetime import date, datetime, time
from decimal import Decimal

MAX_CELL = 4_000
MAX_RESULT_BYTES = 40_000
_SAFE = 2**53


def cell(value: object) -> tuple[object, bool]:
    """Return a value as JSON can hold it, and whether it was cut.

    Decimals, and integers that JavaScript would round, become text; bytes become hex with their
    number; times ISO 8601; what is no number becomes its name.
    """
    if value is None or isinstance(value, bool):
        return value, False
    if isinstance(value, int):
        return (value if abs(value) <= _SAFE else str(value)), False
    if isinstance(value, float):
        return (value if math.isfinite(value) else str(value)), False
    if isinstance(value, datetime | date | time):
        return value.isoformat(), False
    if isinstance(value, bytes | bytearray | memoryview):
        return _bytes(bytes(value))
    return _text(format(value, "f") if isinstance(value, Decimal) and value.is_finite() else str(value))


def _text(value: str) -> tuple[str, bool]:
    value = value.encode("utf-8", "replace").decode()
    if len(value) <= MAX_CELL:
        return value, False
    return f"{value[:MAX_CELL]}… ({len(value):,} characters)", True


def _bytes(value: bytes) -> tuple[str, bool]:
    shown = value[: MAX_CELL // 2].hex()
    is_cut = len(value) > MAX_CELL // 2
    return f"0x{shown}{'…' if is_cut else ''} ({len(value):,} bytes)", is_cut


def size(value: object) -> int:
    """Return about how many bytes a cell takes as JSON."""
    return len(value.encode()) + 3 if isinstance(value, str) else 8
