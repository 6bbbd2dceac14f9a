"""How a record becomes a row of plain values (text, integer, None) and back."""

from __future__ import annotations

import json
import re
import types
from collections.abc import Callable, Mapping, Sequence
from dataclasses import MISSING, dataclass, fields
from datetime import datetime, timedelta
from operator import attrgetter
from typing import Any, Union, get_args, get_origin, get_type_hints

from store.records import EPOCH, Event, Record

Plain = str | int | None
_INT_LIMIT = 1 << 63
_dumps = json.JSONEncoder(
    ensure_ascii=False,
    allow_nan=False,
    separators=(",", ":"),
    default=lambda v: _as_dict(v),  # noqa: PLW0108 - defined below
)


# Without the search for white space, thrice as fast as `loads`; encode_json writes none.
_scan = json.JSONDecoder().raw_decode


def _as_dict(value: Any) -> dict[Any, Any]:
    if isinstance(value, Mapping):
        return dict(value)
    raise TypeError(f"{type(value).__name__} is not JSON")


def _wrong(value: Any, wanted: str) -> ValueError:
    return ValueError(f"must be {wanted}, not {type(value).__name__}")


def encode_text(value: Any) -> str:
    """Return `value`, a text without NUL characters and lone surrogates.

    Raises:
        ValueError: it is none.
    """
    if not isinstance(value, str):
        raise _wrong(value, "text")
    if "\0" in value:
        raise ValueError("must not hold a NUL character")
    if not value.isascii():
        try:
            value.encode()
        except UnicodeEncodeError:
            raise ValueError("must not hold half a surrogate pair") from None
    return value


def encode_int(value: Any) -> int:
    """Return `value`, an integer of 64 bits."""
    if not isinstance(value, int):
        raise _wrong(value, "an integer")
    if not -_INT_LIMIT <= value < _INT_LIMIT:
        raise ValueError("must fit in 64 bits")
    return int(value)


def encode_bool(value: Any) -> int:
    """Return 1 or 0."""
    if not isinstance(value, bool):
        raise _wrong(value, "true or false")
    return int(value)


def encode_time(value: Any) -> int:
    """Return the microseconds since 1970 of an aware time."""
    if not isinstance(value, datetime) or value.tzinfo is None:
        raise ValueError("must be a time with a zone")
    since = value - EPOCH
    return (since.days * 86_400 + since.seconds) * 1_000_000 + since.microseconds


def encode_json(value: Any) -> str:
    """Return `value` as JSON text."""
    try:
        text = _dumps.encode(value)
    except (TypeError, RecursionError) as exc:
        raise ValueError(f"must be JSON: {exc}") from None
    if "\\u0000" in text:
        _refuse_nul(value)
    return encode_text(text)


def _refuse_nul(value: Any) -> None:
    if isinstance(value, str):
        encode_text(value)
    elif isinstance(value, Mapping):
        for key, item in value.items():
            _refuse_nul(key)
            _refuse_nul(item)
    elif isinstance(value, list | tuple):
        for item in value:
            _refuse_nul(item)


def _encode_list(value: Any) -> str:
    if not isinstance(value, tuple | list):
        raise _wrong(value, "a list")
    return encode_json(value)


def _encode_map(value: Any) -> str:
    if not isinstance(value, Mapping):
        raise _wrong(value, "an object")
    return encode_json(value)


def decode_time(value: int) -> datetime:
    """Return the aware UTC time `value` microseconds after 1970."""
    return EPOCH + timedelta(0, 0, value)


def decode_list(value: str) -> tuple[Any, ...]:
    """Return the items of a JSON list."""
    return () if value == "[]" else tuple(_scan(value)[0])


def decode_map(value: str) -> Any:
    """Return the mapping of a JSON object."""
    return {} if value == "{}" else _scan(value)[0]


@dataclass(frozen=True, slots=True)
class Form:
    """One of the few types that a field may have."""

    affinity: str
    encode: Callable[[Any], Plain]
    decode: Callable[[Any], Any] | None = None
    is_scalar: bool = True


FORMS: dict[Any, Form] = {
    str: Form("TEXT", encode_text),
    int: Form("INTEGER", encode_int),
    bool: Form("INTEGER", encode_bool, bool),
    datetime: Form("INTEGER", encode_time, decode_time),
    tuple: Form("TEXT", _encode_list, decode_list, is_scalar=False),
    Mapping: Form("TEXT", _encode_map, decode_map, is_scalar=False),
}


