"""Who serves a data directory: one process at a time, known by a lock that dies with it."""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Mapping
from pathlib import Path

from store.errors import AlreadyServed

if sys.platform == "win32":
    import msvcrt
else:
    import fcntl

_NAME = "interlock.lock"
_FAR = 1 << 30
_PATIENCE_SECONDS = 0.3


def _try_lock(descriptor: int, *, shared: bool = False) -> bool:
    try:
        if sys.platform == "win32":
            # A byte far behind the text, for Windows lets nobody read what is locked.
            os.lseek(descriptor, _FAR, os.SEEK_SET)
            msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
        else:
            fcntl.flock(descriptor, (fcntl.LOCK_SH if shared else fcntl.LOCK_EX) | fcntl.LOCK_NB)
    except (BlockingIOError, PermissionError):
        return False
    return True


class DirectoryLock:
    """The exclusive right to serve a data directory."""

    def __init__(self, directory: Path, owner: Mapping[str, str]) -> None:
        """Take the lock and write down who has it.

        Raises:
            AlreadyServed: another process has it.
            OSError: the directory cannot be written.
        """
        self._descriptor = os.open(directory / _NAME, os.O_RDWR | os.O_CREAT, 0o600)
        until = time.monotonic() + _PATIENCE_SECONDS
        try:
            # `served_by` holds the lock for a moment, so one refusal is no proof of an owner.
            while not _try_lock(self._descriptor):
                if time.monotonic() > until:
                    raise AlreadyServed(str(directory))
                time.sleep(0.02)
            os.ftruncate(self._descriptor, 0)
            os.lseek(self._descriptor, 0, os.SEEK_SET)
            os.write(self._descriptor, json.dumps({"pid": str(os.getpid()), **owner}).encode())
        except BaseException:
            os.close(self._descriptor)
            raise

    def release(self) -> None:
        """Let another process serve the directory."""
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1


def served_by(directory: Path) -> dict[str, str] | None:
    """Return what the live owner of `directory` wrote down about itself, or None if nobody serves it."""
    try:
        descriptor = os.open(directory / _NAME, os.O_RDONLY if sys.platform != "win32" else os.O_RDWR)
    except FileNotFoundError:
        return None
    try:
        if _try_lock(descriptor, shared=True):
            return None
        os.lseek(descriptor, 0, os.SEEK_SET)
        written = json.loads(os.read(descriptor, 65_536) or b"{}")
        return {str(name): str(value) for name, value in written.items()}
    except json.JSONDecodeError:
        return {}
    finally:
        os.close(descriptor)
