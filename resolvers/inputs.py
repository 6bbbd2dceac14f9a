"""What an input must look like before a rule sees it."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import fields, is_dataclass
from typing import Any

from resolvers.errors import BadInput
from resolvers.rules import MAX_LINE, MAX_NAME, MAX_PAGE, MAX_TAGS, MAX_TEXT_BYTES

MAX_NESTING = 100
"""Levels of a JSON argument. What is nested deeper could be stored, but MCP's library could not tell it."""

_PROJECT = re.compile(r"[\w.]+")
_AGENT = re.compile(r"[\w.@+-]+")
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")


def storable(field: str, value: Any, depth: int = 0) -> None:
    """Refuse what no store can keep or no reader be told, anywhere in an argument.

    Raises:
        BadInput: it holds a NUL character or half a surrogate pair, or is nested too deeply.
    """
    if depth > MAX_NESTING:
        raise BadInput(field, f"is nested more than {MAX_NESTING} levels deep")
    if isinstance(value, str):
        if "\0" in value or not (value.isascii() or _is_whole(value)):
            raise BadInput(field, "holds NUL characters or broken Unicode")
    elif isinstance(value, list | tuple):
        for item in value:
            storable(field, item, depth + 1)
    elif isinstance(value, Mapping):
        for name, item in value.items():
            storable(field, name)
            storable(field or str(name), item, depth + 1)
    elif is_dataclass(value):
        for part in fields(value):
            storable(part.name, getattr(value, part.name))


def _is_whole(value: str) -> bool:
    try:
        value.encode()
    except UnicodeEncodeError:
        return False
    return True


def text(field: str, value: str | None, *, required: bool = False, max_bytes: int = MAX_TEXT_BYTES) -> str:
    """Return `value` as storable text; None becomes the empty text.

    Raises:
        BadInput: it is empty though required, too long (UTF-8 bytes), or holds control characters.
    """
    value = value or ""
    if required and not value.strip():
        raise BadInput(field, "must not be empty")
    if len(value) > max_bytes or len(value.encode("utf-8", "replace")) > max_bytes:
        raise BadInput(field, f"is longer than {max_bytes:,} bytes", hint="Shorten it or split it.")
    if _CONTROL.search(value) or not _is_whole(value):
        raise BadInput(field, "holds control characters or broken Unicode")
    return value


def line(field: str, value: str | None, *, required: bool = False, max_bytes: int = MAX_LINE) -> str:
    """Return `value` as one trimmed line (line breaks become spaces)."""
    return " ".join(text(field, value, required=required, max_bytes=max_bytes).split())


def project_name(field: str, value: str) -> str:
    """Return the canonical name of a project: lower case, `-` and spaces as `_`.

    Raises:
        BadInput: it is empty, too long, or has other characters than letters, digits, `_` and `.`.
    """
    name = re.sub(r"[\s-]+", "_", unicodedata.normalize("NFC", value or "").strip().lower())
    if not name:
        raise BadInput(field, "must not be empty")
    if len(name) > MAX_NAME or not _PROJECT.fullmatch(name) or not name.strip("._"):
        raise BadInput(
            field,
            f"is not a project name: up to {MAX_NAME} letters, digits, `_`, `-` and `.`",
        )
    return name


def agent_name(field: str, value: str) -> str:
    """Return an agent's canonical name: trimmed, lower case, spaces as `_`; `-` stays apart from `_`.

    Raises:
        BadInput: it is empty, too long, or has other characters than letters, digits and `_.@+-`.
    """
    name = re.sub(r"\s+", "_", unicodedata.normalize("NFC", value or "").strip().lower())
    if not name:
        raise BadInput(field, "must not be empty")
    if len(name) > MAX_NAME or not _AGENT.fullmatch(name):
        raise BadInput(field, f"is not an agent's name: up to {MAX_NAME} letters, digits and `_.@+-`")
    return name


def names(field: str, values: Sequence[str] | None, *, limit: int = MAX_TAGS) -> tuple[str, ...]:
    """Return distinct, trimmed one-line texts in the order given.

    Raises:
        BadInput: there are more than `limit`, or one is empty or too long.
    """
    values = values or ()
    if len(values) > limit:
        raise BadInput(field, f"has {len(values):,} entries, at most {limit} are taken")
    return tuple(dict.fromkeys(line(field, value, required=True, max_bytes=MAX_NAME * 2) for value in values))


def page_size(field: str, value: int, *, limit: int = MAX_PAGE) -> int:
    """Return a page size between 1 and `limit`.

    Raises:
        BadInput: it is outside.
    """
    if not 1 <= value <= limit:
        raise BadInput(field, f"must be between 1 and {limit}")
    return value
