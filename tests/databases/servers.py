"""Real servers for the tests: PostgreSQL and MariaDB on sockets of their own, an SQLite file; all thrown away."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from store.databases import Database, Engine
from tests.engines.ports import free_port

PATIENCE_SECONDS = 60
PASSWORD = "p;{w}=@/ 'x\"%"
USER = "reader"
ROOT_USERS = {Engine.POSTGRESQL: "postgres", Engine.MARIADB: "mysql"}


def missing(what: str) -> None:
    """Skip the test on a laptop; fail it where everything must be there."""
    text = f"{what} is not installed"
    if os.environ.get("CI"):
        pytest.fail(text)
    pytest.skip(text)


def program(name: str, *folders: str) -> str:
    """Return the path of a program, or skip the test."""
    found = shutil.which(name, path=os.pathsep.join([*folders, os.environ.get("PATH", ""), "/usr/sbin"]))
    if found is None:
        missing(name)
    return str(found)


def driver(engine: Engine) -> None:
    """Skip the test where unixODBC or the driver is missing."""
    try:
        import pyodbc
    except ImportError:
        missing("unixODBC")
    from store.odbc.drivers import driver_for

    if not driver_for(Database("x", engine, "x"), pyodbc.drivers()):
        missing(f"the ODBC driver of {engine}")


def _as(user: str) -> list[str]:
    """Return what a command begins with to run as `user` when we are root: servers refuse to run as root."""
    if os.geteuid() != 0:
        return []
    return [program("setpriv"), f"--reuid={user}", f"--regid={user}", "--init-groups", "--"]


def _run(command: list[str], **more: object) -> str:
    done = subprocess.run(
        command, capture_output=True, text=True, check=False, timeout=PATIENCE_SECONDS, cwd="/", **more
    )  # type: ignore[call-overload]
    assert done.returncode == 0, f"{command[-3:]}: {done.stdout[-500:]}{done.stderr[-1500:]}"
    return str(done.stdout)


@contextmanager
def _home(user: str) -> Iterator[Path]:
    """Make a folder of the server's user, under one that it can pass: pytest closes its own to others."""
    with tempfile.TemporaryDirectory(prefix="interlock-") as folder:
        Path(folder).chmod(0o711)
        home = Path(folder) / "home"
        home.mkdir(mode=0o700)
        if os.geteuid() == 0:
            shutil.chown(home, user, user)
        yield home


@contextmanager
def _running(command: list[str], log: Path) -> Iterator[subprocess.Popen[bytes]]:
    with log.open("wb") as out, subprocess.Popen(command, stdout=out, stderr=out, cwd="/") as process:
        try:
            yield process
        finally:
            process.terminate()
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                process.kill()


