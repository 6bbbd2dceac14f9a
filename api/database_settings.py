"""Which databases are registered: the variables `DB_<NAME>_*`, in one table."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from pathlib import Path

from store.databases import Database, Engine

FIELDS = {
    "TYPE": (
        "required",
        "`mssql`, `postgresql`, `mysql`, `mariadb` or `sqlite`. Registers the database as `<name>`.",
    ),
    "NAME": ("required", "The database's name on its server; of SQLite the path of the file."),
    "HOST": ("`127.0.0.1`", "The server's name or address; of MySQL and MariaDB also the path of a socket."),
    "PORT": ("the usual one", "The server's port."),
    "USER": ("none", "The account; give it no more rights than to read."),
    "PASS": ("none", "Its password, any characters."),
    "DRIVER": ("the best installed", "The ODBC driver's name or the path of its library."),
    "TIMEOUT": ("`30`", "Seconds after which a query is ended, 1 to 600."),
    "MAX_ROWS": ("`500`", "Most rows that a query returns, 1 to 10000."),
    "PROJECTS": ("all", "Projects whose callers may read it, comma-separated."),
    "READONLY": ("`true`", "Nothing else is served; `false` stops the start."),
}
"""What may be said of a database: default and meaning."""

_VARIABLE = re.compile(rf"DB_([A-Z0-9_]+?)_({'|'.join(FIELDS)})", re.IGNORECASE)
_ENGINES = {"postgres": Engine.POSTGRESQL, "postgresql": Engine.POSTGRESQL, "sqlserver": Engine.MSSQL} | {
    engine.value: engine for engine in Engine
}
_SECRET = frozenset({"PASS"})


class WrongVariable(ValueError):
    """A variable's value is wrong; the message names the variable."""


def registered(environment: Mapping[str, str | None]) -> tuple[Database, ...]:
    """Return the databases that the variables describe, by name; those without a `TYPE` are nobody's.

    Raises:
        WrongVariable: a value is wrong.
    """
    groups = _groups(environment)
    return tuple(_database(name, groups[name]) for name in sorted(groups) if "TYPE" in groups[name])


def strays(environment: Mapping[str, str | None]) -> list[str]:
    """Return one line for each database that has other variables but no `TYPE`."""
    return [
        f"DB_{name.upper()}_TYPE is not set: the database {name!r} is not registered"
        for name, given in sorted(_groups(environment).items())
        if "TYPE" not in given and len(given) > 1
    ]


def environment_with(file: Path) -> dict[str, str | None]:
    """Return the variables of the process over those of a `.env` file."""
    from dotenv import dotenv_values

    return {**(dotenv_values(file) if file.is_file() else {}), **os.environ}


def documented() -> list[tuple[str, str, str]]:
    """Return each variable, its default and its meaning."""
    return [(f"DB_<NAME>_{field}", default, meaning) for field, (default, meaning) in FIELDS.items()]


def _groups(environment: Mapping[str, str | None]) -> dict[str, dict[str, str]]:
    groups: dict[str, dict[str, str]] = {}
    for variable, value in environment.items():
        match = _VARIABLE.fullmatch(variable)
        if match and value:
            groups.setdefault(match[1].lower(), {})[match[2].upper()] = value
    return groups


def _database(name: str, given: Mapping[str, str]) -> Database:
    engine = _ENGINES.get(given["TYPE"].strip().lower())
    if engine is None:
        raise _wrong(name, "TYPE", given, "must be one of: mssql, postgresql, mysql, mariadb, sqlite")
    place = given.get("NAME", "").strip()
    if not place:
        raise _wrong(name, "NAME", given, "is needed: the file" if engine is Engine.SQLITE else "is needed")
    if engine is not Engine.SQLITE and not given.get("USER") and engine is not Engine.MSSQL:
        raise _wrong(name, "USER", given, "is needed")
    if given.get("READONLY", "true").strip().lower() not in ("true", "1", "yes", "on"):
        raise _wrong(name, "READONLY", given, "must be true or not set: databases are only read")
    for field in ("HOST", "NAME", "USER", "PASS", "DRIVER"):
        if any(ord(character) < 32 for character in given.get(field, "")):
            raise _wrong(name, field, given, "holds control characters")
    projects = given.get("PROJECTS", "").split(",")
    return Database(
        name=name,
        engine=engine,
        database=place,
        host=given.get("HOST", "").strip(),
        port=_number(name, "PORT", given, 0, 1, 65_535),
        user=given.get("USER", ""),
        password=given.get("PASS", ""),
        driver=given.get("DRIVER", "").strip(),
        timeout_seconds=_number(name, "TIMEOUT", given, 30, 1, 600),
        max_rows=_number(name, "MAX_ROWS", given, 500, 1, 10_000),
        projects=tuple(_project(name, one, given) for one in projects if one.strip()),
    )


def _project(name: str, project: str, given: Mapping[str, str]) -> str:
    from resolvers.errors import BadInput
    from resolvers.inputs import project_name

    try:
        return project_name("project", project)
    except BadInput as error:
        raise _wrong(name, "PROJECTS", given, error.message) from error


def _number(name: str, field: str, given: Mapping[str, str], default: int, least: int, most: int) -> int:
    value = given.get(field, "").strip()
    if not value:
        return default
    if not value.isascii() or not value.isdecimal() or not least <= int(value[:9]) <= most:
        raise _wrong(name, field, given, f"must be a number from {least} to {most}")
    return int(value)


def _wrong(name: str, field: str, given: Mapping[str, str], message: str) -> WrongVariable:
    got = f", got {given[field][:80]!r}" if field in given and field not in _SECRET else ""
    return WrongVariable(f"DB_{name.upper()}_{field}: {message}{got}")
