"""How a document becomes a tool."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from mcp_adapter.calls import BadCall, call_of
from mcp_adapter.documents import BadDocument, Tool, load_tools
from mcp_adapter.executor import failure
from mcp_adapter.results import bounded, result_of, terse
from tests.mcp.small import SDL, write_tools


@pytest.fixture
def tools(tmp_path: Path) -> dict[str, Tool]:
    return load_tools(SDL, write_tools(tmp_path))


def test_the_schema_shows_types_defaults_and_descriptions_and_nothing_else(tools: dict[str, Tool]) -> None:
    assert tools["put_thing"].input_schema == {
        "type": "object",
        "properties": {
            "title": {"type": "string", "description": "Its name"},
            "mood": {"type": "string", "enum": ["good", "very_bad"], "default": "very_bad"},
            "tags": {"type": "array", "items": {"type": "string"}},
            "size": {"type": "integer"},
            "extra": {"type": "object"},
        },
        "required": ["title"],
        "additionalProperties": False,
    }
    assert tools["put_thing"].description == "Put a thing."


def test_an_action_tool_shows_the_union_of_its_operations(tools: dict[str, Tool]) -> None:
    tool = tools["thing"]
    assert tool.description == "Things by action.\nget: Look at one\nput: Put one\nall: All of them"
    assert list(tool.input_schema["properties"]) == ["action", "name", "mood", "limit"]
    assert tool.input_schema["properties"]["action"] == {"type": "string", "enum": ["get", "put", "all"]}
    assert tool.input_schema["properties"]["name"] == {"type": "string", "description": "Which"}
    assert tool.input_schema["required"] == ["action"]


def test_hints_follow_from_the_kind_of_operation(tools: dict[str, Tool]) -> None:
    assert tools["get_thing"].annotations == {"readOnlyHint": True, "openWorldHint": False}
    assert tools["put_thing"].annotations["idempotentHint"] is True
    assert tools["put_thing"].annotations["readOnlyHint"] is False
    assert tools["thing"].annotations["destructiveHint"] is True


def test_enums_and_defaults_are_translated_for_graphql(tools: dict[str, Tool]) -> None:
    call = call_of(tools["put_thing"], {"title": "x", "mood": "very_bad", "size": 3.0, "extra": {"a": [1]}})
    assert call.variables == {"title": "x", "mood": "VERY_BAD", "size": 3, "extra": {"a": [1]}}
    assert type(call.variables["size"]) is int


def test_null_for_an_optional_parameter_is_as_if_not_given(tools: dict[str, Tool]) -> None:
    call = call_of(tools["put_thing"], {"title": "x", "mood": None, "tags": None})
    assert call.variables == {"title": "x"}


def test_an_old_spelling_is_taken_and_the_new_one_wins(tools: dict[str, Tool]) -> None:
    tool = tools["put_thing"]
    assert call_of(tool, {"name": "old", "legacy": 7}).variables == {"title": "old"}
    assert call_of(tool, {"name": "old", "title": "new"}).variables == {"title": "new"}
    assert call_of(tool, {"title": None, "name": "old"}).variables == {"title": "old"}


@pytest.mark.parametrize(
    ("arguments", "field", "says"),
    [
        ({}, "title", "is required"),
        ({"title": None}, "title", "is required"),
        ({"title": 5}, "title", "must be a string"),
        ({"title": "\ud800"}, "title", "broken Unicode"),
        ({"title": "x", "mood": "GOOD"}, "mood", "must be one of: good, very_bad"),
        ({"title": "x", "mood": ["good"]}, "mood", "must be one of"),
        ({"title": "x", "size": "five"}, "size", "must be an integer"),
        ({"title": "x", "size": "1.5"}, "size", "must be an integer"),
        ({"title": "x", "size": "NaN"}, "size", "must be an integer"),
        ({"title": "x", "size": "9" * 5_000}, "size", "must be an integer"),
        ({"title": "x", "size": True}, "size", "must be an integer"),
        ({"title": "x", "size": 1.5}, "size", "must be an integer"),
        ({"title": "x", "size": float("nan")}, "size", "must be an integer"),
        ({"title": "x", "size": 2**31}, "size", "is too large"),
        ({"title": "x", "tags": "a"}, "tags", "must be a list"),
        ({"title": "x", "tags": "{}"}, "tags", "must be a list"),
        ({"title": "x", "tags": "[" * 100_000}, "tags", "must be a list"),
        ({"title": "x", "tags": '["a", null]'}, "tags", "entry 1 must be a string"),
        ({"title": "x", "tags": ["a", None]}, "tags", "entry 1 must be a string"),
        ({"title": "x", "extra": "[]"}, "extra", "must be an object"),
        ({"title": "x", "titel": "y"}, "titel", "is not a parameter"),
    ],
)
def test_a_wrong_argument_is_named(
    tools: dict[str, Tool], arguments: dict[str, Any], field: str, says: str
) -> None:
    with pytest.raises(BadCall) as refused:
        call_of(tools["put_thing"], arguments)
    assert refused.value.field == field
    assert says in refused.value.message


def test_a_misspelt_parameter_is_told_the_closest_name(tools: dict[str, Tool]) -> None:
    with pytest.raises(BadCall) as refused:
        call_of(tools["put_thing"], {"titel": "x"})
    assert refused.value.hint == "Did you mean title?"


def test_what_a_client_sends_as_json_in_a_text_is_taken_as_what_it_says(tools: dict[str, Tool]) -> None:
    given = {"title": "5", "size": "5", "tags": '["a", "b"]', "extra": '{"a": [1]}'}
    assert call_of(tools["put_thing"], given).variables == {
        "title": "5",
        "size": 5,
        "tags": ["a", "b"],
        "extra": {"a": [1]},
    }
    assert call_of(tools["get_thing"], {"name": "true", "verbose": "true"}).variables == {
        "name": "true",
        "verbose": True,
    }


def test_a_boolean_is_not_taken_from_a_number(tools: dict[str, Tool]) -> None:
    with pytest.raises(BadCall, match="true or false"):
        call_of(tools["get_thing"], {"name": "x", "verbose": 1})


def test_an_action_names_the_parameter_it_lacks(tools: dict[str, Tool]) -> None:
    with pytest.raises(BadCall) as refused:
        call_of(tools["thing"], {"action": "put"})
    assert (refused.value.field, refused.value.hint) == ("name", "The action put needs name.")


@pytest.mark.parametrize("action", [None, "grow", 5, ["get"]])
def test_a_wrong_action_is_told_the_right_ones(tools: dict[str, Tool], action: Any) -> None:
    with pytest.raises(BadCall) as refused:
        call_of(tools["thing"], {"action": action})
    assert refused.value.field == "action"
    assert "get, put, all" in refused.value.message + refused.value.hint


def test_an_action_takes_and_does_not_use_the_parameters_of_others(tools: dict[str, Tool]) -> None:
    call = call_of(tools["thing"], {"action": "all", "name": "x", "mood": "good", "limit": 2})
    assert (call.operation.name, call.variables) == ("all", {"limit": 2})
    with pytest.raises(BadCall):
        call_of(tools["thing"], {"action": "all", "nam": "x"})


def test_results_have_lower_case_enums_short_times_and_nothing_empty(tools: dict[str, Tool]) -> None:
    operation = tools["get_thing"].operations["get_thing"]
    thing = {
        "name": "",
        "mood": "VERY_BAD",
        "moods": ["GOOD", "VERY_BAD"],
        "note": None,
        "at": "2026-01-02T03:04:05.678901+00:00",
        "tags": [],
        "count": 0,
        "done": False,
        "parent": {"name": None},
        "parts": [{"name": "GOOD", "mood": "GOOD"}],
    }
    result = result_of(operation, {"data": {"result": thing}})
    assert result["structuredContent"] == {
        "mood": "very_bad",
        "moods": ["good", "very_bad"],
        "at": "2026-01-02T03:04:05Z",
        "count": 0,
        "done": False,
        "parts": [{"name": "GOOD", "mood": "good"}],
    }
    assert result["content"] == [{"type": "text", "text": terse(result["structuredContent"])}]


def test_a_page_of_nodes_alone_becomes_a_list(tools: dict[str, Tool]) -> None:
    operation = tools["list_things"].operations["list_things"]
    page = {"items": [{"name": "a", "mood": "GOOD"}], "page": {"next": None}}
    data = {"result": page, "others": {"nodes": [{"name": "b"}]}}
    assert result_of(operation, {"data": data})["structuredContent"] == {
        "items": [{"name": "a", "mood": "good"}],
        "others": [{"name": "b"}],
    }
    action = tools["thing"].operations["all"]
    many = {"data": {"result": {"nodes": [{"name": "c"}]}}}
    assert result_of(action, many)["structuredContent"] == {"result": [{"name": "c"}]}


def test_a_result_without_anything_shows_which_lists_are_empty(tools: dict[str, Tool]) -> None:
    listed = tools["list_things"].operations["list_things"]
    empty = {"result": {"items": [], "page": {"next": None}}, "others": {"nodes": []}}
    assert result_of(listed, {"data": empty})["structuredContent"] == {"items": [], "others": []}
    some = {**empty, "others": {"nodes": [{"name": "b"}]}}
    assert result_of(listed, {"data": some})["structuredContent"] == {"others": [{"name": "b"}]}
    action = tools["thing"].operations["all"]
    assert result_of(action, {"data": {"result": {"nodes": []}}})["structuredContent"] == {"result": []}
    assert result_of(action, {"data": {"result": None}})["structuredContent"] == {}


def test_the_members_of_a_union_and_constants_are_shown(tools: dict[str, Tool]) -> None:
    operation = tools["put_thing"].operations["put_thing"]
    wrong = result_of(operation, {"data": {"result": {"mood": "GOOD", "reason": "GOOD"}}})
    assert wrong["structuredContent"] == {"mood": "good", "reason": "GOOD", "status": "put"}
    nested = result_of(operation, {"data": {"result": {"id": "1", "parts": [{"mood": "GOOD"}]}}})
    assert nested["structuredContent"] == {"id": "1", "parts": [{"mood": "good"}], "status": "put"}


@pytest.mark.parametrize(
    ("field", "name"),
    [("thingName", "title"), ("sizeInMm", "size"), ("input.mood", "mood"), ("other", "other")],
)
def test_an_error_names_the_tools_own_parameter(tools: dict[str, Tool], field: str, name: str) -> None:
    extensions = {"code": "BAD_INPUT", "detail": "must not be empty", "field": field, "hint": "Fill it."}
    response = {"errors": [{"message": f"{field}: must not be empty", "extensions": extensions}]}
    result = result_of(tools["put_thing"].operations["put_thing"], response)
    assert result["isError"] is True
    assert result["structuredContent"] == {
        "code": "BAD_INPUT",
        "message": f"{name}: must not be empty",
        "field": name,
        "hint": "Fill it.",
    }


def test_notices_come_first_with_results_and_with_errors(tools: dict[str, Tool]) -> None:
    operation = tools["get_thing"].operations["get_thing"]
    extensions = {"notices": ["2 urgent messages.", "A lock lapsed."]}
    result = result_of(operation, {"data": {"result": {"name": "x"}}, "extensions": extensions})
    assert result["content"][0]["text"] == '{"notice":"2 urgent messages. A lock lapsed.","name":"x"}'
    failed = result_of(operation, {**failure("CONFLICT", "no"), "extensions": extensions})
    assert failed["structuredContent"]["notice"] == "2 urgent messages. A lock lapsed."
    assert failed["structuredContent"]["code"] == "CONFLICT"


def test_a_result_beyond_the_bound_is_cut_and_says_so() -> None:
    items = [{"id": i, "text": "x" * 50} for i in range(1_000)]
    cut = bounded({"count": 1_000, "items": items, "next": "abc"}, 5_000)
    assert len(terse(cut)) <= 5_000
    assert cut["items"] == items[: len(cut["items"])]
    assert len(cut["items"]) > 30
    assert cut["next"] == "abc"
    assert f"items: only the first {len(cut['items'])} entries are shown" in cut["cut"]
    long = bounded({"a": {"text": "é" * 20_000}}, 5_000)
    assert len(terse(long)) <= 5_000
    assert "a.text: only the first" in long["cut"]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("query t { nope }", "nope"),
        ("query t {", "Syntax Error"),
        ('query t { thing(name: "x") { id } }', "needs a description"),
        ("fragment f on Thing { id }", "f"),
        ('"a" query a($n: Int) { things(first: $n) { nodes { id } } } "b" query b($n: String!) { thing(name: $n) { id } }',
         "n differs between the operations"),
    ],
)  # fmt: skip
def test_a_document_that_does_not_fit_stops_the_start(tmp_path: Path, text: str, says: str) -> None:
    (tmp_path / "t.graphql").write_text(text)
    with pytest.raises(BadDocument, match=says):
        load_tools(SDL, tmp_path)


@pytest.mark.parametrize(
    "extras", ['{"gone": {}}', '{"wait": {"alias": {}}}', '{"wait": {"aliases": {"x": "nope"}}}']
)
def test_extras_that_mean_nothing_stop_the_start(tmp_path: Path, extras: str) -> None:
    write_tools(tmp_path)
    (tmp_path / "extras.json").write_text(extras)
    with pytest.raises(BadDocument):
        load_tools(SDL, tmp_path)
