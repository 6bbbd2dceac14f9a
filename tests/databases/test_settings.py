"""The variables that register databases, and what drivers are told of them."""

from __future__ import annotations

import builtins
import logging
import sys
from pathlib import Path
from typing import Any

import pytest

from api.database_settings import FIELDS, environment_with, registered, strays
from api.settings import SettingsError, documented, load_settings
from store.databases import Database, Engine
from store.errors import Unavailable
from store.odbc.drivers import braced, connection_string, driver_for
from store.odbc.session import drivers

SHOP = {
    "DB_MY_SHOP_TYPE": "postgres",
    "DB_MY_SHOP_HOST": "db.example",
    "DB_MY_SHOP_PORT": "5433",
    "DB_MY_SHOP_NAME": "shop",
    "DB_MY_SHOP_USER": "reader",
    "DB_MY_SHOP_PASS": "p;{w}=@/",
    "DB_MY_SHOP_TIMEOUT": "7",
    "DB_MY_SHOP_MAX_ROWS": "50",
    "DB_MY_SHOP_PROJECTS": "My-App, other",
    "DB_MY_SHOP_READONLY": "true",
}


def test_variables_of_one_name_register_a_database() -> None:
    (shop,) = registered({**SHOP, "DB_HOST": "x", "DB_OTHER_HOST": "y", "PATH": "z"})
    assert shop == Database(
        name="my_shop",
        engine=Engine.POSTGRESQL,
        database="shop",
        host="db.example",
        port=5433,
        user="reader",
        password="p;{w}=@/",
        timeout_seconds=7,
        max_rows=50,
        projects=("my_app", "other"),
    )


def test_a_password_is_in_no_text_of_the_settings(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.chdir(tmp_path)
    for name, value in SHOP.items():
        monkeypatch.setenv(name, value)
    with caplog.at_level(logging.DEBUG):
        settings = load_settings()
    assert settings.databases[0].password == "p;{w}=@/"
    assert "p;{w}" not in f"{settings!r}{settings.databases!r}{caplog.text}"
    monkeypatch.setenv("DB_MY_SHOP_PASS", "line\nbreak-secret")
    with pytest.raises(SettingsError) as refused:
        load_settings()
    assert "secret" not in str(refused.value)


def test_a_dotenv_file_registers_databases_too(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    file = tmp_path / ".env"
    file.write_text("DB_LITE_TYPE=sqlite\nDB_LITE_NAME=/data/a.db\n")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DB_LITE_NAME", "/data/b.db")
    assert load_settings().databases[0].database == "/data/b.db"
    assert environment_with(file)["DB_LITE_TYPE"] == "sqlite"


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("TYPE", "oracle"),
        ("NAME", ""),
        ("USER", ""),
        ("PORT", "0"),
        ("PORT", "http"),
        ("PORT", "99999999999999999999"),
        ("TIMEOUT", "-1"),
        ("TIMEOUT", "601"),
        ("MAX_ROWS", "many"),
        ("MAX_ROWS", "١٢"),
        ("READONLY", "false"),
        ("PROJECTS", "a/b"),
        ("HOST", "a\tb"),
    ],
)
def test_a_wrong_value_stops_the_start_with_one_line_that_names_it(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, field: str, value: str
) -> None:
    monkeypatch.chdir(tmp_path)
    for name, given in {**SHOP, f"DB_MY_SHOP_{field}": value}.items():
        monkeypatch.setenv(name, given)
    with pytest.raises(SettingsError, match=rf"^DB_MY_SHOP_{field}: ") as refused:
        load_settings()
    assert "\n" not in str(refused.value)


def test_a_database_without_a_type_is_pointed_out() -> None:
    (line,) = strays({"DB_SHOP_HOST": "x", "DB_SHOP_USER": "y", "DB_LONE_HOST": "z"})
    assert "DB_SHOP_TYPE" in line


