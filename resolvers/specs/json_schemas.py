"""Whether an object is a JSON Schema by its shape: keywords of the right form, all the way down.

The check is our own because it runs on the event loop: judging 20 KB by the meta-schema takes a tenth of a
second, this less than one thousandth.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

from resolvers.errors import BadInput

MAX_SCHEMA_BYTES = 20_480
MAX_DEPTH = 40

_TYPES = frozenset(("null", "boolean", "object", "array", "number", "integer", "string"))
_SCHEMAS_BY_NAME = frozenset(("properties", "patternProperties", "$defs", "definitions", "dependentSchemas"))
_LISTS_OF_SCHEMAS = frozenset(("allOf", "anyOf", "oneOf", "prefixItems"))
_SCHEMAS = frozenset(
    (
        "additionalItems",
        "additionalProperties",
        "contains",
        "else",
        "if",
        "items",
        "not",
        "propertyNames",
        "then",
        "unevaluatedItems",
        "unevaluatedProperties",
    )
)


def json_schema(field: str, value: Any) -> dict[str, Any]:
    """Return `value`, a JSON Schema of at most 20 KB and 40 levels; None becomes the empty one.

    Raises:
        BadInput: it is too large, no object, or a keyword of it has the wrong form; the message says where.
    """
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise BadInput(field, "must be a JSON object")
    try:
        size = len(json.dumps(value, allow_nan=False, ensure_ascii=False).encode())
    except (ValueError, TypeError, RecursionError):
        raise BadInput(field, "is not plain JSON") from None
    if size > MAX_SCHEMA_BYTES:
        raise BadInput(field, f"is longer than {MAX_SCHEMA_BYTES:,} bytes", hint="Shorten it or split it.")
    fault = _fault(value, "", 0)
    if fault:
        raise BadInput(field, f"is not a JSON Schema: {fault}")
    return value


def _fault(schema: Any, path: str, depth: int) -> str:
    """Return what is wrong with a schema, or the empty text."""
    if isinstance(schema, bool):
        return ""
    if not isinstance(schema, Mapping):
        return f"{path or 'it'} must be an object or a boolean"
    if depth > MAX_DEPTH:
        return f"it is nested more than {MAX_DEPTH} levels deep"
    for key, value in schema.items():
        place = f"{path}.{key}" if path else key
        fault = _of_keyword(key, value, place[:200], depth + 1)
        if fault:
            return fault
    return ""


def _of_keyword(key: str, value: Any, place: str, depth: int) -> str:
    if key in _SCHEMAS_BY_NAME:
        if not isinstance(value, Mapping):
            return f"{place} must be an object"
        return _first(_fault(one, f"{place}.{name}", depth) for name, one in value.items())
    if key in _LISTS_OF_SCHEMAS or (key == "items" and isinstance(value, list)):
        if not isinstance(value, list) or not value:
            return f"{place} must be a list with at least one entry"
        return _first(_fault(one, f"{place}.{index}", depth) for index, one in enumerate(value))
    if key in _SCHEMAS:
        return _fault(value, place, depth)
    form = _FORMS.get(key)
    return f"{place} must be {form[0]}" if form and not form[1](value) else ""


def _first(faults: Any) -> str:
    return next((fault for fault in faults if fault), "")


def _is_type(value: Any) -> bool:
    if isinstance(value, str):
        return value in _TYPES
    return _is_texts(value) and bool(value) and _TYPES.issuperset(value)


def _is_texts(value: Any) -> bool:
    return (
        isinstance(value, list)
        and all(isinstance(one, str) for one in value)
        and len(set(value)) == len(value)
    )


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _is_count(value: Any) -> bool:
    return _is_number(value) and value >= 0 and value == int(value)


def _is_text(value: Any) -> bool:
    return isinstance(value, str)


Form = tuple[str, Callable[[Any], bool]]

_TEXT: Form = ("a text", _is_text)
_NUMBER: Form = ("a number", _is_number)
_COUNT: Form = ("an integer, 0 or more", _is_count)
_BOOLEAN: Form = ("a boolean", lambda value: isinstance(value, bool))

_FORMS: Mapping[str, Form] = {
    "type": (f"one of {', '.join(sorted(_TYPES))}, or a list of these", _is_type),
    "required": ("a list of distinct texts", _is_texts),
    "enum": ("a list", lambda value: isinstance(value, list)),
    "examples": ("a list", lambda value: isinstance(value, list)),
    "multipleOf": ("a number above 0", lambda value: _is_number(value) and value > 0),
    **dict.fromkeys(("minimum", "maximum"), _NUMBER),
    **dict.fromkeys(
        ("minLength", "maxLength", "minItems", "maxItems", "minProperties", "maxProperties"), _COUNT
    ),
    **dict.fromkeys(("minContains", "maxContains"), _COUNT),
    **dict.fromkeys(("$schema", "$id", "$ref", "$anchor", "$dynamicRef", "$comment"), _TEXT),
    **dict.fromkeys(("title", "description", "format", "pattern"), _TEXT),
    **dict.fromkeys(("uniqueItems", "readOnly", "writeOnly", "deprecated"), _BOOLEAN),
}
