"""Which files may be read: regular ones under a project's roots, and nothing else. What a model sees was read here."""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

MOST_BYTES = 2_000_000
EVERY_PROJECT = "*"
_KEYS = re.compile(
    r"\.(?:pem|key|p12|pfx|jks|keystore|kdbx|crt|der)$|^id_(?:rsa|dsa|ecdsa|ed25519)", re.IGNORECASE
)


class Refused(Exception):
    """A file is not read; the message says why, without any of its content."""


class Absent(Refused):
    """There is no such file under the roots."""


@dataclass(frozen=True, slots=True)
class Source:
    """A file that was read: its path under the root, and its bytes."""

    path: str
    content: bytes


def project_name(name: str) -> str:
    """Return a project's name as the server writes it."""
    return re.sub(r"[-\s]+", "_", name.strip().lower())


class Roots:
    """The directories that a project's source lies in; `*` are those of every project."""

    def __init__(self, directories: Mapping[str, Sequence[Path]]) -> None:
        self._of = {
            name if name == EVERY_PROJECT else project_name(name): tuple(directories[name])
            for name in directories
        }

    @property
    def projects(self) -> list[str] | None:
        """The projects that have roots; None: every project has."""
        return None if EVERY_PROJECT in self._of else list(self._of)

    def read(self, project: str, file: str) -> Source:
        """Return a file that a function of a project names, of at most 2 MB.

        Links and `..` are resolved before it is decided whether the path lies under a root.

        Raises:
            Refused: it lies elsewhere, is hidden, no regular file, too large, or not text.
            Absent: there is none.
        """
        roots = (*self._of.get(project_name(project), ()), *self._of.get(EVERY_PROJECT, ()))
        if not roots:
            raise Refused(f"project {project} has no directory in LIBRARIAN_PROJECT_ROOTS")
        if not file or "\0" in file or len(file) > 4096:
            raise Refused("its file has no possible name")
        said: Refused = Absent(f"{file} is not under the project's roots")
        for root in roots:
            try:
                return _read(root, file.replace("\\", "/"))
            except Refused as refusal:
                said = said if isinstance(refusal, Absent) else refusal
        raise said


def _read(root: Path, file: str) -> Source:
    try:
        real_root = os.path.realpath(root, strict=True)
        real = os.path.realpath(os.path.join(real_root, file), strict=True)  # noqa: PTH118 - one call with the next
    except (OSError, ValueError) as error:
        # Whether a path beyond the roots exists is not told.
        raise Absent(f"{file} is not under the project's roots") from error
    if os.path.commonpath((real_root, real)) != real_root or real == real_root:
        raise Refused(f"{file} leads out of the project's roots")
    parts = Path(os.path.relpath(real, real_root)).parts
    if any(part.startswith(".") for part in parts) or _KEYS.search(parts[-1]):
        raise Refused(f"{file} is hidden or looks like a key: it is not read")
    opened = _opened(real_root, parts, file)
    try:
        content = _content(opened, file)
    finally:
        os.close(opened)
    return Source("/".join(parts), content)


_FLAGS = os.O_RDONLY | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_BINARY", 0)
_NO_LINK = getattr(os, "O_NOFOLLOW", 0)
_NO_WAIT = getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_NOCTTY", 0)
_DIRECTORY = getattr(os, "O_DIRECTORY", 0)


def _opened(root: str, parts: Sequence[str], file: str) -> int:
    """Open a resolved path one directory at a time: a link put there since is not followed."""
    try:
        if os.open not in os.supports_dir_fd:
            return os.open(os.path.join(root, *parts), _FLAGS | _NO_LINK | _NO_WAIT)  # noqa: PTH118
        at = os.open(root, _FLAGS | _DIRECTORY)
        try:
            for part in parts[:-1]:
                deeper = os.open(part, _FLAGS | _DIRECTORY | _NO_LINK, dir_fd=at)
                os.close(at)
                at = deeper
            return os.open(parts[-1], _FLAGS | _NO_LINK | _NO_WAIT, dir_fd=at)
        finally:
            os.close(at)
    except OSError as error:
        raise Refused(f"{file} cannot be read: {error.strerror}") from error


def _content(opened: int, file: str) -> bytes:
    status = os.fstat(opened)
    if not stat.S_ISREG(status.st_mode):
        raise Refused(f"{file} is no regular file")
    if status.st_size > MOST_BYTES:
        raise Refused(f"{file} has more than {MOST_BYTES:,} bytes")
    try:
        with os.fdopen(opened, "rb", closefd=False) as stream:
            content = stream.read(MOST_BYTES + 1)
    except OSError as error:
        raise Refused(f"{file} cannot be read: {error.strerror}") from error
    if len(content) > MOST_BYTES:
        raise Refused(f"{file} has more than {MOST_BYTES:,} bytes")
    if b"\0" in content[:8192]:
        raise Refused(f"{file} is no text")
    return content
