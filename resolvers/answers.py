"""How the answer of a mutation is kept for a repeat of it: as JSON, by the types it is made of."""

from __future__ import annotations

import dataclasses
import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from typing import Any

_KINDS: dict[str, type] = {}


def answer(kind: type) -> type:
    """Let the dataclass or enum `kind` be part of kept answers; used as a decorator.

    Raises:
        ValueError: another kind has the same name: kept answers would be read as one of those.
    """
    if _KINDS.setdefault(kind.__name__, kind) is not kind:
        raise ValueError(f"two kinds of answers are called {kind.__name__}")
    return kind


@dataclass(frozen=True, slots=True)
class Repeat:
    """The identity of a mutation that may be sent again: the same three give the first answer."""

    operation: str
    key: str
    request_hash: str

    @classmethod
    def of(cls, operation: str, key: str, arguments: Mapping[str, Any]) -> Repeat:
        """Return the identity of `operation` with these arguments."""
        text = json.dumps(pack(dict(arguments)), sort_keys=True)
        return cls(operation, key, hashlib.sha256(text.encode("utf-8", "replace")).hexdigest())


def pack(value: Any) -> Any:
    """Turn a result into JSON."""
    if isinstance(value, Enum):
        return {"$": type(value).__name__, "value": value.value}
    if value is None or isinstance(value, str | int | float | bool):
        return value
    if isinstance(value, datetime):
        return {"$": "datetime", "value": value.isoformat()}
    if isinstance(value, tuple | list):
        return [pack(item) for item in value]
    if isinstance(value, Mapping):
        return {"$": "dict", "value": {key: pack(item) for key, item in value.items()}}
    if dataclasses.is_dataclass(value):
        fields = {f.name: pack(getattr(value, f.name)) for f in dataclasses.fields(value)}
        return {"$": type(value).__name__, "fields": fields}
    raise TypeError(f"a {type(value).__name__} cannot be part of a kept answer")


def unpack(value: Any) -> Any:
    """Turn what `pack` made back into the result; sequences come back as tuples."""
    if isinstance(value, list):
        return tuple(unpack(item) for item in value)
    if not isinstance(value, dict):
        return value
    name = value["$"]
    if name == "dict":
        return {key: unpack(item) for key, item in value["value"].items()}
    if name == "datetime":
        return datetime.fromisoformat(value["value"])
    if "fields" in value:
        return _KINDS[name](**{key: unpack(item) for key, item in value["fields"].items()})
    return _KINDS[name](value["value"])
