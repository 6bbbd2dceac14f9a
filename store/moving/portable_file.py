"""How a file is known to be a whole export before anything of it is taken."""

from __future__ import annotations

import gzip
import hashlib
import json
import zlib
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, cast

from store.moving.portable import FORMAT, FORMAT_VERSION, Entry, NotPortable, entry_of

_GZIP = b"\x1f\x8b"
_LONGEST_LINE = 64 * 1024 * 1024
_CUT = "it was cut short; take an earlier export, or make another one"


@dataclass(frozen=True, slots=True)
class Described:
    """What an export says of itself, checked against what it holds."""

    product: str
    at: str
    project: str | None
    counts: Mapping[str, int]

    @property
    def total(self) -> int:
        return sum(self.counts.values())


class PortableFile:
    """An export on disk, gzip or not. Reading blocks."""

    def __init__(self, path: Path, shown: str = "") -> None:
        self._path = path
        self._shown = shown or str(path)

    def check(self, advance: Callable[[int, int], None] = lambda done, total: None) -> Described:
        """Read all of it and return what it is.

        Raises:
            NotPortable: it is cut, damaged, something else, or of a newer version.
        """
        digest = hashlib.sha256()
        counts: Counter[str] = Counter()
        header: dict[str, Any] | None = None
        end: dict[str, Any] | None = None
        for number, line in self._lines():
            if header is None:
                header = self._header(line)
                total = sum(header["counts"].values())
            elif end is not None:
                raise NotPortable(f"{self._shown}: line {number} comes after its end")
            elif line.startswith(b'{"end":'):
                end = _object(line)
            else:
                if not line.endswith(b"\n"):
                    raise NotPortable(f"{self._shown}: line {number} has no end: {_CUT}")
                digest.update(line)
                counts[_kind(line)] += 1
                if not number % 500:
                    advance(number, total)
        if header is None:
            raise NotPortable(f"{self._shown} is empty")
        if end is None:
            raise NotPortable(f"{self._shown} has no last line: {_CUT}")
        if end.get("counts") != dict(counts) or end.get("sha256") != digest.hexdigest():
            raise NotPortable(f"{self._shown} is damaged: its checksum is another one")
        return Described(
            str(header.get("product", "")), str(header.get("at", "")), header.get("project"), dict(counts)
        )

    def entries(self) -> Iterator[Entry]:
        """Yield what it holds, in its order; for files that were checked.

        Raises:
            NotPortable: an entry is unknown to this version.
        """
        for number, line in self._lines():
            if number > 1 and not line.startswith(b'{"end":'):
                yield entry_of(line, number)

    def _header(self, line: bytes) -> dict[str, Any]:
        header = _object(line)
        counts = header.get("counts")
        is_counted = isinstance(counts, dict) and all(type(n) is int and n >= 0 for n in counts.values())
        if header.get("format") != FORMAT or not is_counted:
            raise NotPortable(f"{self._shown} is no export of Interlock")
        if header.get("version") != FORMAT_VERSION:
            raise NotPortable(
                f"{self._shown} is an export of version {header.get('version')}; this program reads {FORMAT_VERSION}"
            )
        return header

    def _lines(self) -> Iterator[tuple[int, bytes]]:
        try:
            with self._opened() as file:
                number = 0
                while line := file.readline(_LONGEST_LINE):
                    number += 1
                    yield number, line
        except (EOFError, zlib.error, gzip.BadGzipFile) as exc:
            raise NotPortable(f"{self._shown} is cut or damaged: {exc}") from exc
        except OSError as exc:
            raise NotPortable(f"{self._shown} cannot be read: {exc.strerror or exc}") from exc

    @contextmanager
    def _opened(self) -> Iterator[BinaryIO]:
        with self._path.open("rb") as raw:
            start = raw.read(2)
            raw.seek(0)
            if start == _GZIP:
                with gzip.open(raw, "rb") as unpacked:
                    yield cast(BinaryIO, unpacked)
            else:
                yield raw


def _object(line: bytes) -> dict[str, Any]:
    try:
        found = json.loads(line)
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def _kind(line: bytes) -> str:
    # As they are written; of any other line the checksum is wrong.
    return line[9 : line.find(b'"', 9)].decode("utf-8", "replace")
