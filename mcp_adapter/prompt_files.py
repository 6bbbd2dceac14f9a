"""The prompts: Markdown files with a head of `description:` and `argument` lines."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import mcp_types as types

PROMPTS = Path(__file__).parent / "prompts"

_ARGUMENT = re.compile(r"argument (\w+)(?:=([^:]*))?: (.+)")
_BLANK = re.compile(r"\{(\w+)\}")


@dataclass(frozen=True, slots=True)
class Prompt:
    """A prompt and the values that its optional arguments have when not given."""

    listed: types.Prompt
    text: str
    defaults: Mapping[str, str]

    def filled(self, arguments: Mapping[str, str]) -> str:
        """Return the text for these arguments.

        Raises:
            KeyError: a required one is missing; it carries the name.
        """
        values = {**self.defaults, **{name: value for name, value in arguments.items() if value}}
        return _BLANK.sub(lambda match: values[match[1]], self.text)


def load_prompts(folder: Path = PROMPTS) -> dict[str, Prompt]:
    """Return the prompts of a folder by name.

    Head of a file, closed by `---`: `description: text`, then a line for each argument:
    `argument project: what it is` (required) or `argument agent=default: what it is`.
    """
    return {path.stem: _prompt(path) for path in sorted(folder.glob("*.md"))}


def _prompt(path: Path) -> Prompt:
    head, _, text = path.read_text("utf-8").partition("\n---\n")
    description = ""
    arguments, defaults = [], {}
    for line in head.splitlines():
        match = _ARGUMENT.fullmatch(line)
        if match:
            name, default, said = match.groups()
            arguments.append(
                types.PromptArgument(name=name, description=said, required=True if default is None else None)
            )
            if default is not None:
                defaults[name] = default
        elif line.startswith("description: "):
            description = line.removeprefix("description: ")
        else:
            raise ValueError(f"{path.name}: not understood: {line}")
    listed = types.Prompt(name=path.stem, description=description, arguments=arguments)
    return Prompt(listed, text.strip(), defaults)
