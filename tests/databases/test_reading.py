"""What the port does on real servers: values, limits, time-outs that hold on the server, and nothing written."""

from __future__ import annotations

import asyncio
import sqlite3
import time
from collections.abc import AsyncIterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from store.databases import Busy, Database, Engine, QueryFailed, TimedOut
from store.errors import Unavailable
from store.odbc.databases import AT_ONCE, OdbcDatabases
from tests.databases.servers import PASSWORD

SLOW = {
    Engine.POSTGRESQL: "SELECT count(*) AS slow_one FROM generate_series(1, 100000) a, generate_series(1, 100000) b",
    Engine.MARIADB: "SELECT count(*) AS slow_one FROM seq_1_to_100000 a, seq_1_to_100000 b WHERE a.seq + b.seq > 1",
    Engine.SQLITE: "WITH RECURSIVE c(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c) SELECT count(*) AS slow_one FROM c",
}
WATCH = {
    Engine.POSTGRESQL: "SELECT count(*) FROM pg_stat_activity WHERE state = 'active' AND query LIKE '%slow_one%' "
    "AND pid <> pg_backend_pid()",
    Engine.MARIADB: "SELECT count(*) FROM information_schema.processlist WHERE info LIKE '%slow_one%' "
    "AND id <> connection_id()",
}
PATIENCE_SECONDS = 30


@pytest.fixture
async def reader(database: Database) -> AsyncIterator[OdbcDatabases]:
    made = OdbcDatabases([database, replace(database, name="quick", timeout_seconds=1)], wait_seconds=0.3)
    yield made
    await made.close()


async def under_way(reader: OdbcDatabases, engine: Engine) -> int:
    """Return how many slow queries the server itself sees (of SQLite: the threads here)."""
    if engine is Engine.SQLITE:
        return sum(len(door._calls) for door in reader._doors.values())
    watching = OdbcDatabases([replace(reader.registered()[1], name="watch")])
    try:
        (row,) = (await watching.query("watch", WATCH[engine], limit=1)).rows
    finally:
        await watching.close()
    return int(str(row[0]))


async def until(reader: OdbcDatabases, engine: Engine, count: int) -> None:
    async with asyncio.timeout(PATIENCE_SECONDS):
        while await under_way(reader, engine) != count:
            await asyncio.sleep(0.02)


async def test_c3_a_slow_query_ends_at_its_time_out_on_the_server_and_blocks_nobody(
    reader: OdbcDatabases, database: Database
) -> None:
    began = time.monotonic()
    slow = asyncio.create_task(reader.query("quick", SLOW[database.engine], limit=1))
    longest = 0.0
    while not slow.done():
        before = time.monotonic()
        await asyncio.sleep(0.005)
        longest = max(longest, time.monotonic() - before)
    with pytest.raises(TimedOut, match="1 seconds"):
        await slow
    assert 0.9 < time.monotonic() - began < 4
    assert longest < 0.9, "the event loop waited for the query"
    await until(reader, database.engine, 0)


async def test_a_cancelled_query_is_ended_on_the_server(reader: OdbcDatabases, database: Database) -> None:
    slow = asyncio.create_task(reader.query("shop", SLOW[database.engine], limit=1))
    await until(reader, database.engine, 1)
    slow.cancel()
    with pytest.raises(asyncio.CancelledError):
        await slow
    await until(reader, database.engine, 0)


async def test_queries_beyond_those_under_way_wait_a_while_and_are_then_refused(
    reader: OdbcDatabases, database: Database
) -> None:
    slow = [asyncio.create_task(reader.query("shop", SLOW[database.engine], limit=1)) for _ in range(AT_ONCE)]
    await until(reader, database.engine, AT_ONCE)
    with pytest.raises(Busy):
        await reader.query("shop", "SELECT 1", limit=1)
    assert (await reader.query("quick", "SELECT 1", limit=1)).rows == ((1,),), (
        "another database is not held up"
    )
    for task in slow:
        task.cancel()
    await asyncio.wait(slow)
    await until(reader, database.engine, 0)
    async with asyncio.timeout(PATIENCE_SECONDS):
        while True:
            try:
                assert (await reader.query("shop", "SELECT 1", limit=1)).rows == ((1,),)
                break
            except Busy:
                continue


WRITES = [
    "INSERT INTO victims VALUES (2, 'x')",
    "UPDATE victims SET name = 'x'",
    "DELETE FROM victims",
    "DROP TABLE victims",
    "CREATE TABLE evil (a int)",
]


@pytest.mark.parametrize("statement", WRITES)
async def test_without_the_guard_the_connection_still_writes_nothing(
    reader: OdbcDatabases, statement: str
) -> None:
    with pytest.raises(QueryFailed, match=r"(?i)read.?only"):
        await reader.query("shop", statement, limit=1)
    assert (await reader.query("shop", "SELECT id, name FROM victims", limit=5)).rows == ((1, "alive"),)


async def test_rows_are_cut_at_the_limit_and_said_to_be(reader: OdbcDatabases) -> None:
    cut = await reader.query("shop", "SELECT id FROM orders ORDER BY id", limit=2)
    whole = await reader.query("shop", "SELECT id FROM orders ORDER BY id", limit=4)
    assert (cut.rows, cut.is_cut) == (((1,), (2,)), True)
    assert (len(whole.rows), whole.is_cut) == (4, False)
    none = await reader.query("shop", "SELECT id FROM orders WHERE id = 99", limit=4)
    assert (none.columns, none.rows, none.is_cut) == (("id",), (), False)


