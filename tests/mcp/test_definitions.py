"""The 23 tools as they are listed: as callers know them, as committed, within the budget."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator  # type: ignore[import-untyped]

from mcp_adapter.calls import BadCall, call_of
from mcp_adapter.documents import Tool, load_tools
from mcp_adapter.profiles import PROFILES, SOLO, list_size, profile_of
from mcp_adapter.prompt_files import load_prompts
from mcp_adapter.resource_files import load_resources
from mcp_adapter.server import INSTRUCTIONS
from mcp_adapter.snapshots import FOLDER, differences, snapshots_of
from schema.root import build_schema

REFERENCE: dict[str, list[dict[str, Any]]] = json.loads(
    (Path(__file__).parent / "reference_tools.json").read_text()
)
SCHEMA = build_schema()._schema
TOOLS = load_tools(SCHEMA)

BUDGET_TOKENS = 8_000
# Where the older server's own definition is one of the defects that ours must not have: a tier that
# defaults to `named` demoted an admin whose text was changed, a type that defaults to `interface` would
# retype a spec whose content was changed; a name to list checklists means nothing.
NOT_DEFAULTED = {("memory_project", "tier"), ("memory_define_spec", "spec_type")}
NOT_REQUIRED = {("memory_checklist", "name")}
# Fourteen parameters that callers know, one of them a list of sixteen types.
LARGE = {"memory_store": 380}
SAMPLES: dict[str, Any] = {
    "string": "x",
    "integer": 1,
    "number": 1.0,
    "boolean": True,
    "array": ["x"],
    "object": {},
}
WRONG: dict[str, Any] = {
    "string": 5,
    "integer": "five",
    "number": "[5]",
    "boolean": "yes",
    "array": "x",
    "object": "[]",
}


def sample(shape: dict[str, Any]) -> Any:
    if "enum" in shape:
        return shape["enum"][0]
    return [sample(shape["items"])] if shape["type"] == "array" else SAMPLES[shape["type"]]


def least(tool: Tool) -> dict[str, Any]:
    """Return the fewest arguments that the tool takes (of an action tool: for its first action)."""
    operation = next(iter(tool.operations.values()))
    needed = [name for name, parameter in operation.parameters.items() if parameter.is_required]
    given = {name: sample(tool.input_schema["properties"][name]) for name in needed}
    return {**given, "action": operation.name} if tool.has_actions else given


EACH = pytest.mark.parametrize("tool", TOOLS.values(), ids=list(TOOLS))
EACH_PARAMETER = pytest.mark.parametrize(
    ("tool", "name"),
    [(tool, name) for tool in TOOLS.values() for name in tool.input_schema["properties"]],
    ids=[f"{tool.name}-{name}" for tool in TOOLS.values() for name in tool.input_schema["properties"]],
)


def test_there_is_a_tool_for_each_that_callers_know() -> None:
    assert set(TOOLS) == set(REFERENCE)


@pytest.mark.parametrize("name", REFERENCE)
def test_a_tool_takes_what_its_callers_send(name: str) -> None:
    tool = TOOLS[name]
    properties, required = tool.input_schema["properties"], tool.input_schema.get("required", [])
    for parameter in REFERENCE[name]:
        key = parameter["name"]
        if key not in properties:
            assert key in tool.aliases, key
            assert not parameter["required"]
            continue
        shape = properties[key]
        assert shape["type"] == parameter["type"].partition("<")[0], key
        if "enum" in parameter:
            assert set(parameter["enum"]) <= set(shape["enum"]), key
        if (name, key) not in NOT_DEFAULTED:
            assert shape.get("default") == parameter.get("default"), key
        if (name, key) not in NOT_REQUIRED:
            assert (key in required) == parameter["required"], key


@EACH
def test_parameters_that_callers_do_not_know_are_optional(tool: Tool) -> None:
    known = {parameter["name"] for parameter in REFERENCE[tool.name]}
    assert set(tool.input_schema.get("required", [])) <= known


def test_the_definitions_are_those_committed() -> None:
    assert not differences(snapshots_of(TOOLS.values()), FOLDER), "python -m mcp_adapter.snapshots --write"


def test_the_list_of_tools_is_within_its_budget() -> None:
    characters, tokens = list_size(TOOLS.values())
    assert tokens <= BUDGET_TOKENS, f"{characters} characters"


@EACH
def test_a_definition_is_a_small_valid_json_schema(tool: Tool) -> None:
    Draft202012Validator.check_schema(tool.input_schema)
    assert tool.input_schema["additionalProperties"] is False
    assert tool.description
    assert list_size([tool])[1] <= LARGE.get(tool.name, 300)
    assert tool.annotations["openWorldHint"] is False
    assert tool.annotations["readOnlyHint"] is all(one.is_query for one in tool.operations.values())


@EACH
def test_the_least_that_a_tool_needs_is_taken(tool: Tool) -> None:
    arguments = least(tool)
    Draft202012Validator(tool.input_schema).validate(arguments)
    assert call_of(tool, arguments).variables.keys() == arguments.keys() - {"action"}


@EACH_PARAMETER
def test_a_parameter_of_the_wrong_type_is_named(tool: Tool, name: str) -> None:
    shape = tool.input_schema["properties"][name]
    operation = next((one for one in tool.operations.values() if name in one.parameters), None)
    arguments = {**least(tool), **({"action": operation.name} if operation and tool.has_actions else {})}
    for key, parameter in operation.parameters.items() if operation else ():
        if parameter.is_required:
            arguments.setdefault(key, sample(tool.input_schema["properties"][key]))
    for value in (WRONG[shape["type"]], {"a": 1} if shape["type"] != "object" else [], 1.5):
        if shape["type"] == "number" and value == 1.5:
            continue
        with pytest.raises(BadCall) as refused:
            call_of(tool, {**arguments, name: value})
        assert refused.value.field == name


@EACH_PARAMETER
def test_null_is_as_if_not_given(tool: Tool, name: str) -> None:
    arguments = least(tool)
    if name in arguments:
        with pytest.raises(BadCall, match="is required") as refused:
            call_of(tool, {**arguments, name: None})
        assert refused.value.field == name
    else:
        assert name not in call_of(tool, {**arguments, name: None}).variables


@EACH
def test_an_unknown_parameter_is_refused(tool: Tool) -> None:
    with pytest.raises(BadCall) as refused:
        call_of(tool, {**least(tool), "sesion_idd": "x"})
    assert refused.value.field == "sesion_idd"
    if "session_id" in tool.known:
        assert refused.value.hint == "Did you mean session_id?"


def test_profiles_narrow_the_list() -> None:
    sizes = {profile: len(profile_of(TOOLS, profile)) for profile in PROFILES}
    assert sizes["solo"] <= len(SOLO) <= 12
    assert sizes["solo"] < sizes["team"] < sizes["full"] == len(TOOLS)


def test_the_resources_fit_the_schema() -> None:
    resources = load_resources(SCHEMA)
    assert {kind.template for kind in resources.kinds} == {
        "interlock://{project}/inbox/{agent}",
        "interlock://{project}/locks",
        "interlock://{project}/backlog",
        "interlock://{project}/spec/{name}",
    }
    assert resources.listing is not None
    assert resources.changes is not None
    assert resources.kinds[0].values("interlock://a%20b/backlog") == {"project": "a b"}
    assert resources.kinds[0].uri({"project": "a b"}) == "interlock://a%20b/backlog"


def test_prompts_and_instructions_name_tools_that_exist() -> None:
    texts = [INSTRUCTIONS, *(prompt.text for prompt in load_prompts().values())]
    named = {name for text in texts for name in re.findall(r"memory_\w+", text)}
    assert len(named) > 8
    assert named <= set(TOOLS)
