"""Which directory a demo may fill, and what becomes of it."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from cli.failure import Failure

MARK = "interlock-demo"


@dataclass(frozen=True, slots=True)
class Scratch:
    """A directory for a demo, and how many have told their story in it."""

    path: Path
    told: int

    def note(self) -> None:
        """Write down that the directory holds a demo's past, whole, and that one more goes on from it."""
        (self.path / MARK).write_text(f"{self.told + 1}\n", encoding="utf-8")


@contextmanager
def scratch(kept: Path | None) -> Iterator[Scratch]:
    """Give the directory that is to be kept, else one that is removed at the end.

    Raises:
        Failure: the one to be kept holds other data, or cannot be made.
    """
    if kept is not None:
        yield _kept(kept.expanduser().absolute())
        return
    with tempfile.TemporaryDirectory(prefix="interlock-demo-") as folder:
        yield Scratch(Path(folder), 0)


def _kept(path: Path) -> Scratch:
    mark = path / MARK
    try:
        path.mkdir(parents=True, exist_ok=True)
        if any(path.iterdir()) and not mark.is_file():
            raise Failure(
                f"{path} holds other data: a demo takes a new or empty directory, or one of its own"
            )
        told = mark.read_text(encoding="utf-8").strip() if mark.is_file() else ""
        if mark.is_file() and not (told.isascii() and told.isdecimal()):
            raise Failure(
                f"{path} was left by a demo that did not come to its end: remove it, or take another"
            )
        if not told:
            mark.write_text("begun\n", encoding="utf-8")
    except OSError as error:
        raise Failure(f"{path} cannot be used: {(error.strerror or str(error)).lower()}") from error
    return Scratch(path, int(told or 0))
