"""What a code base defines: its files are parsed by several processes, each function told once."""

from __future__ import annotations

import multiprocessing
import os
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from librarian.cutting import cut_of, printable
from librarian.definitions import Definition, TooSlow, definitions
from librarian.languages import language_of
from librarian.purposes import purpose

MOST_NAME_BYTES = 300
_FILES_FOR_PROCESSES = 200
_LONGEST_LINE = 5_000


@dataclass(slots=True)
class Scanned:
    """A file's functions as `registerFunctions` takes them, and the names of all its definitions."""

    file: str
    language: str = ""
    functions: list[dict[str, Any]] = field(default_factory=list)
    names: tuple[Definition, ...] = ()
    skipped: str = ""


def scan_file(root: str, file: str) -> Scanned:
    """Return what a file defines; one that cannot be read, is no text or minified is skipped, and why."""
    try:
        source = Path(root, file).read_bytes()
    except OSError as error:
        return Scanned(file, skipped=error.strerror or "cannot be read")
    language = language_of(file, source)
    if language is None or b"\0" in source[:8192]:
        return Scanned(file, skipped="no text")
    if max(map(len, source.split(b"\n"))) > _LONGEST_LINE:
        return Scanned(file, skipped="minified or generated")
    try:
        found = definitions(source, language)
    except TooSlow:
        return Scanned(file, skipped="takes too long to parse")
    scanned = Scanned(file, language.name, names=tuple(found))
    for one in _distinct(found):
        if len(one.name.encode()) > MOST_NAME_BYTES:
            continue
        cut = cut_of(source, one, language.name)
        scanned.functions.append(
            {
                "name": one.name,
                "file": file,
                "line": one.line,
                "purpose": printable(purpose(one.doc)),
                "code": cut.text,
                "language": language.name,
                "sourceHash": cut.source_hash,
            }
        )
    return scanned


def _distinct(found: Sequence[Definition]) -> list[Definition]:
    """Return what can be called from elsewhere; of overloads the one that says most."""
    longest: dict[str, Definition] = {}
    for one in found:
        if one.is_local or not one.has_body:
            continue
        known = longest.get(one.name)
        if known is None or one.end - one.start > known.end - known.start:
            longest[one.name] = one
    return list(longest.values())


def scan(root: Path, files: Sequence[str], processes: int | None = None) -> Iterator[Scanned]:
    """Yield what each file defines, in the files' order; many files are shared among processes."""
    processes = processes or os.cpu_count() or 1
    if processes == 1 or len(files) < _FILES_FOR_PROCESSES:
        yield from (scan_file(str(root), file) for file in files)
        return
    # Not forked: threads of a progress bar may hold locks.
    with ProcessPoolExecutor(processes, multiprocessing.get_context("spawn")) as pool:
        yield from pool.map(scan_file, [str(root)] * len(files), files, chunksize=16)
