"""The port of what turns texts into vectors, and which one a deployment gets."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Vectors = NDArray[np.float32]

AUTO, OFF, MINILM, CHROMA = "auto", "off", "minilm", "chroma"
NAMES = (AUTO, OFF, MINILM, CHROMA)


class NoEmbedder(Exception):
    """There is nothing to embed with, and there will not be before something is installed or set."""


class EmbedderAway(Exception):
    """The embedder cannot answer now; later it may."""


class TextRefused(Exception):
    """The embedder takes other texts, but not this one."""


class Embedder(ABC):
    """Turns texts into vectors of length 1, nearer the nearer the meaning. Calls block: use a thread.

    `id` names model and make: vectors of different ids must never be compared.
    """

    id: str

    @abstractmethod
    def embed(self, texts: Sequence[str], *, is_patient: bool = True) -> Vectors:
        """Return a row for each text; safe to call from several threads at once.

        `is_patient` false asks for an answer or a failure within about 3 s.

        Raises:
            EmbedderAway: it cannot answer now.
            TextRefused: one of the texts is not taken.
        """

    def close(self) -> None:
        """Release what is held."""
        return


@dataclass(frozen=True, slots=True)
class EmbedderChoice:
    """Which embedder is wanted: one of `NAMES`, a folder with a MiniLM model, or an endpoint's URL."""

    name: str = AUTO
    model: str = ""
    key: str = field(default="", repr=False)


def make_embedder(choice: EmbedderChoice) -> Embedder:
    """Load the embedder wanted; takes some 0.5 s and blocks.

    Raises:
        NoEmbedder: it is not installed, not whole, or not wanted.
    """
    from store.meaning import embedder_minilm

    name = choice.name
    if name.startswith(("http://", "https://")):
        from store.meaning.embedder_http import HttpEmbedder

        return HttpEmbedder(name, choice.model, choice.key)
    if name == OFF:
        raise NoEmbedder("switched off")
    if name == MINILM:
        return embedder_minilm.packaged()
    if name == CHROMA:
        return embedder_minilm.in_folder(embedder_minilm.chroma_folder())
    if name != AUTO:
        return embedder_minilm.in_folder(Path(name))
    try:
        return embedder_minilm.packaged()
    except NoEmbedder as missing:
        try:
            return embedder_minilm.in_folder(embedder_minilm.chroma_folder())
        except NoEmbedder:
            raise missing from None