async def test_large_results_are_cut_by_bytes_and_long_texts_by_characters(
    reader: OdbcDatabases, database: Database
) -> None:
    long = "printf('%09999d', 1)" if database.engine is Engine.SQLITE else "repeat('x', 9999)"
    got = await reader.query("shop", f"SELECT {long} AS t FROM orders a, orders b, orders c", limit=500)
    assert got.is_cut and 8 <= len(got.rows) < 12
    assert got.cut_cells == len(got.rows)
    assert str(got.rows[0][0]).endswith("… (9,999 characters)") and len(str(got.rows[0][0])) < 4_100


async def test_values_keep_what_they_are(reader: OdbcDatabases, database: Database) -> None:
    got = await reader.query("shop", "SELECT id, total, placed, paid FROM orders WHERE id = 1", limit=1)
    is_lite = database.engine is Engine.SQLITE
    when = "2024-01-02 03:04:05" if is_lite else "2024-01-02T03:04:05"
    assert got.rows == ((1, 10.5 if is_lite else "10.50", when, 1),)
    texts = await reader.query("shop", "SELECT 'Zoë 日本 😀', 'a?b{c}', NULL, 9007199254740993", limit=1)
    assert texts.rows == (("Zoë 日本 😀", "a?b{c}", None, "9007199254740993"),)
    binary = {"postgresql": "'\\x00ff'::bytea"}.get(database.engine, "x'00ff'")
    assert (await reader.query("shop", f"SELECT {binary}", limit=1)).rows == (("0x00ff (2 bytes)",),)


async def test_sqlite_values_are_read_by_what_they_hold_where_their_columns_type_says_otherwise(
    sqlite: Database, tmp_path: Path
) -> None:
    rows = [
        (1, 1.5, "2020-01-02", "2020-01-02 03:04:05.678", 1, 12.5, "x"),
        ("twelve", "12abc", "yesterday", 1577934245, 2, "n/a", b"\xff"),
        (1e20, None, 1577934245, "2020-01-02T03:04:05+02:00", "yes", "007", 5),
    ]
    with closing(sqlite3.connect(tmp_path / "loose.db")) as made:
        made.execute("CREATE TABLE t (i integer, r real, d date, at datetime, b boolean, n numeric, x text)")
        made.executemany("INSERT INTO t VALUES (?, ?, ?, ?, ?, ?, ?)", rows)
        made.commit()
    reader = OdbcDatabases([replace(sqlite, name="loose", database=str(tmp_path / "loose.db"))])
    got = await reader.query("loose", "SELECT * FROM t", limit=9)
    untyped = await reader.query(
        "loose", "SELECT 1 AS a UNION ALL SELECT 'x' UNION ALL SELECT '007'", limit=9
    )
    await reader.close()
    assert got.rows == (
        (1, 1.5, "2020-01-02", "2020-01-02T03:04:05.678", True, 12.5, "x"),
        ("twelve", "12abc", "yesterday", 1577934245, 2, "n/a", "0xff (1 bytes)"),
        (1e20, None, 1577934245, "2020-01-02T03:04:05+02:00", "yes", 7, "5"),
    )
    assert untyped.rows == ((1,), ("x",), ("007",))


async def test_columns_names_beyond_ascii_hold_no_nul(reader: OdbcDatabases, database: Database) -> None:
    quote = "`" if database.engine is Engine.MARIADB else '"'
    got = await reader.query("shop", f"SELECT 1 AS {quote}Größe{quote}", limit=1)
    assert got.columns == ("Größe",)


async def test_what_is_no_number_stays_json(postgres: Database) -> None:
    reader = OdbcDatabases([postgres])
    got = await reader.query("pg", "SELECT 'NaN'::float8, 'Infinity'::float8, '{1,2}'::int[], true", limit=1)
    assert got.rows == (("nan", "inf", "{1,2}", True),)
    await reader.close()


async def test_tables_and_their_columns_are_shown(reader: OdbcDatabases, database: Database) -> None:
    tables = {(table.name, table.kind) for table in await reader.tables("shop", limit=100)}
    assert tables >= {
        ("customers", "table"),
        ("orders", "table"),
        ("paid_orders", "view"),
        ("order lines; drop", "table"),
    }
    assert len(await reader.tables("shop", limit=2)) == 2
    (orders,) = await reader.table("shop", "", "orders")
    assert [(one.name, one.key) for one in orders.columns][:2] == [("id", "primary"), ("customer_id", "")]
    assert not orders.columns[1].is_nullable and all(one.type for one in orders.columns)
    assert await reader.table("shop", "", "x' OR '1'='1") == []
    assert await reader.table("shop", "nowhere", "orders") == []


async def test_a_mistake_is_told_in_the_databases_own_words_without_secrets(reader: OdbcDatabases) -> None:
    with pytest.raises(QueryFailed, match="nope") as refused:
        await reader.query("shop", "SELECT nope FROM customers", limit=1)
    text = str(refused.value)
    assert PASSWORD not in text and "\n" not in text and "SQLExec" not in text


async def test_a_wrong_password_or_an_absent_server_is_unavailable_and_names_no_secret(
    reader: OdbcDatabases, database: Database
) -> None:
    if database.engine is Engine.SQLITE:
        wrong: list[Any] = [replace(database, database="/nowhere/x.db")]
    else:
        wrong = [replace(database, password="wrong;PWD=s3cret}"), replace(database, port=1)]
    for one in wrong:
        door = OdbcDatabases([one])
        with pytest.raises(Unavailable, match="cannot be reached") as refused:
            await door.query("shop", "SELECT 1", limit=1)
        assert "s3cret" not in refused.value.reason and PASSWORD not in refused.value.reason
        await door.close()


async def test_a_driver_that_is_missing_is_named_with_how_to_install_it(database: Database) -> None:
    absent = OdbcDatabases([replace(database, driver="No Such Driver")])
    with pytest.raises(Unavailable):
        await absent.query("shop", "SELECT 1", limit=1)
    await absent.close()
