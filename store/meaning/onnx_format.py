"""The little of the ONNX file format that it takes to read a model's tensors and to write another graph of them."""

from __future__ import annotations

import struct
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Tensor = NDArray[Any]

FUSED = "com.microsoft"
"""The domain of onnxruntime's own operators."""
_IR_VERSION, _OPSET = 8, 17
_TYPES = {1: "<f4", 2: "|u1", 3: "|i1", 6: "<i4", 7: "<i8"}
_NUMBERS = {name: number for number, name in _TYPES.items()}
_BYTES, _WORD, _LONG = 2, 5, 1


class NotOnnx(Exception):
    """The bytes are no model, or hold a tensor of a kind that is not known here."""


@dataclass(frozen=True, slots=True)
class Node:
    """A call of an operator: from named tensors to named tensors."""

    operator: str
    inputs: Sequence[str]
    outputs: Sequence[str]
    domain: str = ""
    numbers: Mapping[str, float] | None = None


def tensors(model: bytes) -> dict[str, Tensor]:
    """Return the constants of a model by name; they share its memory.

    Raises:
        NotOnnx: it cannot be read.
    """
    try:
        graphs = [value for number, value in _fields(memoryview(model)) if number == 7]
        return dict(_tensor(value) for number, value in _fields(graphs[0]) if number == 5)
    except (IndexError, KeyError, TypeError, ValueError) as exc:
        raise NotOnnx(f"not a model: {exc}") from exc


def model(
    nodes: Sequence[Node],
    constants: Mapping[str, Tensor],
    inputs: Mapping[str, Sequence[str | int]],
    outputs: Mapping[str, Sequence[str | int]],
) -> bytes:
    """Return a model's bytes; its inputs are int64 and its outputs float, given with their dimensions."""
    graph = [_field(1, _node(one)) for one in nodes]
    graph.append(_field(2, b"graph"))
    graph += [part for name, value in constants.items() for part in _constant(name, value)]
    graph += [_field(11, _value(name, 7, shape)) for name, shape in inputs.items()]
    graph += [_field(12, _value(name, 1, shape)) for name, shape in outputs.items()]
    opsets = [
        _field(8, _field(1, name) + _whole(2, number))
        for name, number in ((b"", _OPSET), (FUSED.encode(), 1))
    ]
    return b"".join(
        [_whole(1, _IR_VERSION), *opsets, _varint(7 << 3 | _BYTES), _varint(sum(map(len, graph))), *graph]
    )


def _tensor(content: memoryview) -> tuple[str, Tensor]:
    import numpy as np

    name, kind, dimensions = "", 0, []
    raw: Any = b""
    for number, value in _fields(content):
        if number == 1:
            dimensions += [value] if isinstance(value, int) else _varints(value)
        elif number == 2:
            kind = value
        elif number == 8:
            name = bytes(value).decode()
        elif number == 9:
            raw = value
    # Of other types there are only some shapes and flags of the graph that is left behind.
    if kind not in _TYPES:
        return name, np.empty(0)
    return name, np.frombuffer(raw, _TYPES[kind]).reshape(dimensions)


def _fields(content: memoryview) -> Iterator[tuple[int, Any]]:
    """Yield each field's number with what it holds: a whole number, or bytes."""
    at = 0
    while at < len(content):
        key, at = _read_varint(content, at)
        kind = key & 7
        if kind == 0:
            value, at = _read_varint(content, at)
            yield key >> 3, value
            continue
        if kind == _BYTES:
            size, at = _read_varint(content, at)
        else:
            size = {_WORD: 4, _LONG: 8}[kind]
        if at + size > len(content):
            raise ValueError("it is cut short")
        yield key >> 3, content[at : at + size]
        at += size


def _read_varint(content: memoryview, at: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        byte = content[at]
        at += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value, at
        shift += 7


def _varints(content: memoryview) -> list[int]:
    values, at = [], 0
    while at < len(content):
        value, at = _read_varint(content, at)
        values.append(value)
    return values


def _varint(value: int) -> bytes:
    written = bytearray()
    while value > 0x7F:
        written.append(value & 0x7F | 0x80)
        value >>= 7
    written.append(value)
    return bytes(written)


def _whole(number: int, value: int) -> bytes:
    return _varint(number << 3) + _varint(value)


def _field(number: int, content: bytes) -> bytes:
    return _varint(number << 3 | _BYTES) + _varint(len(content)) + content


def _node(node: Node) -> bytes:
    parts = [_field(1, name.encode()) for name in node.inputs]
    parts += [_field(2, name.encode()) for name in node.outputs]
    parts += [_field(4, node.operator.encode()), _field(7, node.domain.encode())]
    for name, value in (node.numbers or {}).items():
        if isinstance(value, int):
            held = _whole(3, value) + _whole(20, 2)
        else:
            held = _varint(2 << 3 | _WORD) + struct.pack("<f", value) + _whole(20, 1)
        parts.append(_field(5, _field(1, name.encode()) + held))
    return b"".join(parts)


def _constant(name: str, value: Tensor) -> list[bytes]:
    """Return a constant in parts, so that a large one is copied once only."""
    raw = value.tobytes()
    head = b"".join(
        [
            *(_whole(1, size) for size in value.shape),
            _whole(2, _NUMBERS[value.dtype.str]),
            _field(8, name.encode()),
            _varint(9 << 3 | _BYTES),
            _varint(len(raw)),
        ]
    )
    return [_varint(5 << 3 | _BYTES) + _varint(len(head) + len(raw)) + head, raw]


def _value(name: str, kind: int, shape: Sequence[str | int]) -> bytes:
    sizes = [_whole(1, size) if isinstance(size, int) else _field(2, size.encode()) for size in shape]
    tensor = _whole(1, kind) + _field(2, b"".join(_field(1, size) for size in sizes))
    return _field(1, name.encode()) + _field(2, _field(1, tensor))
