"""Reading the files of the deployment as Docker and Compose do, as far as these files go."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).resolve().parent.parent.parent
COMPOSE = ROOT / "docker-compose.yml"
OVERLAYS = sorted((ROOT / "deploy").glob("*.yml"))
EXAMPLE = ROOT / ".env.example"
SCHEMA = json.loads((Path(__file__).parent / "compose-spec.json").read_text())

_VARIABLE = re.compile(r"\$(?:(\$)|\{(\w+)(?::([?-])([^}]*))?\})")


class Missing(Exception):
    """A required variable is not set; the message is Compose's."""


class _Loader(yaml.SafeLoader):
    """Knows Compose's own tags, which say how files are merged."""


_LOADER_TAGS = ("!override", "!reset")
for _tag in _LOADER_TAGS:
    _Loader.add_constructor(_tag, lambda loader, node: loader.construct_sequence(node, deep=True))


def compose(path: Path = COMPOSE) -> dict[str, Any]:
    """Return a file as it is written, its anchors resolved."""
    parsed = yaml.load(path.read_text(), _Loader)
    assert isinstance(parsed, dict)
    return parsed


def services(path: Path = COMPOSE) -> dict[str, dict[str, Any]]:
    return dict(compose(path)["services"])


def filled(value: Any, variables: dict[str, str]) -> Any:
    """Return a value of a file with the variables put in; an empty one counts as not set."""
    if isinstance(value, dict):
        return {key: filled(one, variables) for key, one in value.items()}
    if isinstance(value, list):
        return [filled(one, variables) for one in value]
    if not isinstance(value, str):
        return value

    def put_in(found: re.Match[str]) -> str:
        dollar, name, sign, word = found.groups()
        if dollar:
            return "$"
        given = variables.get(name, "")
        if not given and sign == "?":
            raise Missing(f"required variable {name} is missing a value: {word}")
        return given or (word if sign == "-" else "")

    return _VARIABLE.sub(put_in, value)


def uses(path: Path) -> Iterator[tuple[str, str, str]]:
    """Yield each use of a variable: its name, `?`, `-` or nothing, and what stands behind that."""
    for found in _VARIABLE.finditer(path.read_text()):
        if found[2]:
            yield found[2], found[3] or "", found[4] or ""


def example() -> dict[str, str]:
    """Return the variables of `.env.example` with their values."""
    from dotenv import dotenv_values

    return {name: value or "" for name, value in dotenv_values(EXAMPLE).items()}


def instructions() -> list[tuple[str, str]]:
    """Return the Dockerfile line by line: instruction and words, continued lines joined."""
    lines = [
        line
        for line in (ROOT / "Dockerfile").read_text().splitlines()
        if line.strip() and not line.lstrip().startswith("#")
    ]
    joined = re.sub(r"\\\n\s*", " ", "\n".join(lines))
    return [(line.split(maxsplit=1)[0], line.split(maxsplit=1)[1].strip()) for line in joined.splitlines()]


def final_stage() -> list[tuple[str, str]]:
    """Return the instructions of the image that is kept."""
    listed = instructions()
    last = max(place for place, (name, _) in enumerate(listed) if name == "FROM")
    return listed[last:]
