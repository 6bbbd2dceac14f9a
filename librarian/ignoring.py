"""Which files of a tree are source to be scanned: what git ignores, hides or generates is left out."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from librarian.languages import SUFFIXES
from librarian.roots import MOST_BYTES

if TYPE_CHECKING:
    from pathspec import GitIgnoreSpec

_NEVER = frozenset(("node_modules", "bower_components", "__pycache__", "__pypackages__"))
# Files that mark a directory as made by a tool: a virtual environment, a cache.
_MARKS = frozenset(("pyvenv.cfg", "CACHEDIR.TAG"))
_Rules = tuple[str, "GitIgnoreSpec"]


def project_root(path: Path) -> Path:
    """Return the directory that a project's paths are relative to: the git work tree around it, else itself."""
    start = path if path.is_dir() else path.parent
    return next((one for one in (start, *start.parents) if (one / ".git").exists()), start)


def source_files(root: Path, path: Path) -> Iterator[str]:
    """Yield the files under a path, relative to the root and with `/`, in order.

    Left out: links, hidden names, what a `.gitignore` on the way names, virtual environments and
    caches, minified files, and those without a grammar, empty, or of more than 2 MB.
    """
    rules: list[_Rules] = []
    for above in reversed([one for one in (path, *path.parents) if one == root or root in one.parents]):
        if above != path or path.is_dir():
            rules += _rules(root, above)
    if path.is_file():
        entry = path.relative_to(root).as_posix()
        if _is_source(path.name) and not _is_ignored(entry, rules):
            yield entry
        return
    yield from _under(root, path, rules)


def _under(root: Path, directory: Path, rules: Sequence[_Rules]) -> Iterator[str]:
    pending: list[tuple[Path, Sequence[_Rules]]] = [(directory, rules)]
    while pending:
        at, known = pending.pop()
        try:
            entries = sorted(os.scandir(at), key=lambda one: one.name)
        except OSError:
            continue
        if at != directory:
            if any(entry.name in _MARKS for entry in entries):
                continue
            known = [*known, *_rules(root, at)]
        deeper = []
        for entry in entries:
            named = Path(entry.path).relative_to(root).as_posix()
            if _is_directory(entry) and not _is_ignored(f"{named}/", known):
                deeper.append((Path(entry.path), known))
            elif _is_file(entry) and not _is_ignored(named, known):
                yield named
        pending += reversed(deeper)


def _is_seen(name: str) -> bool:
    # The server keeps no path with control characters or broken Unicode.
    return not name.startswith(".") and name.isprintable() and "\\" not in name


def _is_directory(entry: os.DirEntry[str]) -> bool:
    return entry.is_dir(follow_symlinks=False) and _is_seen(entry.name) and entry.name not in _NEVER


def _is_file(entry: os.DirEntry[str]) -> bool:
    if not (entry.is_file(follow_symlinks=False) and _is_seen(entry.name) and _is_source(entry.name)):
        return False
    try:
        return 0 < entry.stat(follow_symlinks=False).st_size <= MOST_BYTES
    except OSError:
        return False


def _is_source(name: str) -> bool:
    stem, dot, suffix = name.lower().rpartition(".")
    return dot + suffix in SUFFIXES and not stem.endswith((".min", ".d", ".bundle"))


def _rules(root: Path, directory: Path) -> Iterator[_Rules]:
    from pathspec import GitIgnoreSpec

    files = [directory / ".gitignore"]
    if directory == root:
        files.insert(0, root / ".git" / "info" / "exclude")
    for file in files:
        try:
            lines = file.read_text(encoding="utf-8", errors="replace").splitlines()
        except OSError:
            continue
        at = directory.relative_to(root).as_posix()
        yield ("" if at == "." else f"{at}/"), GitIgnoreSpec.from_lines(lines)


def _is_ignored(path: str, rules: Sequence[_Rules]) -> bool:
    """Tell what the deepest file of rules that speaks of a path says."""
    for prefix, spec in reversed(rules):
        said = spec.check_file(path.removeprefix(prefix)).include
        if said is not None:
            return said
    return False
