"""Embeddings from any endpoint that speaks OpenAI's: batches, retries, and no faith in what comes back."""

from __future__ import annotations

import random
import time
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from store.meaning.embedder import Embedder, EmbedderAway, NoEmbedder, TextRefused

if TYPE_CHECKING:
    import httpx

    from store.meaning.embedder import Vectors

DEFAULT_MODEL = "text-embedding-3-small"
BATCH = 32
_PATIENT_SECONDS, _QUICK_SECONDS = 20.0, 2.5
_ATTEMPTS = 4
_LONGEST_PAUSE_SECONDS = 8.0
_REFUSED = (400, 413, 422)


class HttpEmbedder(Embedder):
    """`POST <url>/embeddings` with `model` and `input`; the key goes into `Authorization`."""

    def __init__(self, url: str, model: str = "", key: str = "", *, pause_seconds: float = 0.5) -> None:
        """Prepare; nothing is asked yet.

        Raises:
            NoEmbedder: a library that it needs is not installed.
        """
        try:
            import httpx
            import numpy as np
        except ImportError as exc:
            raise NoEmbedder(f"{exc.name} is not installed: pip install 'interlock[semantic]'") from exc
        self._np, self._httpx = np, httpx
        url = url.rstrip("/")
        self._url = url if url.endswith("/embeddings") else f"{url}/embeddings"
        self._model = model or DEFAULT_MODEL
        self.id = f"{self._model}@{httpx.URL(self._url).host}"
        self._pause_seconds = pause_seconds
        headers = {"Authorization": f"Bearer {key}"} if key else {}
        self._client = httpx.Client(headers=headers)

    def embed(self, texts: Sequence[str], *, is_patient: bool = True) -> Vectors:
        parts = [
            self._part(list(texts[start : start + BATCH]), is_patient)
            for start in range(0, len(texts), BATCH)
        ]
        return self._np.concatenate(parts) if parts else self._np.empty((0, 0), self._np.float32)

    def close(self) -> None:
        self._client.close()

    def _part(self, texts: list[str], is_patient: bool) -> Vectors:
        attempts = _ATTEMPTS if is_patient else 1
        for attempt in range(attempts):
            try:
                return self._vectors(self._answer(texts, is_patient), len(texts))
            except EmbedderAway as away:
                if attempt + 1 == attempts:
                    raise
                pause = float(getattr(away, "pause", 0) or self._pause_seconds * 2**attempt)
                time.sleep(min(pause, _LONGEST_PAUSE_SECONDS) * random.uniform(0.7, 1.0))
        raise AssertionError("the last attempt returns or raises")

    def _answer(self, texts: list[str], is_patient: bool) -> Any:
        body = {"model": self._model, "input": texts, "encoding_format": "float"}
        seconds = _PATIENT_SECONDS if is_patient else _QUICK_SECONDS
        try:
            response = self._client.post(self._url, json=body, timeout=seconds)
        except self._httpx.HTTPError as exc:
            raise EmbedderAway(f"{self._url}: {exc or type(exc).__name__}") from exc
        if response.status_code in _REFUSED:
            raise TextRefused(f"{self._url} answered {response.status_code}: {response.text[:200]}")
        if response.status_code != 200:
            away = EmbedderAway(f"{self._url} answered {response.status_code}")
            away.pause = _asked_pause(response)  # type: ignore[attr-defined]
            raise away
        try:
            return response.json()
        except ValueError as exc:
            raise EmbedderAway(f"{self._url} answered no JSON") from exc

    def _vectors(self, answer: Any, number: int) -> Vectors:
        """Return the vectors of an answer in the order asked for, each of length 1."""
        np = self._np
        try:
            rows = sorted(answer["data"], key=lambda row: int(row["index"]))
            vectors = np.array([row["embedding"] for row in rows], np.float32)
        except (KeyError, TypeError, ValueError) as exc:
            raise EmbedderAway(f"{self._url} answered something else than embeddings") from exc
        if vectors.ndim != 2 or len(vectors) != number or not np.isfinite(vectors).all():
            raise EmbedderAway(f"{self._url} answered other embeddings than were asked for")
        lengths = np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-12)
        normal: Vectors = (vectors / lengths).astype(np.float32)
        return normal


def _asked_pause(response: httpx.Response) -> float:
    try:
        return max(float(response.headers.get("retry-after", "")), 0.0)
    except ValueError:
        return 0.0
