"""What a path in a project is: its one spelling, what it overlaps, and which globs it matches."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from resolvers.errors import BadInput
from resolvers.rules import MAX_PATH, MAX_PATHS
from store.port import AnyOf, Condition, In, Prefix

ROOT = "./"
MAX_DEPTH = 64
MAX_PATTERN = 256
_MOST_VALUES = 1_000
_DRIVE = re.compile(r"[A-Za-z]:")


def canonical_path(field: str, value: str, *, working_directory: str = "") -> str:
    """Return a path's one spelling, relative to the project's root: `/` between parts, NFC, case kept.

    A directory ends in `/`; the root itself is `./`. An absolute path is taken when it lies inside
    `working_directory`, and is then relative to it.

    Raises:
        BadInput: it is empty, leaves the root, is absolute elsewhere, has control characters, or is
            longer than 1,024 characters or deeper than 64 parts.
    """
    text = _plain(field, value)
    if _is_absolute(text):
        text = _inside(field, text, working_directory)
    parts = _resolved(text)
    if parts is None:
        raise BadInput(field, f"has {_shown(value)}, which leaves the project's root")
    if parts and _DRIVE.match(parts[0]):
        raise BadInput(field, f"has {_shown(value)}, which names a drive")
    if len(parts) > MAX_DEPTH:
        raise BadInput(field, f"has a path of more than {MAX_DEPTH} parts")
    is_directory = text.rsplit("/", 1)[-1] in ("", ".", "..")
    path = "/".join(parts) + "/" * is_directory if parts else ROOT
    if len(path) > MAX_PATH:
        raise BadInput(field, f"has a path longer than {MAX_PATH:,} characters")
    return path


def canonical_paths(
    field: str, values: Sequence[str] | None, *, working_directory: str = "", limit: int = MAX_PATHS
) -> tuple[str, ...]:
    """Return distinct canonical paths in the order given; of `a` and `a/` the directory is kept.

    Raises:
        BadInput: there are more than `limit`, or one of them is no path of the project.
    """
    values = values or ()
    if len(values) > limit:
        raise BadInput(
            field,
            f"has {len(values):,} entries, at most {limit} are taken",
            hint="Name a directory with a trailing / instead.",
        )
    kept: dict[str, str] = {}
    for value in values:
        path = canonical_path(field, value, working_directory=working_directory)
        if path.endswith("/") or key_of(path) not in kept:
            kept[key_of(path)] = path
    return tuple(kept.values())


def key_of(path: str) -> str:
    """Return what identifies the place of a canonical path, be it called a file or a directory."""
    return path.rstrip("/")


def overlaps(one: str, other: str) -> bool:
    """Tell whether two canonical paths are the same place or one lies under the other."""
    if ROOT in (one, other):
        return True
    first, second = key_of(one) + "/", key_of(other) + "/"
    return first.startswith(second) or second.startswith(first)


def covers(outer: str, inner: str) -> bool:
    """Tell whether `inner` is `outer` or lies under it."""
    return outer == ROOT or (key_of(inner) + "/").startswith(key_of(outer) + "/")


class Places:
    """Some paths made quick to compare with: one look-up a part, however many paths there are."""

    def __init__(self, paths: Iterable[str]) -> None:
        self._keys: set[str] = set()
        self._above: set[str] = set()
        self._all = False
        self.add(paths)

    def add(self, paths: Iterable[str]) -> None:
        """Take more paths in."""
        for path in paths:
            self._all = self._all or path == ROOT
            self._keys.add(key_of(path))
            self._above.update(_ancestors(key_of(path)))

    def touch(self, path: str) -> bool:
        """Tell whether `path` overlaps one of them."""
        key = key_of(path)
        if self._all or (path == ROOT and self._keys):
            return True
        return key in self._keys or key in self._above or any(a in self._keys for a in _ancestors(key))

    def cover(self, path: str) -> bool:
        """Tell whether `path` is one of them or lies under one."""
        key = key_of(path)
        return self._all or key in self._keys or any(a in self._keys for a in _ancestors(key))


def _ancestors(key: str) -> list[str]:
    parts = key.split("/")
    return ["/".join(parts[:count]) for count in range(1, len(parts))]


def overlapping(paths: Iterable[str]) -> dict[str, Condition]:
    """Return the condition on `path` that finds what overlaps any of `paths`, by index alone."""
    above: dict[str, None] = {ROOT: None}
    below: list[Prefix] = []
    for path in paths:
        if path == ROOT:
            return {}
        key = key_of(path)
        for ancestor in (*_ancestors(key), key):
            above[ancestor] = above[f"{ancestor}/"] = None
        below.append(Prefix(f"{key}/"))
    names = tuple(above)
    equal = [In(names[start : start + _MOST_VALUES]) for start in range(0, len(names), _MOST_VALUES)]
    return {"path": AnyOf((*equal, *below))}


def _plain(field: str, value: str) -> str:
    if not value or not value.strip():
        raise BadInput(field, "must not hold an empty path")
    if len(value) > 4 * MAX_PATH:
        raise BadInput(field, f"has a path longer than {MAX_PATH:,} characters")
    if any(unicodedata.category(character) in ("Cc", "Cs", "Zl", "Zp") for character in value):
        raise BadInput(field, "has a path with control characters or broken Unicode")
    return unicodedata.normalize("NFC", value).replace("\\", "/")


def _is_absolute(text: str) -> bool:
    return text.startswith("/") or _DRIVE.match(text) is not None


def _inside(field: str, text: str, working_directory: str) -> str:
    """Return the part of an absolute path below the working directory."""
    root = unicodedata.normalize("NFC", working_directory).replace("\\", "/")
    parts, above = _absolute(text), _absolute(root) if root else None
    if parts is None or not above or parts[: len(above)] != above:
        raise BadInput(
            field,
            f"has {_shown(text)}, which is absolute and not inside the session's working directory",
            hint="Give paths relative to the project's root, such as src/app.py.",
        )
    tail = "/" if text.rsplit("/", 1)[-1] in ("", ".", "..") else ""
    return "./" + "/".join(parts[len(above) :]) + tail


def _absolute(text: str) -> list[str] | None:
    """Return the drive (`/` where there is none) and the parts; None if it is not absolute."""
    drive = _DRIVE.match(text)
    rest = text[2:] if drive else text
    if not rest.startswith("/"):
        return None
    parts = _resolved(rest)
    if parts is None:
        return None
    return [drive.group().lower() if drive else "/", *parts]


def _resolved(text: str) -> list[str] | None:
    """Return the parts without `.`, `..` and empty ones; None if `..` leads out."""
    parts: list[str] = []
    for part in text.split("/"):
        if part == "..":
            if not parts:
                return None
            parts.pop()
        elif part not in ("", "."):
            parts.append(part)
    return parts


def _shown(value: str) -> str:
    return repr(value if len(value) <= 80 else value[:77] + "...")


@dataclass(frozen=True, slots=True)
class _Masks:
    """The bits of a pattern's tokens, by what each does on the next character."""

    literals: dict[str, int]
    one: int
    run: int
    any_run: int
    skip: int
    final: int


