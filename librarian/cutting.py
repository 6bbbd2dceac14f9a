"""Which part of a file is a function: by its grammar, else by braces or indentation, and how much of it is sent."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass

from librarian.definitions import Definition, TooSlow, definitions
from librarian.languages import Language, language_of, split_operator, without_arguments

MOST_LINES = 400
MOST_CHARACTERS = 12_000
MOST_LINES_BY_SHAPE = 200
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")


@dataclass(frozen=True, slots=True)
class Cut:
    """The source of one function. `source_hash` is that of the whole, `text` may leave out its middle."""

    text: str
    source_hash: str
    language: str
    line: int


def source_hash(text: str) -> str:
    """Return the SHA-256 (hex) by which the server knows changed code: white space at line ends does not count."""
    lines = [line.rstrip() for line in text.splitlines()]
    return hashlib.sha256("\n".join(lines).rstrip().encode()).hexdigest()


def printable(text: str) -> str:
    """Return a text with spaces for control characters, which the server refuses."""
    return _CONTROL.sub(" ", text)


def bounded(text: str) -> str:
    """Return a printable text of at most 400 lines and 12,000 characters; what its middle loses is told in it."""
    text = printable(text)
    lines = text.splitlines()
    if len(lines) > MOST_LINES:
        head, tail = MOST_LINES * 3 // 4, MOST_LINES // 4
        gap = f"[... {len(lines) - head - tail} lines are left out here ...]"
        text = "\n".join([*lines[:head], gap, *lines[-tail:]])
    if len(text) > MOST_CHARACTERS:
        head, tail = MOST_CHARACTERS * 3 // 4, MOST_CHARACTERS // 4
        gap = f"\n[... {len(text) - head - tail} characters are left out here ...]\n"
        text = text[:head] + gap + text[-tail:]
    return text


def cut(source: bytes, path: str, name: str, line: int | None) -> Cut | None:
    """Return the function of a name, the one nearest to the line where it has several; None: it is not there."""
    language = language_of(path, source)
    if language is not None:
        having = _parsed(source, language)
        found = match(having, name, line)
        if found is not None:
            return cut_of(source, found, language.name)
        if any(_last(one.name) == _last(plain(name)) for one in having):
            # The same name of another class is another function.
            return None
    text = source.decode("utf-8", "replace")
    at = _by_shape(text.splitlines(), name, line)
    if at is None:
        return None
    first, end = at
    whole = "\n".join(text.splitlines()[first:end])
    return Cut(bounded(whole), source_hash(whole), language.name if language else "", first + 1)


def _parsed(source: bytes, language: Language) -> list[Definition]:
    try:
        return definitions(source, language)
    except TooSlow:
        return []


def cut_of(source: bytes, found: Definition, language: str) -> Cut:
    """Return the source of a definition."""
    whole = source[found.start : found.end].decode("utf-8", "replace")
    return Cut(bounded(whole), source_hash(whole), language, found.line)


def plain(name: str) -> str:
    """Return a qualified name with dots between its parts, whatever its language writes there."""
    name = re.sub(r"\(\*?\s*([\w.]+)(?:\[[^\]]*\])?\s*\)\s*\.", r"\1.", name.strip())
    head, sign, operator = split_operator(name)
    head = re.sub(r"\(.*", "", head, flags=re.DOTALL)
    head = re.sub(r"::|#(?=\w)(?<!\.#)|->|/", ".", without_arguments(head))
    head = re.sub(r"\s+", "", head).strip(".")
    if not sign:
        return head
    symbol = "()" if operator.startswith("()") else operator.partition("(")[0].rstrip()
    return f"{head}.{sign}{symbol}" if head else sign + symbol


def match(among: Sequence[Definition], name: str, line: int | None) -> Definition | None:
    """Return the definition that a name means: spelled so, else by the end of either name."""
    wanted = plain(name)
    best: tuple[tuple[int, bool, int], Definition] | None = None
    for one in among:
        # Some names, as of methods of a Rust tuple, are none to be read in parts.
        rank = 0 if one.name == name else _rank(one.name, wanted)
        if rank is None:
            continue
        near = abs(one.line - line) if line else one.start - one.end
        key = (rank, not one.has_body, near)
        if best is None or key < best[0]:
            best = key, one
    return best[1] if best else None


def _last(name: str) -> str:
    return name.rpartition(".")[2]


def _rank(having: str, wanted: str) -> int | None:
    if not wanted:
        return None
    if having == wanted:
        return 0
    if having.endswith(f".{wanted}"):
        return 1
    if not wanted.endswith(f".{having}"):
        return None
    # The rest may be a package; a class that has no such method is another function.
    before = wanted.removesuffix(f".{having}").split(".")
    return 1000 - len(having) if "." in having or all(part[:1].islower() for part in before) else None


_OPENS = re.compile(r"\b(?:def|func|function|fn|fun|sub|proc|defp?|method|macro|procedure)\b", re.IGNORECASE)


def _by_shape(lines: list[str], name: str, line: int | None) -> tuple[int, int] | None:
    """Return the first line of what a name begins and the line after it, counted from 0."""
    last = re.escape(plain(name).rpartition(".")[2])
    named = re.compile(rf"(?<![\w$]){last}(?![\w$])") if last else None
    places = [n for n, told in enumerate(lines) if named is not None and named.search(told)]
    if not places:
        return None

    def key(n: int) -> tuple[bool, int]:
        begins = bool(_OPENS.search(lines[n])) or lines[n].rstrip().endswith(("{", ":"))
        return not begins, abs(n + 1 - line) if line else n

    first = min(places, key=key)
    if key(first)[0]:
        # It is named there, but nothing begins there.
        return None
    end = _closing_brace(lines, first) or _dedent(lines, first)
    while first > 0 and re.match(r"\s*(?://|#|--|\*|/\*|@|;|\"\"\")", lines[first - 1]):
        first -= 1
    return first, end


def _closing_brace(lines: list[str], first: int) -> int | None:
    depth, opened = 0, False
    for n in range(first, min(first + MOST_LINES_BY_SHAPE, len(lines))):
        for c in lines[n]:
            depth += (c == "{") - (c == "}")
            opened = opened or c == "{"
        if opened and depth <= 0:
            return n + 1
        if not opened and n > first + 2:
            return None
    return None


def _dedent(lines: list[str], first: int) -> int:
    def indent(told: str) -> int:
        return len(told) - len(told.lstrip())

    end = first + 1
    most = min(first + MOST_LINES_BY_SHAPE, len(lines))
    while end < most and (not lines[end].strip() or indent(lines[end]) > indent(lines[first])):
        end += 1
    if end < most and re.match(r"\s*(?:end\b|\}|\)|done\b|fi\b|esac\b)", lines[end]):
        end += 1
    while not lines[end - 1].strip():
        end -= 1
    return end
