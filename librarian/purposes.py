"""What a function's own documentation says it is for: the first sentence of it."""

from __future__ import annotations

import re

MOST_CHARACTERS = 400
_MARKS = re.compile(r"^\s*(?:/\*[*!]?|\*/|\*(?!\w)|//[/!]?|#+!?)\s?|\s*\*/\s*$")
_TAGS = re.compile(r"</?(?:summary|para|p|code|c|b|i|see|br)\b[^<>]*/?>", re.IGNORECASE)
_LINKS = re.compile(r"\{@\w+\s+([^{}]*)\}")
_SECTION = re.compile(
    r"^\s*(?:[@\\](?!brief)\w+|:\w+|<(?:param|returns|remarks|exception)\b"
    r"|(?:Args|Arguments|Parameters|Returns|Raises|Example|Examples|Notes?)\b:?\s*$)"
)
_NOT_TOLD = re.compile(
    r"^(?:todo\b|fixme\b|xxx\b|hack\b|eslint|@?ts-|prettier|noqa|type:|pylint|region\b|pragma\b|copyright\b|nolint"
    r"|[-=*#~_/\s]*$)",
    re.IGNORECASE,
)
_ENDS = re.compile(r"(?<!\be\.g)(?<!\bi\.e)(?<!\betc)(?<!\bvs)[.!?](?=\s|$)")


def purpose(doc: str) -> str:
    """Return the first sentence of a docstring or comment as one line of at most 400 characters."""
    told: list[str] = []
    for raw in doc.splitlines():
        line = _LINKS.sub(r"\1", _TAGS.sub("", _MARKS.sub("", raw))).strip()
        line = re.sub(r"^[@\\]brief\s+", "", line)
        if _SECTION.match(line) or (told and not line):
            break
        if not line or (not told and _NOT_TOLD.match(line)):
            continue
        told.append(line)
        if _ENDS.search(line):
            break
    text = " ".join(" ".join(told).split())
    end = _ENDS.search(text)
    text = text[: end.end()] if end else text
    return text if len(text) <= MOST_CHARACTERS else text[: MOST_CHARACTERS - 3].rstrip() + "..."
