"""What a failure of SQLite means to a caller."""

from __future__ import annotations

import sqlite3
from pathlib import Path

from store.errors import StoreError, Unavailable

_MEANINGS = (
    ("SQLITE_FULL", "the disk is full", "free space on the volume of {path}"),
    (
        "SQLITE_READONLY",
        "the data directory is read-only",
        "let this user write to {path}, or choose another directory with INTERLOCK_DATA",
    ),
    (
        "SQLITE_CANTOPEN",
        "the database cannot be opened",
        "check that {path} exists and that this user may write to it",
    ),
    ("SQLITE_PERM", "the database may not be opened", "let this user read and write {path}"),
    (
        "SQLITE_IOERR",
        "the disk reports an error",
        "check the volume of {path}: its health, its quota and its free space",
    ),
    ("SQLITE_BUSY", "another program keeps the database locked", "close what else has {path} open"),
    ("SQLITE_LOCKED", "another program keeps the database locked", "close what else has {path} open"),
    ("SQLITE_CORRUPT", "the database is damaged", "restore {path} from a backup"),
    ("SQLITE_NOTADB", "the file is not a database", "move {path} away, or restore it from a backup"),
    ("SQLITE_NOMEM", "there is not enough memory", "give the server more memory"),
)


def unavailable(exc: sqlite3.Error | OSError, path: Path) -> Unavailable:
    """Return why the store at `path` cannot serve, and what a person can do about it."""
    if isinstance(exc, OSError):
        return Unavailable(
            f"{path} cannot be used: {exc.strerror or exc}",
            f"let this user write to {path}, or choose another directory with INTERLOCK_DATA",
        )
    name = getattr(exc, "sqlite_errorname", "") or ""
    for prefix, reason, hint in _MEANINGS:
        if name.startswith(prefix):
            return Unavailable(f"{reason} ({exc})", hint.format(path=path))
    return Unavailable(f"the database failed: {exc}", f"look at {path} and the server's log")


def translate(exc: Exception, path: Path) -> Exception:
    """Return what a caller gets for an error of one call: ours as they are, the driver's translated."""
    if isinstance(exc, sqlite3.DataError | OverflowError):
        return ValueError(str(exc))
    if isinstance(exc, sqlite3.Error | OSError) and not isinstance(exc, StoreError):
        return unavailable(exc, path)
    return exc


def broken_key(exc: sqlite3.IntegrityError) -> tuple[str, ...]:
    """Return the fields of the unique key that a write would break; empty if it is another constraint."""
    text = str(exc)
    prefix = "UNIQUE constraint failed: "
    if not text.startswith(prefix):
        return ()
    return tuple(part.rpartition(".")[2] for part in text[len(prefix) :].split(", "))
