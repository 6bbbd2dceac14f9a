"""Where the functions of a source file begin and end, and by what qualified name each goes."""

from __future__ import annotations

import inspect
import time
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING

from librarian.languages import Language, parser, text

if TYPE_CHECKING:
    from tree_sitter import Node

MOST_DEFINITIONS = 20_000
MOST_SECONDS = 3.0
_READ_BYTES = 262_144
_MOST_COST = 200_000_000


class TooSlow(Exception):
    """A source takes too long to parse."""


@dataclass(frozen=True, slots=True)
class Definition:
    """A function of a file: `start` and `end` are bytes, decorators and comments above included.

    `line` counts from 1 and is the definition's own. `is_local`: it stands inside another function.
    """

    name: str
    line: int
    start: int
    end: int
    is_local: bool
    has_body: bool
    doc: str


def definitions(source: bytes, language: Language) -> list[Definition]:
    """Return the functions of a source in their order, at most 20,000; what does not parse is passed over.

    Raises:
        TooSlow: it takes longer than 3 seconds, as sources made to be slow do.
    """
    source = source.replace(b"\r\n", b" \n").replace(b"\r", b"\n")
    until = time.monotonic() + MOST_SECONDS
    captured = _captured(source, language, until)
    nodes = [(node, kind) for kind in "dsa" for node in captured.get(kind, ())]
    nodes.sort(key=lambda pair: (pair[0].start_byte, -pair[0].end_byte, "sda".index(pair[1])))
    found: list[Definition] = []
    for one in islice(_assembled(source, nodes, language), MOST_DEFINITIONS):
        # What surrounds a node is found from the root: deep down that takes long.
        if time.monotonic() > until:
            raise TooSlow
        found.append(one)
    return found


def _captured(source: bytes, language: Language, until: float) -> dict[str, list[Node]]:
    from tree_sitter import QueryCursor

    parsing, query = parser(language.name)

    def is_over(*_: object) -> bool:
        return time.monotonic() > until

    def read(at: int, _: object) -> bytes:
        return source[at : at + _READ_BYTES]

    try:
        tree = parsing.parse(read, progress_callback=is_over)
    except ValueError as error:
        parsing.reset()
        raise TooSlow from error
    # The query's own callback crashes the interpreter (tree-sitter 0.26.1), so its cost is judged before.
    if _cost(tree.root_node) > _MOST_COST or is_over():
        raise TooSlow
    return QueryCursor(query).captures(tree.root_node)


def _cost(root: Node) -> int:
    """Return what a query costs beyond the usual: it is the square of what stands in each broken part."""
    cost, broken = 0, [root] if root.has_error else []
    while broken and cost <= _MOST_COST:
        node = broken.pop()
        cost += node.child_count * (node.child_count if node.is_error else 1)
        if cost <= _MOST_COST:
            broken += [one for one in node.children if one.has_error]
    return cost


def _assembled(source: bytes, nodes: list[tuple[Node, str]], language: Language) -> Iterator[Definition]:
    # What encloses the node at hand: the byte where it ends, its name, whether it is a function.
    around: list[tuple[int, str, bool]] = []
    for node, kind in nodes:
        while around and around[-1][0] <= node.start_byte:
            around.pop()
        # On one line, as the server keeps it.
        name = "" if kind == "a" else " ".join(language.named(node).split())
        if kind == "d" and name:
            qualified = ".".join([part for _, part, _ in around if part] + [name])
            is_local = any(is_function for _, _, is_function in around)
            yield _definition(source, node, qualified, is_local)
        around.append((node.end_byte, name, kind != "s"))


_WRAPPERS = frozenset(
    (
        "ambient_declaration",
        "decorated_definition",
        "export_statement",
        "expression_statement",
        "lexical_declaration",
        "template_declaration",
        "var_declaration",
        "variable_declaration",
    )
)
_COMMENTS = frozenset(("comment", "line_comment", "block_comment"))
_ATTRIBUTES = frozenset(("decorator", "attribute_item"))
_VALUES = ("value", "right", "declaration")


def _definition(source: bytes, node: Node, name: str, is_local: bool) -> Definition:
    whole = node
    while whole.parent is not None and whole.parent.type in _WRAPPERS and _alone(whole, whole.parent):
        whole = whole.parent
    start, comments = _above(source, whole)
    if not source[_line_start(source, start) : start].strip():
        start = _line_start(source, start)
    body = node.child_by_field_name("body")
    has_body = body is not None or any(node.child_by_field_name(field) for field in _VALUES)
    doc = _docstring(body) if node.type == "function_definition" and body and body.type == "block" else ""
    return Definition(
        name, node.start_point[0] + 1, start, whole.end_byte, is_local, has_body, doc or "\n".join(comments)
    )


def _alone(node: Node, parent: Node) -> bool:
    """Tell whether a wrapper wraps this one definition and no other."""
    if node.type in ("variable_declarator", "var_spec"):
        return sum(one.type == node.type for one in parent.named_children) == 1
    return True


def _line_start(source: bytes, at: int) -> int:
    return source.rfind(b"\n", 0, at) + 1


def _above(source: bytes, node: Node) -> tuple[int, list[str]]:
    """Return where the comments and attributes directly above a node begin, and the comments."""
    first, comments = node, list[str]()
    while (above := first.prev_sibling) is not None and above.type in _COMMENTS | _ATTRIBUTES:
        begins_its_line = not source[_line_start(source, above.start_byte) : above.start_byte].strip()
        # A comment that ends with its line break ends in the next row.
        ends = above.end_point[0] - (above.end_point[1] == 0)
        if not begins_its_line or ends + 1 < first.start_point[0]:
            break
        if above.type in _COMMENTS:
            comments.append(text(above).rstrip())
        first = above
    return first.start_byte, comments[::-1]


def _docstring(body: Node) -> str:
    first = next(iter(body.named_children), None)
    string = first.named_children[0] if first is not None and first.named_child_count else None
    if first is None or first.type != "expression_statement" or string is None or string.type != "string":
        return ""
    return inspect.cleandoc(
        "".join(text(one) for one in string.named_children if one.type == "string_content")
    )
