"""Which ODBC driver serves a database, and what it is told to connect."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from pathlib import Path
from urllib.parse import quote

from store.databases import Database, Engine

_NAMES: dict[Engine, tuple[str, ...]] = {
    Engine.MSSQL: (r"ODBC Driver (\d+) for SQL Server", r"FreeTDS"),
    Engine.POSTGRESQL: (r"PostgreSQL Unicode(?:\(x64\))?", r"psqlODBC.*", r"PostgreSQL ANSI(?:\(x64\))?"),
    Engine.MYSQL: (
        r"MySQL ODBC (\d+\.\d+) Unicode Driver",
        r"MariaDB Unicode",
        r"MariaDB ODBC (\d+\.\d+) Driver",
    ),
    Engine.MARIADB: (
        r"MariaDB Unicode",
        r"MariaDB ODBC (\d+\.\d+) Driver",
        r"MySQL ODBC (\d+\.\d+) Unicode Driver",
    ),
    Engine.SQLITE: (r"SQLite3(?: ODBC Driver)?",),
}
"""Names under which drivers register, the best first; a number in them tells the newest."""

_LIBRARIES: dict[Engine, tuple[str, ...]] = {
    Engine.MSSQL: ("libmsodbcsql-*.so.*", "libtdsodbc.so"),
    Engine.POSTGRESQL: ("psqlodbcw.so",),
    Engine.MYSQL: ("libmyodbc*w.so", "libmaodbc.so"),
    Engine.MARIADB: ("libmaodbc.so", "libmyodbc*w.so"),
    Engine.SQLITE: ("libsqlite3odbc.so",),
}
_FOLDERS = (
    "/usr/lib/*/odbc",
    "/usr/lib/odbc",
    "/usr/lib64",
    "/usr/lib",
    "/opt/microsoft/*/lib64",
    "/usr/local/lib",
)

PACKAGES = {
    Engine.MSSQL: "Microsoft's msodbcsql18, else `apt-get install tdsodbc`",
    Engine.POSTGRESQL: "`apt-get install odbc-postgresql`",
    Engine.MYSQL: "`apt-get install odbc-mariadb`",
    Engine.MARIADB: "`apt-get install odbc-mariadb`",
    Engine.SQLITE: "`apt-get install libsqliteodbc`",
}
"""How each driver is installed on Debian."""

PORTS = {Engine.MSSQL: 1433, Engine.POSTGRESQL: 5432, Engine.MYSQL: 3306, Engine.MARIADB: 3306}
LOGIN_SECONDS = 5


def driver_for(database: Database, installed: Iterable[str]) -> str:
    """Return the driver's name, or the path of its library; empty where there is none.

    `installed` are the names that unixODBC knows. A driver that the settings name goes first.
    """
    if database.driver:
        return database.driver
    names = list(installed)
    for pattern in _NAMES[database.engine]:
        found = [(match, name) for name in names if (match := re.fullmatch(pattern, name, re.IGNORECASE))]
        if found:
            return max(found, key=lambda one: _version(one[0]))[1]
    return _library(_LIBRARIES[database.engine])


def _version(match: re.Match[str]) -> tuple[int, ...]:
    number = match.group(1) if match.re.groups and match.group(1) else "0"
    return tuple(int(part) for part in number.split("."))


def _library(patterns: Sequence[str]) -> str:
    for pattern in patterns:
        for folder in _FOLDERS:
            found = sorted(Path("/").glob(f"{folder[1:]}/{pattern}"))
            if found:
                return str(found[-1])
    return ""


def connection_string(database: Database, driver: str) -> str:
    """Return what the driver is told. It holds the password: never log it."""
    words = [f"{key}={braced(value)}" for key, value in _words(database, driver).items() if value != ""]
    if database.engine is Engine.SQLITE:
        # Its driver knows no braces; a URI needs none, and can open the file for reading only.
        words.append(f"DATABASE=file:{quote(str(Path(database.database).absolute()))}?mode=ro")
    return ";".join(words)


def braced(value: str) -> str:
    """Return a value as ODBC wants it: where it is more than a plain word in braces, a closing one doubled."""
    if re.fullmatch(r"[\w.,:/-]+(?: [\w.,:/-]+)*", value):
        return value  # some drivers keep the braces of what needs none
    return "{" + value.replace("}", "}}") + "}"


def _words(database: Database, driver: str) -> dict[str, str]:
    port = str(database.port or PORTS.get(database.engine, 0))
    host = database.host or "127.0.0.1"
    credentials = {"UID": database.user, "PWD": database.password}
    match database.engine:
        case Engine.MSSQL if "freetds" in driver.lower() or "tdsodbc" in driver.lower():
            place = {"SERVER": host, "PORT": port, "DATABASE": database.database, "TDS_Version": "7.4"}
            return {"DRIVER": driver, **place, **credentials, "ClientCharset": "UTF-8"}
        case Engine.MSSQL:
            place = {"SERVER": f"tcp:{host},{port}", "DATABASE": database.database}
            return {
                "DRIVER": driver, **place, **credentials, "ApplicationIntent": "ReadOnly", "Encrypt": "yes",
                "TrustServerCertificate": "yes", "APP": "Interlock",
            }  # fmt: skip
        case Engine.POSTGRESQL:
            place = {"SERVER": host, "PORT": port, "DATABASE": database.database}
            return {
                "DRIVER": driver, **place, **credentials, "ReadOnly": "0", "BoolsAsChar": "0",
                "UseDeclareFetch": "1", "Fetch": "50", "MaxLongVarcharSize": "1000000",
            }  # fmt: skip
        case Engine.MYSQL | Engine.MARIADB:
            place = {"SOCKET": host} if host.startswith("/") else {"SERVER": host, "PORT": port}
            return {
                "DRIVER": driver, **place, "DATABASE": database.database, **credentials,
                "CHARSET": "utf8mb4", "CONN_TIMEOUT": str(LOGIN_SECONDS),
            }  # fmt: skip
    return {"DRIVER": driver, "StepAPI": "1", "NoCreat": "1", "Timeout": "2000", "BigInt": "1"}
