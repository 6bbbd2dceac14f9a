"""The tables of the database, made from the records and brought up to date when it is opened."""

from __future__ import annotations

import hashlib
import sqlite3
import time
from collections.abc import Callable, Iterable
from dataclasses import MISSING

from store.codec import Codec, Column, Plain, codec_of
from store.errors import Unavailable
from store.records import Event, Record
from store.words import split_words

MIGRATIONS: tuple[Callable[[sqlite3.Connection], None], ...] = (lambda connection: None,)
"""Steps that a database of an older `user_version` still needs, each once; it ends at their number.

Tables, columns with defaults and indexes need no step: they are added whenever they are missing.
"""

_FIXED = """
CREATE TABLE IF NOT EXISTS event (
  project TEXT NOT NULL, sequence INTEGER NOT NULL, kind TEXT NOT NULL, subject TEXT NOT NULL, actor TEXT NOT NULL,
  data TEXT NOT NULL, audience TEXT NOT NULL, at INTEGER NOT NULL, PRIMARY KEY (project, sequence)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS logs (
  project TEXT PRIMARY KEY NOT NULL, first INTEGER NOT NULL, last INTEGER NOT NULL
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS health (id INTEGER PRIMARY KEY, at INTEGER NOT NULL)
"""


WORD_COLUMNS = ("project", "title", "rest")
"""Of the tables of words. The project stands there as one word, so that a search meets only its rows."""


def quoted(names: Iterable[str], table: str = "") -> str:
    """Return the names as SQL identifiers, separated by commas."""
    prefix = f"{table}." if table else ""
    return ", ".join(f'{prefix}"{name}"' for name in names)


class Table:
    """The table of one kind of record, and the SQL to read and write it."""

    def __init__(self, kind: type[Record]) -> None:
        self.kind = kind
        self.codec: Codec = codec_of(kind)
        self.name = f'"{self.codec.name}"'
        self.words = f'"{self.codec.name}_words"' if kind.SEARCHED else ""
        names = self.codec.names
        self.id_at, self.version_at = names.index("id"), names.index("version")
        self.selected = quoted(names, "t")
        self.select = f"SELECT {self.selected} FROM {self.name} t"
        self.get = f'{self.select} WHERE t."id" = ?'
        self.insert = f"INSERT INTO {self.name} ({quoted(names)}) VALUES ({', '.join('?' * len(names))})"
        settings = ", ".join(f'"{name}" = ?' for name in names)
        self.update = f'UPDATE {self.name} SET {settings} WHERE "id" = ? AND "version" = ?'
        # Made anew under the same id, a record begins at the same version again.
        self.delete = f'DELETE FROM {self.name} WHERE "id" = ? AND "version" = ? AND "created_at" = ?'
        self.check = f'SELECT 1 FROM {self.name} WHERE "id" = ? AND "version" = ? AND "created_at" = ?'
        self.indexed = ("project", *kind.SEARCHED) if kind.SEARCHED else ()
        self.indexed_at = tuple(names.index(name) for name in self.indexed)
        self.texts = f'SELECT "row", {quoted(self.indexed)} FROM {self.name}' if kind.SEARCHED else ""

    def words_of(self, texts: Iterable[Plain]) -> tuple[str, str, str]:
        """Return the project's mark, the words of the title and those of the other searched fields."""
        project, *searched = texts
        title, *rest = (" ".join(split_words(str(text or ""))) for text in searched)
        return project_mark(str(project)), title, " ".join(rest)


def project_mark(project: str) -> str:
    """Return the one word by which a project's rows are told among all words; no stemmer shortens it."""
    return f"p{hashlib.sha256(project.encode()).hexdigest()[:20]}0"


_tables: dict[type[Record], Table] = {}


def table_of(kind: type[Record]) -> Table:
    """Return the table of a kind of record, made once."""
    table = _tables.get(kind)
    if table is None:
        table = _tables[kind] = Table(kind)
    return table


EVENTS = codec_of(Event)
EVENT_COLUMNS = quoted(EVENTS.names)
INSERT_EVENT = f"INSERT INTO event ({EVENT_COLUMNS}) VALUES ({', '.join('?' * len(EVENTS.names))})"


def bring_up_to_date(connection: sqlite3.Connection, kinds: Iterable[type[Record]]) -> None:
    """Make or extend all tables in one transaction.

    Raises:
        Unavailable: the database was written by a newer version, or lacks what no default can fill.
    """
    connection.execute("BEGIN IMMEDIATE")
    try:
        _migrate(connection, kinds)
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise


