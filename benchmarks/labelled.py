"""Labelled questions: functions of pinned packages, each asked for by the first sentence of its docstring."""

from __future__ import annotations

import ast
import hashlib
import importlib.metadata
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

PACKAGES = (
    "aiohttp",
    "click",
    "cryptography",
    "fsspec",
    "graphql-core",
    "httpx",
    "huggingface_hub",
    "hypothesis",
    "jsonschema",
    "mcp",
    "numpy",
    "pathspec",
    "pydantic",
    "pytest",
    "rich",
    "sqlglot",
    "starlette",
    "strawberry-graphql",
    "uvicorn",
    "websockets",
)
"""Distributions that `constraints.txt` pins: the same versions give the same sets."""

MOST = 1_500
MOST_A_PACKAGE = 200
_LINES = range(3, 81)
_WORDS = range(5, 41)
_LEAST_REST = 15
_SENTENCE = re.compile(r"(?<!\be\.g\.)(?<!\bi\.e\.)(?<=[.!?])\s+(?=[A-Z`*:\[])")
_TESTS = re.compile(r"(^|/)(tests?|testing|_vendor|vendored|conftest\.py)(/|$)|(^|/)test_")
_UNPRINTABLE = re.compile(r"[^\t\n\x20-\x7e\u00a0-\ufffd]")
_DECLARATION = re.compile(r"[_a-z][A-Z]|_")


@dataclass(frozen=True, slots=True)
class Example:
    """A function and the question that it answers; `code` and `rest` do not hold the question.

    `rest` is what the docstring says after its first sentence.
    """

    query: str
    name: str
    file: str
    code: str
    signature: str
    parameters: tuple[str, ...]
    calls: tuple[str, ...]
    rest: str


@cache
def examples() -> tuple[Example, ...]:
    """Return all functions that qualify, in an order that is stable but mixes the packages."""
    found = [one for package in PACKAGES for one in _of_package(package)]
    asked = Counter(one.query.casefold() for one in found)
    written = Counter(one.code for one in found)
    placed = Counter((one.file, one.name) for one in found)
    kept = [
        one
        for one in found
        if asked[one.query.casefold()] == written[one.code] == placed[one.file, one.name] == 1
    ]
    return tuple(sorted(kept, key=_drawn))


def drawn(count: int, *, with_rest: bool = False) -> list[Example]:
    """Return up to `count` examples, of each package at most 200; `with_rest`: those with more of a docstring."""
    taken: Counter[str] = Counter()
    chosen: list[Example] = []
    for one in examples():
        package = one.file.partition("/")[0]
        if taken[package] < MOST_A_PACKAGE and (not with_rest or len(one.rest.split()) >= _LEAST_REST):
            taken[package] += 1
            chosen.append(one)
    return chosen[:count]


def versions() -> str:
    """Return a digest of the packages' versions, by which runs can be compared."""
    told = " ".join(f"{package}={importlib.metadata.version(package)}" for package in PACKAGES)
    return hashlib.sha256(told.encode()).hexdigest()[:8]


def _drawn(one: Example) -> str:
    return hashlib.sha256(f"{one.file}:{one.name}".encode()).hexdigest()


def _of_package(package: str) -> Iterator[Example]:
    for path in importlib.metadata.files(package) or ():
        name = path.as_posix()
        if path.suffix == ".py" and not name.startswith("..") and not _TESTS.search(name):
            yield from _of_file(name, Path(str(path.locate())))


def _of_file(name: str, path: Path) -> Iterator[Example]:
    try:
        source = path.read_text(encoding="utf-8")
        tree = ast.parse(source)
    except (OSError, SyntaxError, UnicodeDecodeError):
        return
    lines = source.splitlines()
    for qualified, node in _functions(tree, ""):
        made = _example(name, qualified, node, lines)
        if made is not None:
            yield made


def _functions(tree: ast.AST, prefix: str) -> Iterator[tuple[str, ast.FunctionDef | ast.AsyncFunctionDef]]:
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.ClassDef):
            yield from _functions(node, f"{prefix}{node.name}.")
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield f"{prefix}{node.name}", node


def _example(
    file: str, name: str, node: ast.FunctionDef | ast.AsyncFunctionDef, lines: list[str]
) -> Example | None:
    docstring = ast.get_docstring(node)
    if docstring is None or not docstring.strip() or len(node.body) < 2:
        return None
    first, rest = _split(docstring)
    held = node.body[0]
    first_line = min([node.lineno, *(one.lineno for one in node.decorator_list)])
    code = "\n".join(
        [*lines[first_line - 1 : held.lineno - 1], *lines[held.end_lineno or 0 : node.end_lineno]]
    )
    bare = node.name.strip("_")
    is_told = bool(_DECLARATION.search(bare)) and bare.casefold() in first.casefold()
    if is_told or len(code.splitlines()) not in _LINES or len(first.split()) not in _WORDS:
        return None
    if first in code or _UNPRINTABLE.search(docstring + code):
        return None
    declared = " ".join(ast.unparse(node.args).split())
    returns = f" -> {ast.unparse(node.returns)}" if node.returns is not None else ""
    return Example(
        query=first,
        name=name,
        file=file,
        code=code,
        signature=f"{node.name}({declared}){returns}",
        parameters=tuple(arg.arg for arg in (*node.args.args, *node.args.kwonlyargs) if arg.arg != "self"),
        calls=tuple(_calls(node)),
        rest=rest,
    )


def _split(docstring: str) -> tuple[str, str]:
    """Return the first sentence on one line, and what follows."""
    paragraph, _, after = docstring.strip().partition("\n\n")
    sentences = _SENTENCE.split(" ".join(paragraph.split()), maxsplit=1)
    more = sentences[1] if len(sentences) > 1 else ""
    return sentences[0], f"{more}\n{after}".strip()


def _calls(node: ast.AST) -> dict[str, None]:
    called = [one.func for one in ast.walk(node) if isinstance(one, ast.Call)]
    return dict.fromkeys(
        one.attr if isinstance(one, ast.Attribute) else one.id
        for one in called
        if isinstance(one, ast.Attribute | ast.Name)
    )
