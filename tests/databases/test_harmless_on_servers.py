"""Every harmless statement runs on the real server, and what the guard wrote answers as what was asked."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from resolvers.databases import DIALECTS
from resolvers.sql_guard.guard import guarded
from store.databases import Database, QueryFailed, Rows
from store.odbc.databases import OdbcDatabases
from tests.conftest import Run, failure
from tests.databases.corpus import statements

ASK = 'query($query: String!) { queryDatabase(database: "shop", query: $query) { rows } }'

MOST = 450


def comparable(rows: Rows) -> list[str]:
    return sorted(repr(row) for row in rows.rows)


async def test_a_harmless_statement_answers_as_if_it_had_run_as_it_was_asked(database: Database) -> None:
    patient = OdbcDatabases([replace(database, timeout_seconds=20)], wait_seconds=60)
    dialect = DIALECTS[database.engine]

    async def compared(asked: str) -> str | None:
        """Return what differs, nothing if nothing does, None if the driver takes the plain form not at all."""
        written = guarded(asked, dialect=dialect, database=database.database, rows=MOST + 1).sql
        try:
            got = await patient.query("shop", written, limit=MOST)
        except QueryFailed as error:
            return f"{asked!r} as {written!r}: {error}"
        try:
            plain = await patient.query("shop", asked.rstrip("; "), limit=MOST)
        except QueryFailed:
            return None  # over comments and the like drivers stumble; the guard's writing has none
        if not plain.is_cut and comparable(plain) != comparable(got):
            return f"{asked!r} as {written!r}: {plain.rows[:3]} is not {got.rows[:3]}"
        return ""

    found = await asyncio.gather(*(compared(asked) for asked in statements("harmless", dialect)))
    await patient.close()
    assert [one for one in found if one] == []
    assert sum(one == "" for one in found) > 80


async def test_no_hostile_statement_reaches_the_server(
    database: Database, reading: OdbcDatabases, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[str] = []
    real = reading.query

    async def watched(name: str, sql: str, *, limit: int) -> Rows:
        seen.append(sql)
        return await real(name, sql, limit=limit)

    monkeypatch.setattr(reading, "query", watched)
    for asked in statements("hostile", DIALECTS[database.engine]):
        answer = await run(ASK, {"query": asked})
        assert failure(answer)[0] == "BAD_INPUT", (asked, answer)
    assert seen == []
    left = await run(ASK, {"query": "SELECT id, name FROM victims"})
    assert left["data"]["queryDatabase"]["rows"] == [[1, "alive"]]
