"""What an order means: total, ended by the id, continued by cursors of that very order."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from store.codec import Codec, Column, Plain
from store.keyset import keyset_of, keyset_values
from store.port import By
from store.records import Record


class TotalOrder:
    """An order that is total (it ends with the id), and the cursors that continue it.

    Raises:
        ValueError: a field is unknown or has no order, or a direction is none.
    """

    def __init__(self, codec: Codec, order: Sequence[By]) -> None:
        keys: list[By] = []
        for by in order:
            if by.direction not in ("asc", "desc"):
                raise ValueError(f"{by.direction!r} is no direction")
            keys.append(by)
            if by.name == "id":
                break
        else:
            keys.append(By("id", keys[-1].direction if keys else "asc"))
        self.keys = tuple(keys)
        self.columns = [codec.column(by.name) for by in keys]
        if not all(column.form.is_scalar for column in self.columns):
            raise ValueError("lists and objects have no order")
        self._order = tuple(order)
        self.is_falling = [by.direction == "desc" for by in keys]
        self.is_one_way = len(set(self.is_falling)) == 1

    def cursor(self, record: Record) -> str:
        """Return the cursor that continues after `record`."""
        return keyset_of(record, self._order)

    def values(self, cursor: str) -> list[Plain]:
        """Return the values behind a cursor, one a key.

        Raises:
            ValueError: it is not a cursor of this order.
        """
        # Whatever the order has behind an id says nothing more.
        values = keyset_values(cursor, self._order)[: len(self.columns)]
        for column, value in zip(self.columns, values, strict=True):
            if not _fits(column, value):
                raise ValueError("not a cursor of this order")
        return values


def _fits(column: Column, value: Any) -> bool:
    if value is None:
        return column.is_optional
    if column.form.affinity == "TEXT":
        return isinstance(value, str)
    return type(value) is int and -(1 << 63) <= value < 1 << 63
