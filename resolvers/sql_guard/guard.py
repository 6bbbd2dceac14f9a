"""Whether a statement only reads: parsed whole, every part of it on a list, and what runs is written anew from that."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum
from functools import cache
from typing import TYPE_CHECKING, Any

from resolvers.errors import BadInput, Unready
from resolvers.sql_guard import tables as sql_guard_tables
from resolvers.sql_guard.columns import hidden_call
from resolvers.sql_guard.functions import FORMATTING, FUNCTIONS, LENGTHENING, MOST_REPEATED
from resolvers.sql_guard.nodes import (
    ARGUMENTS,
    NODES,
    REFUSED_BY_NAME,
    SAMPLES,
    STATEMENT_WORDS,
    SYNTAX,
    TABLE_HINTS,
)
from resolvers.sql_guard.text import loose

if TYPE_CHECKING:
    from sqlglot import Dialect, exp
    from sqlglot.generator import Generator
    from sqlglot.parser import Parser

MAX_STATEMENT_BYTES = 20_000
MAX_TOKENS = 4_000
MAX_NESTING = 60
DIALECTS = tuple(FUNCTIONS)
HINT = "One statement that only reads is served: SELECT, WITH ... SELECT, VALUES, and set operations of them."
ROOTS = frozenset({"Select", "Union", "Intersect", "Except", "Subquery", "Values"})

_WIDE = re.compile(r"%[^a-zA-Z%]*(\d{4}|\*)")
_PLAIN = (str, bool, int, float, Enum)


class Refused(BadInput):
    """The statement does more than read, or may."""

    def __init__(self, what: str) -> None:
        super().__init__("query", f"refused: {what}", hint=HINT)


@dataclass(frozen=True, slots=True)
class Statement:
    """A statement that was let through: `sql` is what may run, at most `rows` rows of which come back."""

    sql: str
    rows: int


def guarded(text: str, *, dialect: str, database: str, rows: int) -> Statement:
    """Return what may run in place of `text`, a query of `database` in a dialect of `DIALECTS`.

    The statement is limited to `rows` rows where its form allows it. Takes milliseconds of pure
    computing; not for the event loop.

    Raises:
        Refused: it is not one statement of which every part is on the lists; the message names what is not.
        BadInput: it does not parse.
        Unready: the parser is not installed.
    """
    try:
        tree = _parsed(text, dialect)
        _check(tree, dialect, database)
        tree = _limited(tree, dialect, rows)
        sql = _written(tree, dialect)
        _check_again(sql, dialect, database)
    except RecursionError:
        raise Refused("it is nested too deeply") from None
    return Statement(sql, rows)


@cache
def _language(name: str) -> tuple[Dialect, type[Parser]]:
    """Return the dialect and its parser, which takes functions by their names alone.

    sqlglot would make most of them nodes of its own and write some back as others; so each one is
    checked by the name that the server will see.
    """
    try:
        from sqlglot.dialects.dialect import Dialect
    except ImportError as error:
        raise Unready(
            "querying databases is not installed", hint="Install it: pip install 'interlock[databases]'"
        ) from error
    logging.getLogger("sqlglot").setLevel(logging.ERROR)
    dialect = Dialect.get_or_raise(name)
    known = dialect.parser_class
    syntax = {key: value for key, value in known.FUNCTION_PARSERS.items() if key in SYNTAX}
    # `a -> 'b'` is a look into JSON in these dialects, never a lambda.
    lambdas = {key: value for key, value in known.LAMBDAS.items() if key.name != "ARROW"}
    parser = type("ByName", (known,), {"FUNCTIONS": {}, "FUNCTION_PARSERS": syntax, "LAMBDAS": lambdas})
    return dialect, parser


@cache
def _writer(name: str) -> type[Generator]:
    from sqlglot import exp

    known = _language(name)[0].generator_class
    if name != "mysql":
        return known
    # MariaDB has no REGEXP_LIKE, which is what the parser's own writer makes of REGEXP.
    plain = {exp.RegexpLike: lambda self, node: self.binary(node, "REGEXP")}
    # Quoted, `dual` would be a table.
    reserved = known.RESERVED_KEYWORDS - {"dual"}
    return type("Plain", (known,), {"TRANSFORMS": known.TRANSFORMS | plain, "RESERVED_KEYWORDS": reserved})


def _parsed(text: str, name: str) -> exp.Expr:
    from sqlglot.errors import ErrorLevel, SqlglotError

    if len(text.encode()) > MAX_STATEMENT_BYTES:
        raise BadInput("query", f"is longer than {MAX_STATEMENT_BYTES:,} bytes")
    dialect, parser = _language(name)
    try:
        tokens = dialect.tokenize(text)
        _check_tokens(tokens, name)
        trees = parser(dialect=dialect, error_level=ErrorLevel.IMMEDIATE).parse(tokens, text)
    except SqlglotError as error:
        raise BadInput("query", f"cannot be parsed: {_first_line(error)}", hint=HINT) from error
    except (ValueError, TypeError, AttributeError, IndexError, KeyError) as error:
        # The parser meets some broken statements with errors of Python's own.
        raise BadInput("query", "cannot be parsed", hint=HINT) from error
    statements = [tree for tree in trees if tree is not None]
    if len(statements) != 1:
        raise Refused(f"there are {len(statements)} statements" if statements else "there is no statement")
    if type(statements[0]).__name__ not in ROOTS:
        raise Refused(_kind(statements[0]))
    return statements[0]


def _first_line(error: Exception) -> str:
    # The parser underlines the place with terminal codes.
    return re.sub(r"\x1b\[\d*m", "", str(error)).split("\n")[0][:300]


def _check_tokens(tokens: list[Any], dialect: str) -> None:
    if len(tokens) > MAX_TOKENS:
        raise Refused(f"it has more than {MAX_TOKENS:,} parts")
    depth = 0
    for token in tokens:
        kind = token.token_type.name
        depth += (kind == "L_PAREN") - (kind == "R_PAREN")
        if depth > MAX_NESTING or kind == "HINT":
            raise Refused("it is nested too deeply" if kind != "HINT" else REFUSED_BY_NAME["Hint"])
        if dialect == "mysql" and any(comment.startswith(("!", "M!")) for comment in token.comments):
            raise Refused("comments that the server executes (/*! ... */)")


def _check(tree: exp.Expr, dialect: str, database: str) -> None:
    for node in _nodes(tree):
        name = type(node).__name__
        if name not in NODES:
            raise Refused(_kind(node))
        allowed = ARGUMENTS.get(name)
        for key, value in node.args.items():
            if allowed is not None and value and key not in allowed:
                raise Refused(_argument(key, value))
        check = _CHECKS.get(name)
        if check is not None:
            check(node, dialect, database)
    if dialect == "postgres":
        call = hidden_call(_nodes(tree))
        if call:
            raise Refused(f"the column {call[:80]} may be a call of a function")


def _nodes(tree: exp.Expr) -> Iterator[exp.Expr]:
    """Yield every node, in whatever argument it stands."""
    waiting: list[Any] = [tree]
    while waiting:
        value = waiting.pop()
        if hasattr(value, "args"):
            yield value
            waiting.extend(value.args.values())
        elif isinstance(value, list | tuple):
            waiting.extend(value)
        elif value is not None and not isinstance(value, _PLAIN):
            raise Refused(f"a part of an unknown kind ({type(value).__name__})")


def _kind(node: exp.Expr) -> str:
    return REFUSED_BY_NAME.get(type(node).__name__, f"{_words(node)} is not on the list of what only reads")


def _words(node: exp.Expr) -> str:
    return re.sub(r"(?<=[a-z])(?=[A-Z])", " ", type(node).__name__).upper()


def _argument(key: str, value: Any) -> str:
    inner = value[0] if isinstance(value, list) else value
    name = type(inner).__name__
    said = name if name in REFUSED_BY_NAME else {"into": "Into", "locks": "Lock", "hint": "Hint"}.get(key, "")
    return REFUSED_BY_NAME.get(said, f"{key.strip('_').replace('_', ' ')} of a query")


def _function(node: Any, dialect: str, database: str) -> None:
    called = node.this if isinstance(node.this, str) else node.this.name
    name = called.lower()
    if name not in FUNCTIONS[dialect]:
        raise Refused(f"the function {called[:80]} is not on the list of what only computes")
    arguments = node.expressions
    if name in LENGTHENING and len(arguments) > LENGTHENING[name]:
        times = arguments[LENGTHENING[name]]
        if not _is_number(times) or int(times.this) > MOST_REPEATED:
            raise Refused(f"{name} is served with a number up to {MOST_REPEATED:,}, written out")
    if name in FORMATTING and dialect in ("sqlite", "postgres") and arguments:
        template = arguments[0]
        if type(template).__name__ != "Literal" or _WIDE.search(str(template.this)):
            raise Refused(f"{name} is served with its template written out, and no widths over 999")


def _table(node: Any, dialect: str, database: str) -> None:
    _from_item(node.this)
    if type(node.this).__name__ == "Identifier":
        if node.this.args.get("global_"):
            raise Refused("temporary tables of other sessions")
        why = sql_guard_tables.objection(dialect, database, (node.catalog, node.db, node.name))
        if why:
            raise Refused(why)
        if dialect == "tsql" and node.alias_column_names:
            # There a table takes no names for its columns: what stands so are hints without WITH.
            raise Refused(f"the table hint {node.alias_column_names[0].upper()[:40]} is not served")
    elif node.args.get("db") or node.args.get("catalog"):
        raise Refused(REFUSED_BY_NAME["Dot"])
    for hint in node.args.get("hints") or ():
        for one in hint.expressions if type(hint).__name__ == "WithTableHint" else ():
            if one.name.lower() not in TABLE_HINTS:
                raise Refused(f"the table hint {one.name.upper()[:40]} is not served")


def _lateral(node: Any, dialect: str, database: str) -> None:
    _from_item(node.this)


def _from_item(node: Any) -> None:
    if type(node).__name__ not in ("Identifier", "Anonymous", "OpenJSON", "Subquery", "Unnest"):
        raise Refused(f"{_words(node)} in place of a table")


def _identifier(node: Any, dialect: str, database: str) -> None:
    if dialect == "tsql" and not node.args.get("quoted") and node.name.lower() in STATEMENT_WORDS:
        raise Refused(f"{node.name.upper()} begins another statement; quote it if it is a name")


def _sample(node: Any, dialect: str, database: str) -> None:
    method = node.args.get("method")
    if method is not None and method.name.lower() not in SAMPLES:
        raise Refused(f"the sampling method {method.name[:40]}")


def _select(node: Any, dialect: str, database: str) -> None:
    if not node.expressions:
        raise Refused("a query that selects nothing")


def _match(node: Any, dialect: str, database: str) -> None:
    if any(one is None for one in node.expressions):
        raise Refused("a match against nothing")


_CHECKS = {
    "MatchAgainst": _match,
    "Anonymous": _function,
    "Identifier": _identifier,
    "Lateral": _lateral,
    "Select": _select,
    "Table": _table,
    "TableSample": _sample,
}


def _is_number(node: Any) -> bool:
    return type(node).__name__ == "Literal" and not node.is_string and str(node.this).isdecimal()


def _limited(tree: exp.Expr, dialect: str, rows: int) -> exp.Expr:
    """Let the outermost query return `rows` rows at most; what it asks for itself stays if it is less."""
    from sqlglot import exp

    if isinstance(tree, exp.Values):
        # Some drivers take only what begins with SELECT or WITH for a query.
        tree = exp.select("*").from_(exp.alias_(tree, "v", table=True))
    _limit(tree, dialect, rows)
    return tree


def _limit(tree: Any, dialect: str, rows: int) -> None:
    from sqlglot import exp

    given = tree.args.get("limit")
    if given is None:
        if dialect == "tsql":
            _limit_of_tsql(tree, rows)
        else:
            tree.set("limit", exp.Limit(expression=exp.Literal.number(rows)))
        return
    key = "count" if isinstance(given, exp.Fetch) else "expression"
    options = given.args.get("limit_options")
    if options is not None and (options.args.get("with_ties") or options.args.get("percent")):
        if dialect != "tsql":
            raise Refused("WITH TIES and PERCENT at the end of the query")
        return
    count = given.args.get(key)
    while isinstance(count, exp.Paren):
        count = count.this
    if not _is_number(count):
        raise Refused("a limit that is not a number written out")
    given.set(key, exp.Literal.number(min(int(count.this), rows)))


def _limit_of_tsql(tree: Any, rows: int) -> None:
    from sqlglot import exp

    if not isinstance(tree, exp.Select):
        return  # TOP would bind to the first query of the set only; the connection's ROWCOUNT limits it
    if tree.args.get("offset") is not None:
        tree.set("limit", exp.Fetch(direction="NEXT", count=exp.Literal.number(rows)))
    else:
        tree.set("limit", exp.Limit(expression=exp.Literal.number(rows)))


def _written(tree: exp.Expr, name: str) -> str:
    from sqlglot.errors import ErrorLevel, SqlglotError

    dialect, _ = _language(name)
    writer = _writer(name)
    try:
        return writer(
            dialect=dialect, comments=False, normalize_functions=False, unsupported_level=ErrorLevel.RAISE
        ).generate(tree)
    except (SqlglotError, ValueError, TypeError, AttributeError, KeyError) as error:
        raise BadInput("query", f"cannot be served: {_first_line(error)}", hint=HINT) from error


def _check_again(sql: str, dialect: str, database: str) -> None:
    """Check what was written as if it had been given: it must pass, and mean itself."""
    fault = loose(sql, dialect)
    if fault:
        raise Refused(f"{fault} outside literals")
    tree = _parsed(sql, dialect)
    _check(tree, dialect, database)
    if _written(tree, dialect) != sql:
        raise Refused("it cannot be written unambiguously")
