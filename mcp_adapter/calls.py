"""How a tool call becomes an operation: names and types of its arguments, and what is said of wrong ones."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from mcp_adapter.documents import Operation, Tool
from mcp_adapter.parameters import Check, WrongValue


class BadCall(Exception):
    """The arguments do not fit; `field` is the parameter at fault."""

    def __init__(self, field: str, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.field = field
        self.message = message
        self.hint = hint


@dataclass(frozen=True, slots=True)
class Call:
    """An operation and the variables to run it with."""

    operation: Operation
    variables: dict[str, Any]


def call_of(tool: Tool, arguments: Mapping[str, Any]) -> Call:
    """Return the operation that the arguments ask for.

    An explicit null is as if not given. An action tool takes, and does not use, the parameters of its
    other actions.

    Raises:
        BadCall: an argument is unknown, missing or of the wrong type.
    """
    given = _named(tool, arguments)
    operation = _picked(tool, given)
    variables = {}
    for name, parameter in operation.parameters.items():
        if name in given:
            variables[name] = _checked(name, parameter.check, given[name])
        elif parameter.is_required:
            raise BadCall(name, "is required", _needs(tool, operation))
    return Call(operation, variables)


def _named(tool: Tool, arguments: Mapping[str, Any]) -> dict[str, Any]:
    given: dict[str, Any] = {}
    for name, value in arguments.items():
        if name not in tool.known and not (tool.has_actions and name == "action"):
            if name not in tool.aliases:
                raise _unknown(tool, name)
            meant = tool.aliases[name]
            if meant is not None and value is not None and arguments.get(meant) is None:
                given[meant] = value
        elif value is not None:
            given[name] = value
    return given


def _picked(tool: Tool, given: Mapping[str, Any]) -> Operation:
    if not tool.has_actions:
        return next(iter(tool.operations.values()))
    action = given.get("action")
    if action is None:
        raise BadCall("action", "is required", f"One of: {', '.join(tool.operations)}.")
    operation = tool.operations.get(action) if type(action) is str else None
    if operation is None:
        raise BadCall("action", f"must be one of: {', '.join(tool.operations)}")
    return operation


def _checked(name: str, check: Check, value: Any) -> Any:
    try:
        return check(value)
    except WrongValue as error:
        raise BadCall(name, str(error)) from None


def _needs(tool: Tool, operation: Operation) -> str:
    needed = [name for name, parameter in operation.parameters.items() if parameter.is_required]
    subject = f"The action {operation.name}" if tool.has_actions else tool.name
    return f"{subject} needs {', '.join(needed)}."


def _unknown(tool: Tool, name: str) -> BadCall:
    shown = ascii(name[:60])[1:-1]
    known = sorted(tool.known | {"action"} if tool.has_actions else tool.known)
    close = difflib.get_close_matches(name[:60], known, n=1, cutoff=0.5)
    if close:
        return BadCall(shown, "is not a parameter of this tool", f"Did you mean {close[0]}?")
    return BadCall(shown, "is not a parameter of this tool", f"It takes: {', '.join(known) or 'none'}.")