def test_every_variable_is_documented() -> None:
    names = {name for name, _, _ in documented()}
    assert {f"DB_<NAME>_{field}" for field in FIELDS} <= names


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("plain-1.x", "plain-1.x"),
        ("two words", "two words"),
        ("a;b", "{a;b}"),
        ("a}b", "{a}}b}"),
        ("{}", "{{}}}"),
        ("p;{w}=@/", "{p;{w}}=@/}"),
        (" edge ", "{ edge }"),
        ("}", "{}}}"),
    ],
)
def test_values_are_braced_as_odbc_wants_them(value: str, shown: str) -> None:
    assert braced(value) == shown


def test_a_password_cannot_add_words_to_the_connection() -> None:
    evil = Database("x", Engine.MSSQL, "shop", "h", 1433, "sa", "x};ApplicationIntent=ReadWrite;PWD={y")
    told = connection_string(evil, "ODBC Driver 18 for SQL Server")
    assert told.endswith(";PWD={x}};ApplicationIntent=ReadWrite;PWD={y};ApplicationIntent=ReadOnly;Encrypt=yes"
                         ";TrustServerCertificate=yes;APP=Interlock")  # fmt: skip
    assert told.startswith("DRIVER=ODBC Driver 18 for SQL Server;SERVER=tcp:h,1433;DATABASE=shop;UID=sa;")


def test_sql_server_through_freetds_is_told_its_own_words() -> None:
    told = connection_string(Database("x", Engine.MSSQL, "shop", "h", 0, "sa", "p"), "FreeTDS")
    assert (
        told
        == "DRIVER=FreeTDS;SERVER=h;PORT=1433;DATABASE=shop;TDS_Version=7.4;UID=sa;PWD=p;ClientCharset=UTF-8"
    )


@pytest.mark.parametrize(
    ("engine", "installed", "chosen"),
    [
        (Engine.MSSQL, ["FreeTDS", "ODBC Driver 17 for SQL Server", "ODBC Driver 18 for SQL Server"],
         "ODBC Driver 18 for SQL Server"),
        (Engine.MSSQL, ["ODBC Driver 9 for SQL Server", "ODBC Driver 13 for SQL Server"], "ODBC Driver 13 for SQL Server"),
        (Engine.MSSQL, ["SQLite3", "FreeTDS"], "FreeTDS"),
        (Engine.POSTGRESQL, ["PostgreSQL ANSI", "PostgreSQL Unicode"], "PostgreSQL Unicode"),
        (Engine.MARIADB, ["MySQL ODBC 8.0 Unicode Driver", "MariaDB Unicode"], "MariaDB Unicode"),
        (Engine.MYSQL, ["MariaDB Unicode", "MySQL ODBC 8.0 Unicode Driver", "MySQL ODBC 8.4 Unicode Driver"],
         "MySQL ODBC 8.4 Unicode Driver"),
        (Engine.SQLITE, ["SQLite", "SQLite3"], "SQLite3"),
    ],
)  # fmt: skip
def test_the_best_driver_installed_is_chosen(engine: Engine, installed: list[str], chosen: str) -> None:
    assert driver_for(Database("x", engine, "x"), installed) == chosen
    assert driver_for(Database("x", engine, "x", driver="Mine"), installed) == "Mine"


@pytest.mark.parametrize(
    ("said", "reason", "hint"),
    [
        (
            "libodbc.so.2: cannot open shared object file",
            "unixODBC is not installed",
            "apt-get install unixodbc",
        ),
        ("No module named 'pyodbc'", "pyodbc is not installed", "interlock[databases]"),
    ],
)
def test_what_is_not_installed_is_one_clear_line(
    monkeypatch: pytest.MonkeyPatch, said: str, reason: str, hint: str
) -> None:
    real = builtins.__import__

    def fails(name: str, *rest: Any, **more: Any) -> Any:
        if name == "pyodbc":
            raise ImportError(said)
        return real(name, *rest, **more)

    monkeypatch.delitem(sys.modules, "pyodbc", raising=False)
    monkeypatch.setattr("store.odbc.session.importlib.import_module", fails)
    with pytest.raises(Unavailable) as refused:
        drivers()
    assert refused.value.reason == reason and hint in refused.value.hint