def _migrate(connection: sqlite3.Connection, kinds: Iterable[type[Record]]) -> None:
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    if version > len(MIGRATIONS):
        raise Unavailable(
            f"the database is of version {version}, this program knows only {len(MIGRATIONS)}",
            "start the newer version of Interlock that wrote it, or restore a backup",
        )
    for step in MIGRATIONS[version:]:
        step(connection)
    for statement in _FIXED.split(";"):
        connection.execute(statement)
    for kind in kinds:
        _shape(connection, table_of(kind))
    if version < len(MIGRATIONS):
        connection.execute(f"PRAGMA user_version = {len(MIGRATIONS)}")
    # SQLite opens a file that it may not write without a word: find out now.
    write_probe(connection)


def write_probe(connection: sqlite3.Connection) -> None:
    """Write the row that proves that writing works."""
    connection.execute("INSERT OR REPLACE INTO health (id, at) VALUES (1, ?)", (time.time_ns() // 1000,))


def _shape(connection: sqlite3.Connection, table: Table) -> None:
    present = {row[1] for row in connection.execute(f"PRAGMA table_info({table.name})")}
    if not present:
        columns = ", ".join(_declared(column) for column in table.codec.columns)
        connection.execute(f'CREATE TABLE {table.name} ("row" INTEGER PRIMARY KEY, {columns})')
    else:
        for column in table.codec.columns:
            if column.name not in present:
                connection.execute(f"ALTER TABLE {table.name} ADD COLUMN {_added(table, column)}")
    _index(connection, table)
    if table.words:
        _index_words(connection, table)


def _declared(column: Column) -> str:
    if column.name == "id":
        return '"id" TEXT NOT NULL UNIQUE'
    null = "" if column.is_optional else " NOT NULL"
    default = "" if column.default is MISSING else f" DEFAULT {_literal(column)}"
    return f'"{column.name}" {column.form.affinity}{null}{default}'


def _literal(column: Column) -> str:
    value = column.encode(column.default)
    if value is None:
        return "NULL"
    return str(value) if isinstance(value, int) else "'" + value.replace("'", "''") + "'"


def _added(table: Table, column: Column) -> str:
    _refuse_without_default(table, column)
    return _declared(column)


def literal(table: Table, column: Column) -> str:
    """Return the default of a column as SQL.

    Raises:
        Unavailable: it has none.
    """
    _refuse_without_default(table, column)
    return "NULL" if column.default is MISSING else _literal(column)


def _refuse_without_default(table: Table, column: Column) -> None:
    if column.default is MISSING and not column.is_optional:
        raise Unavailable(
            f"the database holds {table.codec.name} records without {column.name}, and no step adds it",
            "this is a fault of this version of Interlock: start the earlier one",
        )


def index_name(table: Table, columns: tuple[str, ...], *, unique: bool = False) -> str:
    """Return the name of an index, which says all about it."""
    return f"{table.codec.name}{'!' if unique else ':'}{','.join(columns)}"


def _index(connection: sqlite3.Connection, table: Table) -> None:
    wanted: dict[str, str] = {}
    for columns in table.kind.UNIQUE:
        name = index_name(table, columns, unique=True)
        wanted[name] = f'CREATE UNIQUE INDEX "{name}" ON {table.name} ({quoted(columns)})'
    for columns in table.kind.INDEXES:
        if columns in table.kind.UNIQUE:
            continue
        name = index_name(table, columns)
        wanted[name] = f'CREATE INDEX "{name}" ON {table.name} ({quoted((*columns, "id"))})'
    found = {row[1] for row in connection.execute(f"PRAGMA index_list({table.name})") if row[3] == "c"}
    for name in found - wanted.keys():
        connection.execute(f'DROP INDEX "{name}"')
    for name in wanted.keys() - found:
        connection.execute(wanted[name])


def _index_words(connection: sqlite3.Connection, table: Table) -> None:
    columns = tuple(row[1] for row in connection.execute(f"PRAGMA table_info({table.words})"))
    if columns == WORD_COLUMNS:
        return
    # Derived from the records: of another make, it is made anew.
    connection.execute(f"DROP TABLE IF EXISTS {table.words}")
    connection.execute(
        f"CREATE VIRTUAL TABLE {table.words} USING fts5"
        f"({', '.join(WORD_COLUMNS)}, tokenize=\"porter unicode61 remove_diacritics 2 tokenchars '_'\")"
    )
    connection.executemany(
        f"INSERT INTO {table.words} (rowid, {', '.join(WORD_COLUMNS)}) VALUES (?, ?, ?, ?)",
        ((row, *table.words_of(texts)) for row, *texts in connection.execute(table.texts).fetchall()),
    )