class Glob:
    """A pattern: `?` one character and `*` any of them within a part, `**` across parts.

    Without a `/` it is looked for at every depth. A match takes one step of a few integer
    operations a character, whatever the pattern is (all states of the automaton in one integer).
    """

    def __init__(self, pattern: str) -> None:
        self.prefix = ""
        text = re.sub(r"\*{3,}", "**", pattern)
        if "/" in text:
            self.prefix = re.split(r"[*?]", text, maxsplit=1)[0]
        else:
            text = f"**/{text}"
        self._masks = _compile(re.sub(r"(?:\*\*/)+(\*\*(?=$|/))?", _folded, text))
        self.steps = 0

    def matches(self, path: str) -> bool:
        """Tell whether the canonical `path` matches, with or without its trailing `/`."""
        return self._run(path) or (path.endswith("/") and self._run(key_of(path)))

    def _run(self, path: str) -> bool:
        masks = self._masks
        state = _closed(1, masks)
        for character in path:
            self.steps += 1
            stay = state & masks.any_run
            go = state & masks.literals.get(character, 0)
            if character != "/":
                stay |= state & masks.run
                go |= state & masks.one
            state = _closed(stay | (go << 1), masks)
            if not state:
                return False
        return bool(state & masks.final)


def _folded(match: re.Match[str]) -> str:
    return "**" if match.group(1) else "**/"


def _compile(text: str) -> _Masks:
    literals: dict[str, int] = {}
    one = run = any_run = skip = 0
    bit, at = 1, 0
    while at < len(text):
        if text.startswith("**", at):
            any_run |= bit
            # `**/` as a whole may match nothing, where a part begins.
            if text.startswith("**/", at) and (at == 0 or text[at - 1] == "/"):
                skip |= bit
            at += 2
        else:
            character = text[at]
            if character == "*":
                run |= bit
            elif character == "?":
                one |= bit
            else:
                literals[character] = literals.get(character, 0) | bit
            at += 1
        bit <<= 1
    return _Masks(literals, one, run, any_run, skip, bit)


def _closed(state: int, masks: _Masks) -> int:
    """Add the states reached without a character, until there are no more."""
    stars = masks.run | masks.any_run
    while True:
        grown = state | (state & stars) << 1 | (state & masks.skip) << 2
        if grown == state:
            return state
        state = grown


def glob(field: str, pattern: str) -> Glob:
    """Return the pattern ready to match.

    Raises:
        BadInput: it is empty, longer than 256 characters, or has control characters.
    """
    if len(pattern) > MAX_PATTERN:
        raise BadInput(field, f"is longer than {MAX_PATTERN} characters")
    text = _plain(field, pattern)
    if _is_absolute(text) or ".." in text.split("/"):
        raise BadInput(field, "must be relative to the project's root, without `..`")
    return Glob(re.sub(r"/(?:\./)+|/{2,}", "/", text).removeprefix("./") or "**")
