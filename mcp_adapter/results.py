"""What a model reads of a result or a failure: terse JSON, bounded, with the notices that are owed to it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from mcp_adapter.calls import BadCall
from mcp_adapter.documents import Operation
from mcp_adapter.executor import Response

MAX_RESULT_CHARACTERS = 100_000
_MAX_NOTICE = 1_000
_ROOM = 400

_encoder = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"))


def result_of(operation: Operation, response: Response) -> dict[str, Any]:
    """Return the `tools/call` result for a GraphQL response."""
    errors = response.get("errors")
    if errors:
        return _shown(_told(errors[0], operation.parameter_of_field), response, is_error=True)
    result = operation.plan(response.get("data") or {})
    if operation.constants:
        result = {**result, **operation.constants}
    return _shown(result, response)


def refusal(error: BadCall) -> dict[str, Any]:
    """Return the result of a call whose arguments do not fit."""
    told = {"code": "BAD_INPUT", "message": f"{error.field}: {error.message}", "field": error.field}
    return _shown({**told, "hint": error.hint} if error.hint else told, {}, is_error=True)


def terse(value: object) -> str:
    """Return the JSON text of a value, as short as it gets."""
    return _encoder.encode(value)


def _told(error: Mapping[str, Any], parameter_of_field: Mapping[str, str]) -> dict[str, Any]:
    extensions = error.get("extensions") or {}
    told = {"code": extensions.get("code", "INTERNAL")}
    field = extensions.get("field")
    if field:
        name = parameter_of_field.get(field.rpartition(".")[2], field)
        told["message"] = f"{name}: {extensions['detail']}" if "detail" in extensions else error["message"]
        told["field"] = name
    else:
        told["message"] = error["message"]
    if extensions.get("hint"):
        told["hint"] = extensions["hint"]
    return told


def _shown(result: dict[str, Any], response: Response, *, is_error: bool = False) -> dict[str, Any]:
    extensions = response.get("extensions")
    notices = extensions.get("notices") if extensions else None
    if notices:
        text = notices if isinstance(notices, str) else " ".join(str(one) for one in notices)
        result = {"notice": text[:_MAX_NOTICE], **result}
    text = _encoder.encode(result)
    if len(text) > MAX_RESULT_CHARACTERS:
        result = bounded(result)
        text = _encoder.encode(result)
    shown: dict[str, Any] = {
        "content": [{"type": "text", "text": text}],
        "structuredContent": result,
        "resultType": "complete",
    }
    if is_error:
        shown["isError"] = True
    return shown


def bounded(result: dict[str, Any], limit: int = MAX_RESULT_CHARACTERS) -> dict[str, Any]:
    """Return the result cut to `limit` characters of JSON: its largest list or text is shortened.

    The key `cut` says what was left out.
    """
    result = json.loads(_encoder.encode(result))
    said: dict[str, str] = {}
    while (size := len(_encoder.encode({**result, "cut": " ".join(said.values())}))) > limit:
        path, holder, key = _largest(result)
        value = holder[key]
        kept = max(len(value) * (limit - _ROOM) // size, 0)
        kept = min(kept, len(value) - 1)
        holder[key] = value[:kept]
        unit = "entries" if isinstance(value, list) else "characters"
        said[path] = f"{path}: only the first {kept:,} {unit} are shown."
    said["hint"] = "Ask for fewer or for one by its id."
    return {**result, "cut": " ".join(said.values())}


def _largest(result: dict[str, Any]) -> tuple[str, Any, Any]:
    """Return the path, holder and key of the list or text that takes most room."""
    path: list[str] = []
    holder: Any = result
    while True:
        keys = list(holder) if isinstance(holder, dict) else list(range(len(holder)))
        key = max(keys, key=lambda one: len(_encoder.encode(holder[one])))
        path.append(str(key))
        value = holder[key]
        if isinstance(value, str) or (isinstance(value, list) and len(value) > 1):
            return ".".join(path), holder, key
        if not isinstance(value, list | dict) or not value:
            raise ValueError("nothing left to cut")
        holder = value
