"""What an SQLite value is: a column's type binds none of its values, so each is read by what it holds.

The driver would turn what does not fit the column's type, or the first row's where there is none, into
null or another value without a word: text in an integer column, an epoch in a datetime, 10^20 as 1.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

Read = Callable[[bytes | None], object]

_INTEGER = re.compile(rb"-?(?:0|[1-9][0-9]*)")
_NUMBER = re.compile(rb"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?")
_TIMESTAMP = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d.*", re.DOTALL)

_INTEGERS = (4, 5, -5, -6)
_BITS = (-7,)
_REALS = (2, 3, 6, 7, 8)
_TIMES = (9, 10, 11, 91, 92, 93)
_TEXTS = (1, 12, -1, -8, -9, -10)
"""Codes of ODBC's SQL types (sql.h, sqlext.h) as the driver gives them."""


def read_loosely(connection: Any) -> None:
    """Let a connection of the SQLite driver return each value as it is stored."""
    readers: dict[tuple[int, ...], Read] = {
        _INTEGERS: _number,
        _BITS: _bit,
        _REALS: _real,
        _TIMES: _time,
        _TEXTS: _text,
    }
    for codes, reader in readers.items():
        for code in codes:
            connection.add_output_converter(code, reader)


def _text(value: bytes | None) -> object:
    if value is None:
        return None
    try:
        return value.decode()
    except UnicodeDecodeError:
        return value


def _number(value: bytes | None) -> object:
    if value is None or not _NUMBER.fullmatch(value):
        return _text(value)
    # Python refuses to read integers of very many digits; no stored one has more than 19.
    return int(value) if len(value) < 25 and _INTEGER.fullmatch(value) else float(value)


def _bit(value: bytes | None) -> object:
    return value == b"1" if value in (b"0", b"1") else _number(value)


def _real(value: bytes | None) -> object:
    read = _number(value)
    return float(read) if isinstance(read, int) else read


def _time(value: bytes | None) -> object:
    read = _number(value)
    return read.replace(" ", "T", 1) if isinstance(read, str) and _TIMESTAMP.fullmatch(read) else read
