"""Limits: a hostile document is refused cheaply, and leaves nothing behind."""

from __future__ import annotations

import time
from typing import Any

import pytest
from graphql import build_schema as sdl_schema

from schema.documents import Documents
from schema.limits import Limits
from tests.api.conftest import Running

SCHEMA = sdl_schema("type Query { a: Query b: String c(x: Int): [Query] }")


def prepared(text: str, **limits: Any) -> Any:
    return Documents(SCHEMA, Limits(**limits)).prepare(text)


def code(found: Any) -> str:
    assert found.errors
    return str(found.errors[0].extensions["code"])


def test_too_deep_too_many_aliases_too_many_tokens_are_limits_exceeded() -> None:
    assert code(prepared("{" + "a{" * 12 + "b" + "}" * 13)) == "LIMIT_EXCEEDED"
    assert not prepared("{" + "a{" * 11 + "b" + "}" * 12).errors
    assert code(prepared("{" + " ".join(f"x{n}: b" for n in range(51)) + "}")) == "LIMIT_EXCEEDED"
    assert not prepared("{" + " ".join(f"x{n}: b" for n in range(50)) + "}").errors
    assert code(prepared("{" + "b " * 2_000 + "}")) == "LIMIT_EXCEEDED"
    assert code(prepared("#" * 200_000 + "\n{b}")) == "LIMIT_EXCEEDED"
    assert code(prepared("#\n" * 3_000 + "{b}")) == "LIMIT_EXCEEDED"


def test_depth_and_aliases_hidden_in_fragments_count() -> None:
    deep = "{ ...F } fragment F on Query {" + "a{" * 12 + "b" + "}" * 13
    assert code(prepared(deep)) == "LIMIT_EXCEEDED"
    wide = "{ a { ...F } } fragment F on Query {" + " ".join(f"x{n}: b" for n in range(51)) + "}"
    assert code(prepared(wide)) == "LIMIT_EXCEEDED"


def test_fragments_that_double_each_other_are_measured_in_no_time() -> None:
    count = 60
    chain = "".join(
        f"fragment F{n} on Query {{ a {{ ...F{n + 1} }} x: a {{ ...F{n + 1} }} }}" for n in range(count)
    )
    began = time.process_time()
    found = prepared(f"{{ ...F0 }} {chain} fragment F{count} on Query {{ b }}", depth=100)
    assert code(found) == "LIMIT_EXCEEDED"
    assert time.process_time() - began < 1.0


@pytest.mark.parametrize(
    "text",
    [
        "{" + "a{" * 900,
        "{c(x:" + "[" * 900,
        "{" + "a{" * 400 + "b" + "}" * 401,
        "query q($x: " + "[" * 900 + "Int" + "]" * 900 + ") {b}",
    ],
)
def test_nesting_that_would_exhaust_the_stack_is_refused(text: str) -> None:
    assert code(prepared(text)) in ("LIMIT_EXCEEDED", "BAD_INPUT")


def test_a_fragment_that_spreads_itself_is_refused() -> None:
    assert code(prepared("{...F} fragment F on Query {a{...F}}")) == "BAD_INPUT"


def test_the_worst_document_within_the_limits_is_judged_within_a_second() -> None:
    """Fields that may merge are compared pair by pair: the token limit bounds the pairs."""
    began = time.process_time()
    prepared("{" + " ".join(f"c(x:{n}){{b}}" for n in range(240)) + "}")
    prepared("{" + "b " * 1_990 + "}")
    assert time.process_time() - began < 2.0


def test_documents_that_are_kept_stay_bounded_in_number_and_size() -> None:
    documents = Documents(SCHEMA, Limits(), most=50, most_characters=4_000)
    first = documents.prepare("{b}")
    assert documents.prepare("{b}") is first
    for n in range(500):
        documents.prepare(f"query q{n} {{b}}")
    assert len(documents._kept) <= 50
    for n in range(50):
        documents.prepare(f"query q{n} {{b}} #" + "x" * 400)
    assert sum(map(len, documents._kept)) <= 4_000
    assert documents._characters == sum(map(len, documents._kept))
    size = len(documents._kept)
    documents.prepare("{b} #" + "x" * 3_000)
    documents.prepare("{nothing}")
    assert len(documents._kept) == size


async def test_the_server_tells_which_limit_was_passed(server: Running) -> None:
    response = await server.post("{" + " ".join(f"x{n}: __typename" for n in range(51)) + "}")
    (error,) = response.json()["errors"]
    assert error["extensions"]["code"] == "LIMIT_EXCEEDED"
    assert "50 aliases" in error["message"]


async def test_introspection_as_tools_send_it_is_within_the_limits(server: Running) -> None:
    from graphql import get_introspection_query

    full = get_introspection_query(input_value_deprecation=True, specified_by_url=True)
    assert "__schema" in await server.data(full)