def _until(ready: list[str], process: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while subprocess.run(ready, capture_output=True, check=False, timeout=10, cwd="/").returncode != 0:
        assert process.poll() is None, log.read_text(errors="replace")[-3000:]
        assert time.monotonic() < deadline, "the server does not answer"
        time.sleep(0.05)


@contextmanager
def postgres() -> Iterator[Database]:
    """Run a PostgreSQL with the database `shop`."""
    driver(Engine.POSTGRESQL)
    with _home(ROOT_USERS[Engine.POSTGRESQL]) as home:
        yield from _postgres(home)


def _postgres(home: Path) -> Iterator[Database]:
    newest = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: int(path.parent.name))
    folders = [str(path) for path in reversed(newest)]
    log, port, user = (
        home / "log",
        free_port(),
        ROOT_USERS[Engine.POSTGRESQL],
    )
    initdb, server, psql = (program(name, *folders) for name in ("initdb", "postgres", "psql"))
    data, secret = home / "data", home / "secret"
    secret.write_text("boss\n")
    secret.chmod(0o644)
    _run([*_as(user), initdb, "-D", str(data), "-A", "scram-sha-256", "-U", "boss", "-E", "UTF8", "--no-sync",
          "--locale=C.UTF-8", f"--pwfile={secret}"])  # fmt: skip
    options = {
        "listen_addresses": "127.0.0.1",
        "port": str(port),
        "unix_socket_directories": "",
        "fsync": "off",
    }
    command = [*_as(user), server, "-D", str(data)]
    for name, value in options.items():
        command += ["-c", f"{name}={value}"]
    address = ["-h", "127.0.0.1", "-p", str(port), "-U", "boss", "-v", "ON_ERROR_STOP=1", "-qAt"]
    env = {**os.environ, "PGPASSWORD": "boss"}
    os.environ["PGPASSWORD"] = "boss"
    try:
        with _running(command, log) as process:
            _until([psql, *address, "-d", "postgres", "-c", "select 1"], process, log)
            quoted = PASSWORD.replace("'", "''")
            _run([psql, *address, "-d", "postgres"], env=env, input=(
                f"create role {USER} login password '{quoted}';"
                "create database shop; create database other;"
                f"grant pg_read_server_files, pg_execute_server_program, pg_write_server_files to {USER};"
            ))  # fmt: skip
            _run([psql, *address, "-d", "shop"], env=env, input=(
                (Path(__file__).parent / "shop_postgres.sql").read_text()
                + f"grant all on all tables in schema public to {USER};"
                f"grant all on all sequences in schema public to {USER}; grant all on schema public to {USER};"
            ))  # fmt: skip
            yield Database("pg", Engine.POSTGRESQL, "shop", "127.0.0.1", port, USER, PASSWORD)
    finally:
        os.environ.pop("PGPASSWORD", None)


@contextmanager
def mariadb() -> Iterator[Database]:
    """Run a MariaDB with the databases `shop` and `other`."""
    driver(Engine.MARIADB)
    with _home(ROOT_USERS[Engine.MARIADB]) as home:
        yield from _mariadb(home)


def _mariadb(home: Path) -> Iterator[Database]:
    log, user = home / "log", ROOT_USERS[Engine.MARIADB]
    place = home / "s"
    install, server, client = (program(name) for name in ("mariadb-install-db", "mariadbd", "mariadb"))
    data = home / "data"
    as_user = _as(user)
    _run([*as_user, install, "--no-defaults", f"--datadir={data}", "--auth-root-authentication-method=normal",
          "--skip-test-db", "--skip-name-resolve"])  # fmt: skip
    port = free_port()
    command = [
        *as_user, server, "--no-defaults", f"--datadir={data}", f"--socket={place}", f"--port={port}",
        "--bind-address=127.0.0.1", "--skip-name-resolve", "--innodb-flush-log-at-trx-commit=0",
        "--innodb-buffer-pool-size=32M", "--secure-file-priv=", "--innodb-flush-method=nosync",
    ]  # fmt: skip
    root = [client, "--no-defaults", f"--socket={place}", "-u", "root", "-NB"]
    with _running(command, log) as process:
        _until([*root, "-e", "select 1"], process, log)
        quoted = PASSWORD.replace("'", "''")
        _run(root, input=(
            "create database shop character set utf8mb4; create database other; create table other.t (a int);"
            f"create user {USER}@'%' identified by '{quoted}'; grant all on *.* to {USER}@'%' with grant option;"
            "use shop;" + (Path(__file__).parent / "shop_mysql.sql").read_text()
        ))  # fmt: skip
        yield Database("maria", Engine.MARIADB, "shop", "127.0.0.1", port, USER, PASSWORD)


@contextmanager
def sqlite(folder: Path) -> Iterator[Database]:
    """Make an SQLite file."""
    import sqlite3

    driver(Engine.SQLITE)
    path = folder / "a shop;{1}%20.db"
    made = sqlite3.connect(path)
    made.executescript((Path(__file__).parent / "shop_sqlite.sql").read_text())
    made.close()
    yield Database("lite", Engine.SQLITE, str(path))
