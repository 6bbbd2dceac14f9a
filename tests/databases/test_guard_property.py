"""Statements put together at random: of harmless parts all pass, with one hostile part anywhere none does."""

from __future__ import annotations

import contextlib
import sqlite3
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from resolvers.errors import BadInput
from resolvers.sql_guard.guard import guarded
from tests.databases.corpus import DIALECTS, statements

NAMES = st.sampled_from(["id", "name", "c.id", "c.name", "city"])
LITERALS = st.one_of(
    st.integers(0, 10**6).map(str),
    st.text(
        st.characters(codec="utf-8", exclude_characters="\0\\", exclude_categories=["Cc", "Cs"]), max_size=20
    ).map(lambda text: "'" + text.replace("'", "''") + "'"),
    st.just("null"),
)
OPERATORS = st.sampled_from([" + ", " = ", " <> ", " < ", " and ", " or ", " like "])
HOSTILE_PARTS = {
    "postgres": [
        "pg_sleep(1)",
        "nextval('s')",
        "(select pg_read_file('x'))",
        "evil()",
        "$1",
        "(select 1 for update)",
    ],
    "mysql": ["sleep(1)", "@x", "(@x := 1)", "load_file('x')", "(select a from other.t)", "evil()"],
    "tsql": [
        "xp_cmdshell('x')",
        "@x",
        "dbo.evil(1)",
        "(select a from o..t)",
        "(select a from t with (xlock))",
    ],
    "sqlite": [
        "load_extension('x')",
        "readfile('x')",
        ":x",
        "(select file from pragma_database_list)",
        "evil()",
    ],
}


def expressions(leaf: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    return st.recursive(
        leaf,
        lambda inner: st.one_of(
            st.tuples(inner, OPERATORS, inner).map(lambda parts: f"({''.join(parts)})"),
            st.tuples(inner, inner).map(lambda parts: f"coalesce({parts[0]}, {parts[1]})"),
            st.tuples(inner, inner).map(
                lambda parts: f"case when {parts[0]} = {parts[1]} then {parts[0]} else 1 end"
            ),
            inner.map(lambda part: f"max({part})"),
            inner.map(lambda part: f"(select {part} from customers c)"),
            inner.map(lambda part: f"({part} in ({part}, 2))"),
            inner.map(lambda part: f"({part} is null)"),
        ),
        max_leaves=4,
    )


@st.composite
def queries(draw: st.DrawFn, leaf: st.SearchStrategy[str]) -> str:
    """A query whose expressions have the leaves given, each position taken at least sometimes."""
    part = expressions(leaf)
    query = f"select {draw(part)} as one, {draw(part)} from customers c"
    if draw(st.booleans()):
        query += f" join orders o on {draw(part)} = o.id"
    if draw(st.booleans()):
        query += f" where {draw(part)} = {draw(part)}"
    if draw(st.booleans()):
        query += f" group by {draw(part)} having {draw(part)} = 1"
    shape = draw(st.integers(0, 3))
    if shape == 1:
        return f"with w as ({query}) select * from w"
    if shape == 2:
        return f"{query} union all select 1, {draw(part)}"
    if shape == 3:
        return f"select * from ({query}) t"
    return query


def is_taken(statement: str, dialect: str) -> bool:
    try:
        guarded(statement, dialect=dialect, database="shop", rows=10)
    except BadInput:
        return False
    return True


@settings(max_examples=50, deadline=None)
@given(query=queries(st.one_of(NAMES, LITERALS)), dialect=st.sampled_from(DIALECTS))
def test_a_query_made_of_harmless_parts_passes(query: str, dialect: str) -> None:
    assert is_taken(query, dialect)


@settings(max_examples=60, deadline=None)
@given(data=st.data(), dialect=st.sampled_from(DIALECTS))
def test_one_hostile_part_anywhere_is_refused(data: st.DataObject, dialect: str) -> None:
    query = data.draw(queries(st.one_of(NAMES, LITERALS)))
    hostile = data.draw(st.sampled_from(HOSTILE_PARTS[dialect]))
    places = [place for place in range(len(query)) if query.startswith(("c.id", "c.name", "null"), place)]
    # A name within a literal is none.
    places = [place for place in places if query[:place].count("'") % 2 == 0]
    if not places:
        query, places = f"select null from customers where 1 in ({query})", [7]
    place = data.draw(st.sampled_from(places))
    length = next(len(word) for word in ("c.name", "c.id", "null") if query.startswith(word, place))
    assert not is_taken(query[:place] + hostile + query[place + length :], dialect)


@settings(max_examples=150, deadline=None)
@given(data=st.data(), dialect=st.sampled_from(DIALECTS))
def test_a_hostile_statement_cut_and_joined_to_others_never_becomes_two_statements(
    data: st.DataObject, dialect: str
) -> None:
    hostile = data.draw(st.sampled_from(statements("hostile", dialect)))
    other = data.draw(st.sampled_from(statements("harmless", dialect)))
    glue = data.draw(st.sampled_from(["; ", ";", " ;\n", " ; -- \n", "\n;/* */"]))
    if "'open" not in hostile and "$$" not in hostile and "#" not in hostile:
        assert not is_taken(f"{other.rstrip(';')}\n{glue}{hostile}", dialect)


@settings(max_examples=300, deadline=None)
@given(data=st.data())
def test_what_passes_changes_nothing_in_a_database_that_could_be_written(data: st.DataObject) -> None:
    """Any mixture of pieces of the corpus: what the guard lets through is run for real, with all rights."""
    pool = statements("hostile", "sqlite") + statements("harmless", "sqlite")
    first, second = data.draw(st.sampled_from(pool)), data.draw(st.sampled_from(pool))
    cut, begin = data.draw(st.integers(0, len(first))), data.draw(st.integers(0, len(second)))
    mixed = (
        first[:cut]
        + data.draw(st.sampled_from(["", " ", ";", "'", "\n", "--", "/*", "*/", "("]))
        + second[begin:]
    )
    try:
        sql = guarded(mixed, dialect="sqlite", database="shop", rows=10).sql
    except BadInput:
        return
    shop = sqlite3.connect(":memory:")
    shop.executescript((Path(__file__).parent / "shop_sqlite.sql").read_text())
    before = list(shop.iterdump()), shop.total_changes
    shop.set_progress_handler(lambda: 1, 2_000_000)
    with contextlib.suppress(sqlite3.Error, sqlite3.Warning):
        shop.execute(sql).fetchmany(20)
    assert (list(shop.iterdump()), shop.total_changes) == before
    assert not shop.in_transaction
    shop.close()