@dataclass(frozen=True, slots=True)
class Column:
    """A field of a record."""

    name: str
    form: Form
    is_optional: bool
    default: Any

    def encode(self, value: Any) -> Plain:
        """Return the plain value of `value`, named in the error when it has none."""
        if value is None and self.is_optional:
            return None
        try:
            return self.form.encode(value)
        except ValueError as exc:
            raise ValueError(f"{self.name} {exc}") from None

    def encode_filter(self, value: Any) -> Plain:
        """Return the plain value to compare with; lists and objects cannot be compared."""
        if not self.form.is_scalar:
            raise ValueError(f"{self.name} cannot be compared")
        if value is None:
            return None
        try:
            return self.form.encode(value)
        except ValueError as exc:
            raise ValueError(f"{self.name} {exc}") from None


class Codec:
    """Turns records of one kind to rows and back; `columns` has `id` and `version` like any field."""

    def __init__(self, kind: type[Any]) -> None:
        hints = get_type_hints(kind)
        self.kind = kind
        self.name = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", kind.__name__).lower()
        self.columns = tuple(_column(f.name, hints[f.name], f) for f in fields(kind))
        self.by_name = {column.name: column for column in self.columns}
        self.names = tuple(self.by_name)
        self._values_of = attrgetter(*self.names)
        self._encoders = tuple(
            _optional(c.form.encode) if c.is_optional else c.form.encode for c in self.columns
        )
        # A frozen record's own constructor takes three times as long; records have no __post_init__.
        self._setters = tuple(_slot(kind, name).__set__ for name in self.names)
        self._decoders = tuple((i, c.form.decode) for i, c in enumerate(self.columns) if c.form.decode)

    def encode(self, record: Record | Event) -> list[Plain]:
        """Return the row of `record`, in the order of `columns`.

        Raises:
            ValueError: a value is not of the field's type, or holds a text that cannot be kept.
        """
        try:
            return [
                encode(value) for encode, value in zip(self._encoders, self._values_of(record), strict=True)
            ]
        except ValueError:
            for column in self.columns:
                self._try(column, record)
            raise

    def _try(self, column: Column, record: Record | Event) -> None:
        try:
            column.encode(getattr(record, column.name))
        except ValueError as exc:
            raise ValueError(f"{self.kind.__name__}.{exc}") from None

    def decode(self, row: tuple[Any, ...]) -> Any:
        """Return the record of a row; what follows the columns is ignored."""
        values = list(row)
        for i, decode in self._decoders:
            if values[i] is not None:
                values[i] = decode(values[i])
        return self.record_of(values)

    def record_of(self, values: Sequence[Any]) -> Any:
        """Return the record of its fields' own values, in the order of `columns`."""
        record = object.__new__(self.kind)
        for put, value in zip(self._setters, values, strict=False):
            put(record, value)
        return record

    def column(self, name: str) -> Column:
        """Return the column of a field.

        Raises:
            ValueError: there is none.
        """
        try:
            return self.by_name[name]
        except KeyError:
            raise ValueError(f"{self.kind.__name__} has no field {name!r}") from None


def _optional(encode: Callable[[Any], Plain]) -> Callable[[Any], Plain]:
    return lambda value: None if value is None else encode(value)


def _slot(kind: type[Any], name: str) -> Any:
    return next(vars(parent)[name] for parent in kind.__mro__ if name in vars(parent))


def _column(name: str, hint: Any, field: Any) -> Column:
    is_optional = False
    if get_origin(hint) in (Union, types.UnionType):
        args = [arg for arg in get_args(hint) if arg is not type(None)]
        is_optional, hint = len(args) < len(get_args(hint)), args[0]
    form = FORMS[get_origin(hint) or hint]
    default = field.default_factory() if field.default_factory is not MISSING else field.default
    return Column(name, form, is_optional, default)


_codecs: dict[type[Any], Codec] = {}


def codec_of(kind: type[Any]) -> Codec:
    """Return the codec of a kind of record, made once."""
    codec = _codecs.get(kind)
    if codec is None:
        codec = _codecs[kind] = Codec(kind)
    return codec
