"""What may stand outside the literals of a statement: a second look, by characters, that shares nothing with the parser."""

from __future__ import annotations

import re

_NOWHERE = (";", "--", "/*", "*/", "{", "}", "\\", "?")
_BY_DIALECT = {
    "mysql": ("#", "@", ":="),
    "postgres": ("$",),
    "tsql": ("@",),
    "sqlite": ("@", "$", "#"),
}
_CLOSING = {"'": "'", '"': '"', "`": "`", "[": "]"}
_QUOTES = {"mysql": "'\"`", "postgres": "'\"", "tsql": "'\"[", "sqlite": "'\"`["}
_BLANKS = " \n\t"
_PREFIX = re.compile(r"[eE&]$")


def loose(sql: str, dialect: str) -> str:
    """Return what stands outside literals and quoted names and must not, or nothing.

    Comments, second statements, escapes of ODBC and parameters would mean to a driver or server
    what they do not mean to the parser.
    """
    forbidden = _NOWHERE + _BY_DIALECT[dialect]
    place = 0
    while place < len(sql):
        character = sql[place]
        if character in _QUOTES[dialect]:
            if dialect == "postgres" and character == "'" and _PREFIX.search(sql[max(place - 1, 0) : place]):
                return "an escape string"
            place = _end(sql, place, dialect)
            if place < 0:
                return "an open literal"
            continue
        for sign in forbidden:
            if sql.startswith(sign, place):
                return sign
        if character < " " and character not in _BLANKS:
            return "a control character"
        place += 1
    return ""


def _end(sql: str, start: int, dialect: str) -> int:
    """Return the place after the literal or quoted name that begins at `start`, -1 if it is open."""
    closing = _CLOSING[sql[start]]
    has_escapes = dialect == "mysql" and closing in "'\""
    place = start + 1
    while place < len(sql):
        if has_escapes and sql[place] == "\\":
            place += 2
        elif sql[place] != closing:
            place += 1
        elif sql.startswith(closing * 2, place):
            place += 2
        else:
            return place + 1
    return -1
