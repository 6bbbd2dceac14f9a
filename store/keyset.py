"""Keyset cursors: the place of a record in an order, as opaque text that every adapter reads alike."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from store.port import By
from store.records import EPOCH, Record

MAX_CURSOR = 4_096


def keyset_of(record: Record, order: Sequence[By]) -> str:
    """Return the cursor behind `record` in `order`."""
    values = [_packed(getattr(record, by.name)) for by in order]
    text = json.dumps([_signature(order), *values, record.id], ensure_ascii=False, separators=(",", ":"))
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def keyset_values(cursor: str, order: Sequence[By]) -> list[Any]:
    """Return the values behind a cursor: one a field of `order`, then the id.

    Datetimes come back as microseconds since 1970.

    Raises:
        ValueError: it is no cursor, or one of another order.
    """
    if len(cursor) > MAX_CURSOR:
        raise ValueError("not a cursor")
    try:
        padded = cursor + "=" * (-len(cursor) % 4)
        values = json.loads(base64.b64decode(padded.encode("ascii"), altchars=b"-_", validate=True))
    except (binascii.Error, ValueError, RecursionError) as error:
        raise ValueError("not a cursor") from error
    if not isinstance(values, list) or len(values) != len(order) + 2 or values[0] != _signature(order):
        raise ValueError("not a cursor of this order")
    plain = all(value is None or isinstance(value, str | int) for value in values)
    if not plain or not isinstance(values[-1], str):
        raise ValueError("not a cursor")
    if any(isinstance(value, int) and abs(value) >= 2**63 for value in values):
        raise ValueError("not a cursor")
    return values[1:]


def micros(moment: datetime) -> int:
    """Return microseconds since 1970, exactly."""
    return (moment.astimezone(UTC) - EPOCH) // timedelta(microseconds=1)


def _packed(value: Any) -> str | int | None:
    if isinstance(value, datetime):
        return micros(value)
    return int(value) if isinstance(value, bool) else value


def _signature(order: Sequence[By]) -> str:
    return ",".join(f"{'-' if by.direction == 'desc' else ''}{by.name}" for by in order)
