"""How /health and /metrics are answered: every part is asked, none may hold up the answer."""

from __future__ import annotations

import asyncio
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from api.mcp import Mcp
from api.metrics import CONTENT_TYPE, Metrics
from resolvers.acts import Engine
from store.index import SearchIndex

HEALTH_SECONDS = 5.0


class Reports:
    """The two pages that operators and their machines read."""

    def __init__(self, engine: Engine, metrics: Metrics, mcp: Mcp) -> None:
        self._engine = engine
        self._metrics = metrics
        self._mcp = mcp

    async def health(self, request: Request) -> Response:
        """Answer 200 while everything needed works, else 503; each part says how it does."""
        try:
            async with asyncio.timeout(HEALTH_SECONDS):
                store = await self._engine.store.health()
            parts = {
                "store_read": _part(store.can_read, store.detail),
                "store_write": _part(store.can_write, store.detail),
            }
        except TimeoutError:
            late = _part(False, f"no answer within {HEALTH_SECONDS:g} s")
            parts = {"store_read": late, "store_write": late}
        feed = self._engine.feed.health()
        is_feed_up = not self._engine.feed.close_reason
        parts["feed"] = _part(is_feed_up, feed.detail) | {"is_degraded": feed.is_degraded}
        parts["mcp"] = _part(not self._mcp.failure, self._mcp.failure)
        search = _search(self._engine.index)
        parts["search"] = search
        is_ok = all(part["ok"] for part in parts.values())
        is_degraded = feed.is_degraded or search["is_degraded"]
        state = ("degraded" if is_degraded else "ok") if is_ok else "failing"
        body = {"status": state, "can_write": parts["store_write"]["ok"], "parts": parts}
        return JSONResponse(body, 200 if is_ok else 503, headers={"cache-control": "no-store"})

    async def figures(self, request: Request) -> Response:
        """Answer with all figures for Prometheus."""
        return Response(await self._metrics.exposition(self._engine), media_type=CONTENT_TYPE)


def _search(index: SearchIndex | None) -> dict[str, Any]:
    """Return how searches do; words always work, so nothing here makes the server fail."""
    if index is None:
        return {"ok": True, "state": "switched off", "is_degraded": False}
    health = index.health()
    # What is merely catching up needs nobody's attention.
    is_degraded = health.state in ("off", "failing")
    indexer = "this process" if health.indexer == health.process else "another process"
    shown = {
        "state": health.state,
        "is_degraded": is_degraded,
        "model": health.model,
        "lag": health.lag,
        "indexer": indexer if health.indexer else "none",
        "chroma_reachable": health.is_reachable,
    }
    return _part(True, health.detail) | shown


def _part(is_ok: bool, detail: str) -> dict[str, Any]:
    return {"ok": is_ok} | ({"detail": detail} if detail else {})
