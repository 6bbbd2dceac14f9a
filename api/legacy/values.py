"""How values of mcp-shared-memory, which checks few of its own, become ones that our records may hold."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from resolvers.errors import BadInput
from resolvers.inputs import agent_name, project_name
from resolvers.paths import canonical_path
from resolvers.rules import MAX_LINE, MAX_NAME, MAX_TAGS, MAX_TEXT_BYTES
from store.records import SHARED, NewEvent, Record

MAX_FILES = 50
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
_NO_ID = re.compile(r"[^\w.@+:-]")
_OLDEST, _LATEST = datetime(1970, 1, 2, tzinfo=UTC), datetime(9998, 1, 1, tzinfo=UTC)


class Unusable(Exception):
    """A document that cannot be taken; the message is the reason, the same for all like it."""


@dataclass(frozen=True, slots=True)
class Mapped:
    """What one document of theirs becomes. The first of `records` is the one that stands for it."""

    legacy_id: str
    records: tuple[Record, ...]
    events: tuple[NewEvent, ...] = ()

    @property
    def main(self) -> Record:
        return self.records[0]


@dataclass(slots=True)
class Row:
    """A document of theirs: its id, its text and its other fields, read without trust."""

    id: str
    data: Mapping[str, Any]
    text: str = ""
    home: str = ""
    """The project of the collection that it is in; `shared` of those for all."""
    now: datetime = field(default_factory=lambda: datetime.now(UTC))

    @property
    def project(self) -> str:
        """The project it belongs to."""
        return project_of(self.data.get("project")) or self.home or SHARED

    def line(self, *names: str, most: int = MAX_LINE) -> str:
        """Return the first of these fields that has a text, as one line of at most `most` bytes."""
        for name in names:
            text = " ".join(cleaned(self.data.get(name)).split())
            if text:
                return shortened(text, most)
        return ""

    def agent(self, *names: str) -> str:
        """Return an agent's name, `unknown` where there is none."""
        return next((found for name in names if (found := agent_of(self.data.get(name)))), "unknown")

    def moment(self, *names: str) -> datetime | None:
        """Return the first of these fields that is a time."""
        return next((found for name in names if (found := moment_of(self.data.get(name)))), None)

    def number(self, name: str, default: int, least: int, most: int) -> int:
        """Return a whole number, brought within its bounds."""
        value = self.data.get(name)
        try:
            number = int(value) if isinstance(value, int | float | str) else default
        except (ValueError, OverflowError):
            number = default
        return min(max(number, least), most)

    def one_of(self, name: str, values: Any, default: str) -> str:
        """Return the value of an enumeration, or the default for any that it does not have."""
        value = str(self.data.get(name) or "").strip().lower()
        return value if value in {str(one) for one in values} else default

    def texts(self, name: str, *, most: int = MAX_TAGS, size: int = MAX_NAME * 2) -> tuple[str, ...]:
        """Return a list of texts, that may be JSON or separated by commas, without repeats."""
        lines = (shortened(" ".join(cleaned(one).split()), size) for one in _listed(self.data.get(name)))
        return tuple(dict.fromkeys(one for one in lines if one))[:most]

    def files(self, *names: str) -> tuple[str, ...]:
        """Return paths of the project; what is none is left out."""
        found: dict[str, None] = {}
        for name in names:
            for one in _listed(self.data.get(name)):
                try:
                    found[canonical_path(name, cleaned(one))] = None
                except BadInput:
                    continue
        return tuple(found)[:MAX_FILES]

    @property
    def created(self) -> datetime:
        return self.moment("created", "created_at", "timestamp", "started") or self.updated

    @property
    def updated(self) -> datetime:
        return self.moment("updated", "updated_at", "created", "created_at", "timestamp") or self.now

    @property
    def times(self) -> dict[str, Any]:
        """The times that a record has, in their order."""
        return {"created_at": min(self.created, self.updated), "updated_at": self.updated}


def cleaned(value: Any) -> str:
    """Return a value as text that can be kept: no control characters, no broken Unicode."""
    if value is None:
        return ""
    text = value if isinstance(value, str) else str(value)
    text = text.encode("utf-8", "replace").decode()
    return _CONTROL.sub("", text)


def shortened(text: str, most: int) -> str:
    """Return the text within `most` bytes, marked where it was cut."""
    encoded = text.encode()
    return text if len(encoded) <= most else encoded[: most - 4].decode("utf-8", "ignore").rstrip() + " …"


def parts_of(text: str, most: int = MAX_TEXT_BYTES) -> Iterator[str]:
    """Yield a text in parts of at most `most` bytes, cut at lines where there are any."""
    rest = text.encode()
    while len(rest) > most:
        end = rest.rfind(b"\n", most // 2, most)
        part = rest[: end if end > 0 else most].decode("utf-8", "ignore")
        yield part
        rest = rest[len(part.encode()) :]
    yield rest.decode("utf-8", "ignore")


def moment_of(value: Any) -> datetime | None:
    """Return a time given as one, as ISO-8601 or as seconds since 1970; one without a zone is UTC."""
    try:
        if isinstance(value, datetime):
            found = value
        elif isinstance(value, str):
            found = datetime.fromisoformat(value.strip())
        elif isinstance(value, int | float) and not isinstance(value, bool):
            found = datetime.fromtimestamp(value, UTC)
        else:
            return None
        found = found if found.tzinfo else found.replace(tzinfo=UTC)
        found = found.astimezone(UTC)
    except (ValueError, OverflowError, OSError):
        return None
    return found if _OLDEST < found < _LATEST else None


def project_of(value: Any) -> str:
    """Return a project's name as ours are spelt, characters that none has as `_`; empty for none."""
    text = cleaned(value).strip()
    try:
        return project_name("project", text) if text else ""
    except BadInput:
        return re.sub(r"[^\w.]+", "_", text.lower())[:MAX_NAME].strip("._")


def agent_of(value: Any) -> str:
    """Return an agent's name as ours are spelt, characters that none has as `_`; empty for none."""
    text = cleaned(value).strip()
    try:
        return agent_name("agent", text) if text else ""
    except BadInput:
        return re.sub(r"[^\w.@+-]+", "_", text.lower())[:MAX_NAME]


def id_of(value: Any, prefix: str) -> str:
    """Return their id as it is where it can be one of ours, else with `_` for what cannot."""
    text = _NO_ID.sub("_", cleaned(value).strip())[:MAX_NAME]
    if not text:
        raise Unusable(f"has no id ({prefix})")
    return text


def mapping_of(value: Any) -> dict[str, Any]:
    """Return a JSON object, given as one or as its text; empty for anything else."""
    try:
        found = json.loads(value) if isinstance(value, str) else value
        json.dumps(found)
    except (ValueError, TypeError, RecursionError):
        return {}
    return dict(found) if isinstance(found, Mapping) else {}


def _listed(value: Any) -> list[Any]:
    if isinstance(value, str):
        try:
            value = json.loads(value)
        except (ValueError, RecursionError):
            value = value.split(",")
    if isinstance(value, list | tuple):
        return [one for one in value if isinstance(one, str | int | float)]
    return [value] if isinstance(value, str) else []
