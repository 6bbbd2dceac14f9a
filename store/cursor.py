"""What a cursor of the feed looks like outside: opaque, compact, versioned, safe to take from anyone."""

from __future__ import annotations

import base64
import binascii
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

MAX_TEXT = 64 * 1024
_MAX_BODY = 1024 * 1024
_MAX_SEQUENCE = 2**63 - 1
_PLAIN, _PACKED = 1, 2
_WORTH_PACKING = 200


@dataclass(frozen=True, slots=True)
class Cursor:
    """A place in the logs of some projects: project -> the last sequence number seen.

    A project that is missing counts as position 0. The text form names the projects: it is no
    place to hide a name from its holder.
    """

    positions: Mapping[str, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        object.__setattr__(self, "positions", MappingProxyType(dict(self.positions)))

    def __hash__(self) -> int:
        return hash(frozenset(self.positions.items()))

    def encode(self) -> str:
        """Return the text form, base64url without padding, at most 64 KB.

        Raises:
            ValueError: the cursor holds too many projects for 64 KB (some thousands fit), or a
                position lies outside 0 to 2**63 - 1.
        """
        body = b"".join(_entry(name, self.positions[name]) for name in sorted(self.positions))
        form = _PLAIN
        if len(body) > _WORTH_PACKING:
            form, body = _PACKED, zlib.compress(body)
        text = base64.urlsafe_b64encode(bytes((form,)) + body).rstrip(b"=").decode()
        if len(text) > MAX_TEXT:
            raise ValueError(f"a cursor over {len(self.positions)} projects is too long")
        return text

    @classmethod
    def decode(cls, text: str) -> Cursor:
        """Return the cursor that `text` was made from.

        Raises:
            ValueError: `text` is not a cursor of this feed.
        """
        body = _body(text)
        positions: dict[str, int] = {}
        for name, position in _entries(body):
            if name in positions:
                raise ValueError("the cursor is not valid: a project stands in it twice")
            positions[name] = position
        return cls(positions)


def _entry(name: str, position: int) -> bytes:
    if not 0 <= position <= _MAX_SEQUENCE:
        raise ValueError(f"{position} is not a position in a log")
    raw = name.encode()
    return _number(len(raw)) + raw + _number(position)


def _number(value: int) -> bytes:
    digits = bytearray()
    while value > 127:
        digits.append(value & 127 | 128)
        value >>= 7
    digits.append(value)
    return bytes(digits)


def _body(text: str) -> bytes:
    if not text or len(text) > MAX_TEXT:
        raise ValueError("the cursor is not valid: its length is wrong")
    try:
        raw = base64.b64decode(text.encode("ascii") + b"=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except (UnicodeEncodeError, binascii.Error) as exc:
        raise ValueError("the cursor is not valid: it is not base64url") from exc
    if raw[:1] == bytes((_PLAIN,)):
        return raw[1:]
    if raw[:1] == bytes((_PACKED,)):
        return _unpack(raw[1:])
    raise ValueError("the cursor is not valid: its version is unknown")


def _unpack(packed: bytes) -> bytes:
    stream = zlib.decompressobj()
    try:
        body = stream.decompress(packed, _MAX_BODY)
    except zlib.error as exc:
        raise ValueError("the cursor is not valid: it does not unpack") from exc
    if not stream.eof or stream.unused_data:
        raise ValueError("the cursor is not valid: it does not unpack")
    return body


def _entries(body: bytes) -> Iterator[tuple[str, int]]:
    offset = 0
    while offset < len(body):
        length, offset = _read_number(body, offset)
        if length > len(body) - offset:
            raise ValueError("the cursor is not valid: it is cut off")
        try:
            name = body[offset : offset + length].decode()
        except UnicodeDecodeError as exc:
            raise ValueError("the cursor is not valid: a name is not text") from exc
        position, offset = _read_number(body, offset + length)
        yield name, position


def _read_number(body: bytes, offset: int) -> tuple[int, int]:
    value = 0
    for shift in range(0, 63, 7):
        if offset >= len(body):
            raise ValueError("the cursor is not valid: it is cut off")
        digit = body[offset]
        offset += 1
        value |= (digit & 127) << shift
        if digit < 128:
            return value, offset
    raise ValueError("the cursor is not valid: a number is too large")
