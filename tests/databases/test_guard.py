"""The guard on its corpus: every hostile statement is refused, every harmless one passes, in each dialect."""

from __future__ import annotations

import subprocess
import sys

import pytest

from resolvers.errors import BadInput
from resolvers.sql_guard.guard import MAX_STATEMENT_BYTES, Refused, guarded
from tests.databases.corpus import DIALECTS, statements

EACH = pytest.mark.parametrize("dialect", DIALECTS)


def passed(statement: str, dialect: str) -> str:
    """Return what would run, or nothing if the statement is refused."""
    try:
        return guarded(statement, dialect=dialect, database="shop", rows=101).sql
    except BadInput:
        return ""


@EACH
def test_the_corpus_is_as_large_as_it_must_be_and_repeats_nothing(dialect: str) -> None:
    hostile, harmless = statements("hostile", dialect), statements("harmless", dialect)
    assert len(set(hostile)) == len(hostile) >= 150
    assert len(set(harmless)) == len(harmless) >= 80
    assert not set(hostile) & set(harmless)


@EACH
def test_every_hostile_statement_is_refused(dialect: str) -> None:
    assert [(one, sql) for one in statements("hostile", dialect) if (sql := passed(one, dialect))] == []


@EACH
def test_every_harmless_statement_passes(dialect: str) -> None:
    assert [one for one in statements("harmless", dialect) if not passed(one, dialect)] == []


@EACH
def test_what_was_written_passes_again_and_stays_the_same(dialect: str) -> None:
    for one in statements("harmless", dialect):
        written = passed(one, dialect)
        assert passed(written, dialect) == written, one


@EACH
def test_a_hostile_statement_stays_refused_inside_a_comment_sandwich(dialect: str) -> None:
    for one in statements("hostile", dialect):
        if "'" not in one and "#" not in one and "--" not in one:
            assert not passed(f"/* a */ {one} /* b */", dialect), one


@EACH
def test_a_hostile_statement_within_a_literal_is_harmless(dialect: str) -> None:
    for one in statements("hostile", dialect):
        if "\\" not in one:
            quoted = one.replace("'", "''")
            assert passed(f"select '{quoted}' as text", dialect), one


def test_d10_an_outfile_behind_a_comment_is_refused_by_name() -> None:
    with pytest.raises(BadInput):
        guarded("SELECT 'x' INTO #\n OUTFILE '/path'", dialect="mysql", database="shop", rows=1)
    with pytest.raises(Refused, match="NEXT VALUE FOR"):
        guarded("SELECT NEXT VALUE FOR s", dialect="tsql", database="shop", rows=1)
    with pytest.raises(Refused, match="GET_LOCK"):
        guarded("SELECT GET_LOCK('x', 9)", dialect="mysql", database="shop", rows=1)
    with pytest.raises(Refused, match="other databases"):
        guarded("SELECT * FROM mysql2.user", dialect="mysql", database="shop", rows=1)
    with pytest.raises(Refused, match="xp_cmdshell"):
        guarded("SELECT xp_cmdshell('dir')", dialect="tsql", database="shop", rows=1)


def test_a_function_called_as_a_column_is_refused() -> None:
    with pytest.raises(Refused, match="may be a call"):
        guarded(
            "select x.pg_sleep from unnest(array[5.0::float8]) x", dialect="postgres", database="shop", rows=1
        )


@pytest.mark.parametrize(
    ("statement", "dialect", "written"),
    [
        ("select 1", "postgres", "SELECT 1 LIMIT 101"),
        ("select 1 limit 5", "sqlite", "SELECT 1 LIMIT 5"),
        ("select 1 limit 5000", "mysql", "SELECT 1 LIMIT 101"),
        ("select 1 union select 2", "postgres", "SELECT 1 UNION SELECT 2 LIMIT 101"),
        ("select 1", "tsql", "SELECT TOP 101 1"),
        ("select top 5 a from t", "tsql", "SELECT TOP 5 a FROM t"),
        ("select a from t order by a offset 2 rows", "tsql",
         "SELECT a FROM t ORDER BY a OFFSET 2 ROWS FETCH NEXT 101 ROWS ONLY"),
        ("select a from t fetch first 900 rows only", "postgres", "SELECT a FROM t FETCH FIRST 101 ROWS ONLY"),
    ],
)  # fmt: skip
def test_the_outermost_query_is_limited(statement: str, dialect: str, written: str) -> None:
    assert passed(statement, dialect) == written


@pytest.mark.parametrize(
    "statement",
    [
        "select " + "(" * 500 + "1" + ")" * 500,
        "select " + "-" * 400 + " 1",
        "select " + " + ".join(["1"] * 3_000),
        "select " + "not " * 900 + "1",
        "select " + "case when 1 then " * 300 + "1" + " end" * 300,
        "select '" + "x" * MAX_STATEMENT_BYTES + "'",
        "select " + ", ".join(["a"] * 5_000),
        "with a as (" * 50 + "select 1" + ") select 1" * 50,
    ],
)
@EACH
def test_a_statement_that_is_too_large_or_deep_is_refused_and_nothing_breaks(
    statement: str, dialect: str
) -> None:
    written = passed(statement, dialect)
    assert written == "" or passed(written, dialect) == written


def test_the_parser_is_loaded_when_it_is_first_needed() -> None:
    program = "import sys, api.app; assert not {'sqlglot', 'pyodbc'} & set(sys.modules), 'loaded'"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-500:]
