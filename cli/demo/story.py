"""What the story of a project holds: its texts, read from a data file."""

from __future__ import annotations

import json
import random
from dataclasses import dataclass, field
from importlib.resources import files
from typing import Any

PROJECTS = ("basket", "warehouse")


@dataclass(slots=True)
class Story:
    """A project's texts, and the dice that choose among those of its live part."""

    told: dict[str, Any]
    dice: random.Random
    _number: int
    _used: set[str] = field(default_factory=set)

    @property
    def project(self) -> str:
        return str(self.told["project"])

    @property
    def files(self) -> list[str]:
        return list(self.told["files"])

    @property
    def workers(self) -> list[str]:
        return list(self.told["workers"])

    def live(self, kind: str) -> list[str]:
        """Return texts of a kind about something, not the same twice while others are left."""
        choices = [
            [str(text).format(thing=thing, n="{n}") for text in ([one] if isinstance(one, str) else one)]
            for one in self.told["live"][kind]
            for thing in self.told["live"]["things"]
        ]
        unused = [one for one in choices if one[0] not in self._used]
        if not unused:
            self._used -= {one[0] for one in choices}
            unused = choices
        chosen = self.dice.choice(unused)
        self._used.add(chosen[0])
        return [text[:1].upper() + text[1:] for text in (part.format(n=self.number()) for part in chosen)]

    def thing(self) -> str:
        """Return something that the project has."""
        return str(self.dice.choice(self.told["live"]["things"]))

    def number(self) -> int:
        """Return the number of the next build or run: what is said with it is said once."""
        self._number += 1
        return self._number


def load(project: str, seed: int, told: int = 0) -> Story:
    """Return the story of a project, told so many times before; the same seed chooses the same."""
    text = (files("cli.demo") / f"story_{project}.json").read_text(encoding="utf-8")
    # Servers refuse a message that was just sent: numbers that were said are not said again.
    return Story(json.loads(text), random.Random(f"{seed} {told} {project}"), told * 100_000 + 411)
