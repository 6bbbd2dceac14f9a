"""The port of the databases that are registered for reading: what can be asked of them, and what comes back."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from store.errors import StoreError


class Engine(StrEnum):
    """What serves a database."""

    MSSQL = "mssql"
    POSTGRESQL = "postgresql"
    MYSQL = "mysql"
    MARIADB = "mariadb"
    SQLITE = "sqlite"


@dataclass(frozen=True, slots=True)
class Database:
    """A registered database. `database` is its name on the server, or the file of an SQLite one."""

    name: str
    engine: Engine
    database: str
    host: str = ""
    port: int = 0
    user: str = field(default="", repr=False)
    password: str = field(default="", repr=False)
    driver: str = ""
    timeout_seconds: int = 30
    max_rows: int = 500
    projects: tuple[str, ...] = ()
    """Those whose callers may use it; none are named: all."""


@dataclass(frozen=True, slots=True)
class Rows:
    """What a query returned. `is_cut` tells that rows are missing, `cut_cells` how many texts were shortened."""

    columns: tuple[str, ...]
    rows: tuple[tuple[object, ...], ...]
    is_cut: bool = False
    cut_cells: int = 0


@dataclass(frozen=True, slots=True)
class TableColumn:
    """A column of a table."""

    name: str
    type: str
    is_nullable: bool
    key: str = ""
    """`primary` or empty."""


@dataclass(frozen=True, slots=True)
class Table:
    """A table or view. Its columns are filled in where one table was asked for."""

    schema: str
    name: str
    kind: str
    columns: tuple[TableColumn, ...] = ()


class QueryFailed(StoreError):
    """The database refused the statement; the message is its own, in one line."""


class TimedOut(StoreError):
    """The database took longer than it is given; the statement was ended there."""

    def __init__(self, seconds: float) -> None:
        super().__init__(f"the query took longer than {seconds:g} seconds and was ended")
        self.seconds = seconds


class Busy(StoreError):
    """As many queries of this database are under way as may be."""


class Databases(ABC):
    """Reads from registered databases. Nothing of a connection outlives a call; nothing is ever written.

    Calls that are cancelled end their statement on the server too. Each may raise `Unavailable`
    (the driver is missing, the server cannot be reached), `TimedOut` and `Busy`.
    """

    @abstractmethod
    def registered(self) -> Sequence[Database]:
        """Return the databases, by name."""

    @abstractmethod
    async def fault(self, name: str) -> str:
        """Return why the database could not be used now as far as this machine knows, or nothing.

        The server is not asked.
        """

    @abstractmethod
    async def tables(self, name: str, *, limit: int) -> list[Table]:
        """Return up to `limit` tables and views by schema and name, without their columns."""

    @abstractmethod
    async def table(self, name: str, schema: str, table: str) -> list[Table]:
        """Return the tables of that name with their columns; an empty `schema` is any."""

    @abstractmethod
    async def query(self, name: str, sql: str, *, limit: int) -> Rows:
        """Run one statement that only reads and return up to `limit` rows, at most 40 KB of them.

        Raises:
            QueryFailed: the database does not take it.
        """

    @abstractmethod
    async def close(self) -> None:
        """End what is under way."""
