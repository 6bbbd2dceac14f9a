"""What the model must answer: the fields, their types and bounds, and the tool that it is made to call."""

from __future__ import annotations

import json
import re
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

TOOL = "record_analysis"
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")


def cleaned(text: str) -> str:
    """Return a text with spaces for control characters, marks that turn the direction of writing, and broken Unicode."""
    return _CONTROL.sub(" ", text)


class Unusable(Exception):
    """An answer does not hold; the message says what is wrong, for the model to put right."""


def _text(most: int) -> Any:
    """A text without control characters, cut at `most` characters; nothing but text is taken."""

    def cut(value: Any) -> Any:
        return cleaned(value).strip()[:most] if isinstance(value, str) else value

    return BeforeValidator(cut)


def _first(most: int) -> Any:
    """A list cut at `most` entries, without empty ones."""

    def cut(value: Any) -> Any:
        kept = [one for one in value if not is_empty(one)] if isinstance(value, list) else value
        return kept[:most] if isinstance(kept, list) else kept

    def is_empty(one: Any) -> bool:
        return one is None or (isinstance(one, str) and not cleaned(one).strip())

    return BeforeValidator(cut)


Line = Annotated[str, _text(300)]
Note = Annotated[str, _text(2_000)]


class Parameter(BaseModel):
    """One parameter of the function."""

    model_config = ConfigDict(extra="ignore", strict=True)

    name: Annotated[str, _text(120)] = Field(min_length=1, description="Its name.")
    type: Line = Field("", description="Its type as written or as used; empty if unknown.")
    description: Line = Field("", description="What it means, its unit and limits, in a few words.")
    default: Annotated[str, _text(200)] | None = Field(
        None, description="Its default as written, if it has one."
    )


class Analysis(BaseModel):
    """What was found out about one function."""

    model_config = ConfigDict(extra="ignore", strict=True)

    signature: Annotated[str, _text(1_000)] = Field(
        min_length=1, description="The signature on one line, as written."
    )
    parameters: Annotated[list[Parameter], _first(40)] = Field(
        description="Its parameters in order, without self."
    )
    returns: Note = Field(description="What it returns or yields, its type and what special values mean.")
    calls: Annotated[list[Line], _first(50)] = Field(
        description="Names of the functions it calls that matter."
    )
    side_effects: Annotated[list[Line], _first(25)] = Field(
        description="What it changes outside itself: files, network, database, state, arguments. Empty if none."
    )
    complexity: Line = Field(
        description="Time and space in O notation where it says something, else one word."
    )
    gotchas: Note = Field(
        description="What a caller trips over: preconditions, exceptions, None, order, concurrency, cost, surprises."
    )
    search_summary: Note = Field(
        min_length=20,
        description="Two to four sentences for search: what it does and when to use it, in the many words by which "
        "somebody would look for it: synonyms, the domain, formats, protocols, algorithms.",
    )


def tool() -> dict[str, Any]:
    """Return the definition of the tool that the model must call."""
    schema = Analysis.model_json_schema()
    inner = schema.pop("$defs")["Parameter"]
    schema["properties"]["parameters"]["items"] = inner
    return {
        "name": TOOL,
        "description": "Record what was found out about the function.",
        "input_schema": schema,
    }


def checked(answer: Any) -> Analysis:
    """Return the analysis in an answer of the Messages API; a JSON object in its text is taken as well.

    Raises:
        Unusable: there is none, or it does not hold.
    """
    blocks = answer.get("content") if isinstance(answer, dict) else None
    if not isinstance(blocks, list):
        raise Unusable("the answer is no message")
    given = [one for one in blocks if isinstance(one, dict)]
    called = [one.get("input") for one in given if one.get("type") == "tool_use" and one.get("name") == TOOL]
    found = called[0] if called else _in_text("".join(str(one.get("text", "")) for one in given))
    if found is None:
        raise Unusable(f"the tool {TOOL} was not called")
    if isinstance(found, str):
        # Some models write the arguments as text.
        found = _in_text(found)
    if answer.get("stop_reason") == "max_tokens":
        raise Unusable("the answer was cut off: it is too long; be shorter in every field")
    try:
        return Analysis.model_validate(found)
    except ValidationError as error:
        wrong = [f"{'.'.join(str(part) for part in one['loc'])}: {one['msg']}" for one in error.errors()[:5]]
        raise Unusable("; ".join(wrong)) from None


def _in_text(text: str) -> Any:
    first, last = text.find("{"), text.rfind("}")
    if not 0 <= first < last:
        return None
    try:
        return json.loads(text[first : last + 1])
    except (ValueError, RecursionError):
        return None
