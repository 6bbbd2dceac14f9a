"""Where an export goes: to a file that is whole once it has its name, or to standard output."""

from __future__ import annotations

import contextlib
import errno
import gzip
import os
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

PARTIAL = ".part"
STANDARD = Path("-")
Write = Callable[[bytes], object]


@contextmanager
def written(target: Path) -> Iterator[Write]:
    """Give what writes to `target` (`-` is standard output); only its user can read it, for it holds secrets.

    Written as FILE.part, gzip if FILE ends in `.gz`, synced, and renamed when all is there. What fails
    leaves neither.

    Raises:
        OSError: it cannot be written.
    """
    if target == STANDARD:
        yield sys.stdout.buffer.write
        sys.stdout.buffer.flush()
        return
    if target.exists() and not target.is_file():
        # A device or a pipe would be gone for all others.
        raise OSError(errno.EINVAL, "it is no plain file", str(target))
    partial = target.with_name(target.name + PARTIAL)
    # A leftover may be readable to others: its mode would stay.
    partial.unlink(missing_ok=True)
    descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as file:
            if target.name.endswith(".gz"):
                # Without name and time in it, equal exports are equal files.
                with gzip.GzipFile("", "wb", compresslevel=6, fileobj=file, mtime=0) as packed:
                    yield packed.write
            else:
                yield file.write
            file.flush()
            os.fsync(file.fileno())
        partial.replace(target)
    except BaseException:
        with contextlib.suppress(OSError):
            partial.unlink()
        raise


@contextmanager
def readable(source: Path) -> Iterator[Path]:
    """Give the file to read; standard input is kept in a temporary one, for it must be read twice."""
    if source != STANDARD:
        yield source
        return
    with tempfile.NamedTemporaryFile(prefix="interlock-import-") as kept:
        shutil.copyfileobj(sys.stdin.buffer, kept)
        kept.flush()
        yield Path(kept.name)
