"""Which scene is played when: a few at once, one beat after another, all chosen by the same dice."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import AsyncGenerator, Callable
from dataclasses import dataclass, field
from typing import Any, cast

from cli.demo import scenes_talk as talk
from cli.demo import scenes_work as work
from cli.demo.agent import Agent, Refused, Tally
from cli.demo.team import Team, Teams

AT_ONCE = 5
BEATS_BETWEEN_HEARTBEATS = 5
# (scene, who plays it, how often it lies in the deck)
Scene = tuple[Callable[..., Any], str, int]
SCENES: tuple[Scene, ...] = (
    (work.take_an_item, "worker", 4),
    (work.both_want_a_file, "worker worker", 2),
    (work.race_for_an_item, "worker worker", 1),
    (work.change_of_shift, "worker", 1),
    (work.plan, "planner", 3),
    (work.settle_old_items, "worker", 1),
    (work.machine_breaks, "worker", 1),
    (work.want_what_is_stale, "worker", 1),
    (talk.ask_and_answer, "worker worker", 3),
    (talk.wait_for_a_late_answer, "worker", 1),
    (talk.ask_the_neighbour, "worker", 1),
    (talk.read_the_inbox, "worker", 2),
    (talk.read_the_inbox, "planner", 2),
    (talk.announce, "planner", 1),
    (talk.change_a_contract, "worker", 2),
    (talk.write_down, "worker", 2),
    (talk.revise, "worker", 1),
    (talk.register, "worker", 1),
    (talk.enrich, "librarian", 2),
    (talk.tick_off, "worker", 2),
)


@dataclass(slots=True)
class Playing:
    """A scene under way."""

    beats: AsyncGenerator[None, None]
    team: Team
    cast: list[Agent]


@dataclass(slots=True)
class Life:
    """The live part of the story."""

    teams: Teams
    seed: int
    tally: Tally
    _dice: random.Random = field(init=False)
    _decks: dict[str, list[Scene]] = field(init=False, default_factory=dict)
    _playing: list[Playing] = field(init=False, default_factory=list)

    def __post_init__(self) -> None:
        self._dice = random.Random(self.seed)

    async def run(self, minutes: float, speed: float) -> None:
        """Play for so many minutes, 0 without end, about `speed` beats a second; then let scenes end."""
        until = time.monotonic() + minutes * 60 if minutes else float("inf")
        beat = 0
        try:
            while time.monotonic() < until:
                self._begin()
                await self._step()
                if beat % BEATS_BETWEEN_HEARTBEATS == 0:
                    await self._heartbeat(beat // BEATS_BETWEEN_HEARTBEATS)
                beat += 1
                await asyncio.sleep(self._dice.uniform(0.6, 1.4) / speed)
            while self._playing:
                await self._step()
        finally:
            for scene in self._playing:
                await scene.beats.aclose()

    def _begin(self) -> None:
        """Begin what can be, of the scenes that lie on top of a project's deck."""
        teams = list(self.teams.values())
        self._dice.shuffle(teams)
        for team in teams:
            deck = self._decks.setdefault(team.story.project, [])
            if not deck:
                deck += [scene for scene in SCENES for _ in range(scene[2])]
                self._dice.shuffle(deck)
            for scene in deck:
                cast_ = self._cast(team, scene[1])
                if cast_ and len(self._playing) < AT_ONCE:
                    deck.remove(scene)
                    team.busy |= {agent.name for agent in cast_}
                    beats = cast(AsyncGenerator[None, None], scene[0](team, *cast_))
                    self._playing.append(Playing(beats, team, cast_))
                    break

    def _cast(self, team: Team, parts: str) -> list[Agent]:
        names = {"planner": [team.planner.name], "librarian": [team.librarian.name]}
        chosen: list[str] = []
        for part in parts.split():
            free = [name for name in team.free(names.get(part, team.story.workers)) if name not in chosen]
            if not free:
                return []
            chosen.append(self._dice.choice(free))
        return [team.agents[name] for name in chosen]

    async def _step(self) -> None:
        """Play the next beat of one scene; one that a refusal ends takes no other with it."""
        if not self._playing:
            return
        scene = self._dice.choice(self._playing)
        try:
            await anext(scene.beats)
            return
        except StopAsyncIteration:
            pass
        except Refused as refused:
            self.tally.failed.append(str(refused))
            scene.cast[0].say(f"cannot go on: {refused}")
            for agent in scene.cast:
                await self._again(agent)
        self._playing.remove(scene)
        scene.team.busy -= {agent.name for agent in scene.cast}

    async def _again(self, agent: Agent) -> None:
        """Let an agent begin anew, whose session may have been ended by a person."""
        try:
            if agent.is_here:
                await agent.call("unlock_files")
        except Refused:
            await agent.start(agent.task or "Begin anew")

    async def _heartbeat(self, number: int) -> None:
        """Let the next agent in turn say that it is there."""
        here = [(team, agent) for team in self.teams.values() for agent in team.players if agent.is_here]
        team, agent = here[number % len(here)]
        try:
            await agent.beat("busy" if agent.name in team.busy else "idle")
        except Refused:
            await self._again(agent)
