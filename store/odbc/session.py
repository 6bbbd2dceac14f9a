"""What a connection is told before a query: to read only, for how long, how literals are written."""

from __future__ import annotations

import importlib
import re
from typing import Any

from store.databases import Database, Engine, QueryFailed, TimedOut
from store.errors import StoreError, Unavailable
from store.odbc.drivers import LOGIN_SECONDS, PACKAGES, connection_string, driver_for
from store.odbc.loose import read_loosely

_TIMED_OUT = re.compile(
    r"statement timeout|max_statement_time|maximum statement execution time|timeout expired", re.IGNORECASE
)
_LOST = re.compile(r"08\w{3}")


def drivers() -> Any:
    """Return the module `pyodbc`.

    Raises:
        Unavailable: it, or unixODBC below it, is not installed.
    """
    try:
        pyodbc: Any = importlib.import_module("pyodbc")
    except ImportError as error:
        if "libodbc" in str(error):
            raise Unavailable("unixODBC is not installed", "On Debian: apt-get install unixodbc") from error
        raise Unavailable(
            "pyodbc is not installed", "Install it: pip install 'interlock[databases]'"
        ) from error
    pyodbc.pooling = False
    return pyodbc


def driver_of(database: Database) -> str:
    """Return the ODBC driver that serves the database.

    Raises:
        Unavailable: none is installed; the hint says how to.
    """
    driver = driver_for(database, drivers().drivers())
    if not driver:
        raise Unavailable(
            f"the ODBC driver for {database.engine} is not installed",
            f"Install it: {PACKAGES[database.engine]}.",
        )
    return driver


def connected(database: Database, *, rows: int) -> Any:
    """Return a connection in a transaction that only reads and returns `rows` rows at most.

    Raises:
        Unavailable: the driver is missing, or the server cannot be reached.
    """
    odbc, words = drivers(), connection_string(database, driver_of(database))
    try:
        # PostgreSQL's driver then refuses SET too, by which the server itself is told to read only.
        is_hinted = database.engine is not Engine.POSTGRESQL
        connection = odbc.connect(words, autocommit=True, timeout=LOGIN_SECONDS, readonly=is_hinted)
    except odbc.Error as error:
        raise Unavailable(
            f"the database {database.name!r} cannot be reached: {_said(database, error)}",
            "Check its DB_* settings, and that the server runs.",
        ) from None  # the driver's error may hold the connection string
    try:
        _prepare(connection, database, rows)
    except odbc.Error as error:
        connection.close()
        raise Unavailable(
            f"the database {database.name!r} cannot be made to read only: {_said(database, error)}"
        ) from None
    return connection


def _prepare(connection: Any, database: Database, rows: int) -> None:
    seconds = database.timeout_seconds
    match database.engine:
        case Engine.POSTGRESQL:
            told = [
                "SET default_transaction_read_only = on",
                "SET standard_conforming_strings = on",
                f"SET statement_timeout = {seconds * 1000}",
                f"SET lock_timeout = {seconds * 1000}",
                f"SET idle_in_transaction_session_timeout = {seconds * 2000}",
            ]
        case Engine.MYSQL | Engine.MARIADB:
            version = str(connection.execute("SELECT VERSION()").fetchval())
            limit = "max_statement_time" if "mariadb" in version.lower() else "max_execution_time"
            told = [
                # Quotes and backslashes must mean to the server what they mean to the parser.
                "SET SESSION sql_mode = 'STRICT_TRANS_TABLES,NO_ENGINE_SUBSTITUTION'",
                f"SET SESSION {limit} = {seconds if limit == 'max_statement_time' else seconds * 1000}",
                f"SET SESSION lock_wait_timeout = {seconds}",
                f"SET SESSION sql_select_limit = {rows}",
                "SET SESSION TRANSACTION READ ONLY",
            ]
        case Engine.MSSQL:
            connection.timeout = seconds
            told = [
                "SET QUOTED_IDENTIFIER ON",
                "SET XACT_ABORT ON",
                f"SET LOCK_TIMEOUT {seconds * 1000}",
                f"SET ROWCOUNT {rows}",
            ]
        case _:
            # As UTF-8, which the driver reads right; of wide characters it miscounts those of two units.
            connection.setencoding("utf-8")
            read_loosely(connection)
            told = ["PRAGMA query_only = ON", "PRAGMA trusted_schema = OFF"]
    for statement in told:
        connection.execute(statement).close()
    connection.autocommit = False
    if database.engine in (Engine.MYSQL, Engine.MARIADB):
        connection.execute("START TRANSACTION READ ONLY").close()


def translated(database: Database, error: Exception) -> StoreError:
    """Return what a driver's error means, without anything secret."""
    said = _said(database, error)
    state = str(error.args[0]) if error.args else ""
    if _TIMED_OUT.search(said) or state == "HYT00":
        return TimedOut(database.timeout_seconds)
    if _LOST.fullmatch(state):
        return Unavailable(f"the connection to the database {database.name!r} was lost: {said}")
    return QueryFailed(said)


def _said(database: Database, error: Exception) -> str:
    text = str(error.args[1] if len(error.args) > 1 else error)
    text = re.sub(r"^(\[[^\]]*\]\s*)+", "", text).split("; [")[0]
    text = re.sub(r"(\s*\(-?\d+\))*\s*\(SQL\w+\)\s*$", "", text)
    text = text.removeprefix("ERROR: ").split(";\nError while executing")[0]
    if database.password:
        text = text.replace(database.password, "***")
    return " ".join(text.split())[:500]
