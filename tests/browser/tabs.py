"""One tab for each view, and what each of them has shown meanwhile."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass

from playwright.async_api import BrowserContext, expect

from tests.browser.scenes import SCENES, Scene, Team
from tests.browser.watched import PATIENCE_MS, Watched

NOTE_STATES = """
window.states = [];
new MutationObserver(() => {
  const state = document.querySelector(".live-state")?.textContent;
  if (state && state !== window.states.at(-1)) window.states.push(state);
}).observe(document, { childList: true, characterData: true, subtree: true });
"""
"""Notes each word that said how live the page was."""
WORD = "round{}x"
NOTE_ROUNDS = """(place) => {
  window.rounds = [];
  const look = () => {
    const seen = [...place.textContent.matchAll(/round(\\d+)x/g)].map((found) => Number(found[1]));
    const newest = place.isConnected ? Math.max(0, ...seen) : -1;
    if (newest !== window.rounds.at(-1)) window.rounds.push(newest);
  };
  new MutationObserver(look).observe(document, { childList: true, characterData: true, subtree: true });
  look();
}"""
"""Notes the newest round that a place tells of, each time that it changes; -1 if the place went away."""


@dataclass
class Tab:
    """A view that is open."""

    scene: Scene
    watched: Watched

    async def shows(self, word: str) -> None:
        await expect(self.scene.place(self.watched.page).first).to_contain_text(word)

    async def states(self) -> list[str]:
        found: list[str] = await self.watched.page.evaluate("window.states")
        return found

    async def rounds(self) -> list[int]:
        found: list[int] = await self.watched.page.evaluate("window.rounds")
        return found


@dataclass
class Tabs:
    """All views, open at the same time."""

    all: Sequence[Tab]

    @classmethod
    async def open(cls, context: BrowserContext, url: str, expected: Sequence[str] = ()) -> Tabs:
        """Open every view and wait until each is live and shows what there was."""
        context.set_default_timeout(PATIENCE_MS)
        expect.set_options(timeout=PATIENCE_MS)
        await context.add_init_script(NOTE_STATES)
        tabs = []
        for scene in SCENES:
            watched = Watched(await context.new_page(), expected=list(expected))
            await watched.watch()
            await watched.page.goto(url + scene.path)
            tabs.append(Tab(scene, watched))
        for tab in tabs:
            await expect(tab.scene.place(tab.watched.page).first).to_be_visible()
            await tab.watched.is_live()
            await tab.watched.page.evaluate("window.isTheSamePage = true")
        return cls(tabs)

    async def note_rounds(self) -> None:
        for tab in self.all:
            await tab.scene.place(tab.watched.page).first.evaluate(NOTE_ROUNDS)

    async def happens(self, team: Team, number: int) -> None:
        """Let an agent do something in each view that its tab tells as this round."""
        for tab in self.all:
            await tab.scene.happens(team, WORD.format(number))

    async def show(self, number: int) -> None:
        """Expect that every tab tells of a round, without having been loaded again."""
        await asyncio.gather(*(tab.shows(WORD.format(number)) for tab in self.all))
        for tab in self.all:
            await tab.watched.is_live()
            assert await tab.watched.page.evaluate("window.isTheSamePage"), tab.scene.view

    async def assert_clean(self) -> None:
        for tab in self.all:
            await tab.watched.assert_clean()
