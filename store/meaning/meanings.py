"""Embedder and Chroma as one: records in, records near a text out. All calls block."""

from __future__ import annotations

import hashlib
import logging
import threading
import time
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from store.index import Near
from store.meaning.chroma import Chroma, ChromaAway, ChromaMissing, Kept, Shelf, State
from store.meaning.embedder import (
    Embedder,
    EmbedderAway,
    EmbedderChoice,
    NoEmbedder,
    TextRefused,
    make_embedder,
)
from store.meaning.passages import Passage, passages

if TYPE_CHECKING:
    from store.meaning.embedder import Vectors

logger = logging.getLogger("interlock.search")

PASSAGES_AT_ONCE = 16
"""How many are embedded and written together: a query never waits for more than one such write."""
_MORE = 1.5
"""Passages asked for per record wanted: several may be one record's."""
_ASKED_KEPT = 1024
_BROKEN_AFTER = 2
"""Failures in a row of a directory that opens after which it is taken to be broken."""


_OF_THE_DISK = ("disk", "full", "permission", "readonly")
"""What is said where another directory would fare no better."""


@dataclass(frozen=True, slots=True)
class Text:
    """A record's text to index."""

    record_id: str
    text: str


class Meanings:
    """What the indexer and the queries share; safe to call from several threads.

    Calls may raise `EmbedderAway` and `ChromaAway`.
    """

    def __init__(self, choice: EmbedderChoice, chroma: Chroma) -> None:
        self.chroma = chroma
        self.embed_seconds = 0.0
        self.indexed = 0
        self._choice = choice
        self._embedder: Embedder | None = None
        self._asked: OrderedDict[str, Any] = OrderedDict()
        self._loading = threading.Lock()
        self._failures = 0

    @property
    def model(self) -> str:
        """The embedder's id, empty until it is loaded."""
        return self._embedder.id if self._embedder is not None else ""

    @property
    def is_loaded(self) -> bool:
        return self._embedder is not None and self.chroma.is_open and not self.chroma.is_gone

    def load(self) -> State | None:
        """Load what is not loaded yet; return what was last saved, None if that is lost.

        A directory that cannot be opened is put aside, and a new one begun.

        Raises:
            NoEmbedder: there is no model, or no Chroma.
        """
        with self._loading:
            if self._embedder is None:
                self._embedder = make_embedder(self._choice)
            try:
                if not self.is_loaded:
                    self._open(self._embedder.id)
                # Of a directory that is being removed the state may be the last to go.
                return None if self.chroma.was_lost() else self.chroma.state()
            except ChromaMissing as exc:
                raise NoEmbedder(str(exc)) from exc

    def _open(self, model: str) -> None:
        is_directory = self.chroma.directory is not None
        if is_directory and self._failures > _BROKEN_AFTER:
            self.chroma.set_aside()
        try:
            self.chroma.open(model)
        except ChromaAway as exc:
            if not is_directory or isinstance(exc.__cause__, OSError):
                raise
            self.chroma.set_aside()
            self.chroma.open(model)
        self._failures = 0 if not is_directory else self._failures

    def failed(self, reason: str) -> None:
        """Be told that a call of Chroma failed: the next `load` opens it again, in the end a new directory."""
        if not any(word in reason.lower() for word in _OF_THE_DISK):
            self._failures += 1
        self.chroma.close()

    def probe(self, shelves: Sequence[Shelf]) -> None:
        """Ask embedder and Chroma something, to see whether they answer."""
        vector = self._ask_embedder()
        for shelf in shelves:
            self.chroma.nearest(shelf, vector, 10)

    def worked(self) -> None:
        """Be told that a call worked."""
        self._failures = 0

    def close(self) -> None:
        """Release all."""
        self.chroma.close()
        if self._embedder is not None:
            self._embedder.close()

    def index(self, shelf: Shelf, texts: Sequence[Text]) -> None:
        """Bring what is kept of these records up to date; texts that have not changed cost one look-up."""
        kept = self.chroma.kept(shelf, [one.record_id for one in texts])
        short: list[tuple[Text, Kept, list[Passage]]] = []
        for one in texts:
            before = kept.get(one.record_id)
            digest = _digest(one.text)
            if before is not None and before.digest == digest:
                continue
            cut = passages(one.text)
            now = Kept(digest, tuple(f"{n}:{part.start}:{part.end}" for n, part in enumerate(cut) if n))
            if before is not None:
                # Stale ones first: what is cut short here has an old digest, and is done again.
                self.chroma.remove(
                    shelf, sorted(set(before.ids(one.record_id)) - set(now.ids(one.record_id)))
                )
            if len(cut) > PASSAGES_AT_ONCE:
                self._index_long(shelf, one.record_id, cut, now)
            else:
                short.append((one, now, cut))
        self._index_short(shelf, short)
        self.indexed += len(texts)

    def _index_short(self, shelf: Shelf, texts: list[tuple[Text, Kept, list[Passage]]]) -> None:
        """Embed and write several records at a time."""
        while texts:
            number, total = 0, 0
            while number < len(texts) and (not number or total + len(texts[number][2]) <= PASSAGES_AT_ONCE):
                total += len(texts[number][2])
                number += 1
            part, texts = texts[:number], texts[number:]
            try:
                vectors = self._embed([cut.text for _, _, passages_ in part for cut in passages_])
            except TextRefused as exc:
                if len(part) == 1:
                    self._leave_out(part[0][0].record_id, exc)
                else:
                    for one in part:
                        self._index_short(shelf, [one])
                continue
            ids = [name for one, now, _ in part for name in now.ids(one.record_id)]
            marks = [mark for _, now, _ in part for mark in (now, *[None] * len(now.spans))]
            self.chroma.put(shelf, ids, vectors, marks)

    def _index_long(self, shelf: Shelf, record_id: str, cut: list[Passage], now: Kept) -> None:
        """Write a long text in parts; its digest comes last, so that what is cut short is done again."""
        ids = now.ids(record_id)
        under_way = Kept("", now.spans)
        try:
            for start in range(0, len(cut), PASSAGES_AT_ONCE):
                part = slice(start, start + PASSAGES_AT_ONCE)
                vectors = self._embed([one.text for one in cut[part]])
                marks = [under_way if not start and not n else None for n in range(len(ids[part]))]
                self.chroma.put(shelf, ids[part], vectors, marks)
        except TextRefused as exc:
            self._leave_out(record_id, exc)
            return
        self.chroma.mark(shelf, record_id, now)

    def _leave_out(self, record_id: str, refusal: TextRefused) -> None:
        """Go on without a record whose text is refused, if others are taken."""
        self._ask_embedder()
        logger.warning("%s is not indexed by meaning: %s", record_id, refusal)

    def _ask_embedder(self) -> Any:
        """Return the vector of a plain word; who refuses that refuses all and is away."""
        try:
            return self._embed(["probe"], is_patient=False)[0]
        except TextRefused as exc:
            raise EmbedderAway(str(exc)) from exc

    def remove(self, shelf: Shelf, record_ids: Sequence[str]) -> None:
        """Remove all that is kept of records that are gone."""
        kept = self.chroma.kept(shelf, record_ids)
        self.chroma.remove(shelf, [name for one, held in kept.items() for name in held.ids(one)])

    def nearest(self, shelves: Sequence[Shelf], text: str, limit: int) -> list[Near]:
        """Return up to `limit` records nearest to `text`, each by its best passage.

        Raises:
            TextRefused: the embedder does not take the text.
        """
        vector = self._asked_vector(text)
        best: dict[str, Near] = {}
        for shelf in shelves:
            for one in self.chroma.nearest(shelf, vector, int(limit * _MORE)):
                if one.record_id not in best or best[one.record_id].cosine < one.cosine:
                    best[one.record_id] = Near(one.record_id, one.cosine, one.start, one.end)
        return sorted(best.values(), key=lambda near: -near.cosine)[:limit]

    def _asked_vector(self, text: str) -> Any:
        vector = self._asked.get(text)
        if vector is None:
            vector = self._embed([text], is_patient=False)[0]
            self._asked[text] = vector
            while len(self._asked) > _ASKED_KEPT:
                self._asked.popitem(last=False)
        else:
            self._asked.move_to_end(text)
        return vector

    def _embed(self, texts: list[str], *, is_patient: bool = True) -> Vectors:
        assert self._embedder is not None
        began = time.perf_counter()
        try:
            return self._embedder.embed(texts, is_patient=is_patient)
        finally:
            self.embed_seconds += time.perf_counter() - began


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()[:24]
