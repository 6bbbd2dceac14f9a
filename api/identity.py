"""Whose key a request carries; keys that fail are written to the audit log, at a bounded rate."""

from __future__ import annotations

import logging
import time

from resolvers.acts import Engine
from resolvers.callers import LOCAL_OWNER, Caller
from resolvers.errors import Unauthenticated, Unready
from store.errors import StoreError, Unavailable
from store.port import Changes
from store.records import Audit, new_id

log = logging.getLogger("interlock.identity")

MAX_SECRET = 512
FAILURES_A_MINUTE = 10


class Identity:
    """Turns `Authorization` headers into callers."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._minute = 0
        self._failures = 0

    async def caller(self, authorization: str | None, *, client: str = "") -> Caller | None:
        """Return who holds the key in an `Authorization` header; None when there is no header.

        Raises:
            Unauthenticated: the header is no `Bearer` one, or its key is unknown or revoked.
            Unready: the store cannot tell.
        """
        if not self._engine.is_auth_enabled:
            return LOCAL_OWNER
        if authorization is None:
            return None
        try:
            return await self._engine.authenticate(_secret(authorization))
        except Unauthenticated:
            await self._audit(client)
            raise
        except Unavailable as error:
            raise Unready(error.reason, hint=error.hint) from error

    async def _audit(self, client: str) -> None:
        minute = int(time.monotonic() // 60)
        if minute != self._minute:
            self._minute, self._failures = minute, 0
        self._failures += 1
        if self._failures > FAILURES_A_MINUTE:
            return
        log.warning("a key was refused from %s", client or "an unknown address")
        is_last = self._failures == FAILURES_A_MINUTE
        try:
            now = await self._engine.store.now()
            entry = Audit(
                id=new_id(Audit.PREFIX),
                project="",
                act="auth.failed",
                target=client[:100],
                detail="more in this minute are not written down" if is_last else "",
                created_at=now,
                updated_at=now,
            )
            await self._engine.store.commit(Changes(puts=(entry,)))
        except StoreError as error:
            log.warning("a refused key could not be written to the audit log: %s", error)


def _secret(authorization: str) -> str:
    scheme, _, secret = authorization.strip().partition(" ")
    secret = secret.strip()
    if scheme.lower() != "bearer" or not secret or len(secret) > MAX_SECRET:
        raise Unauthenticated("the Authorization header must be `Bearer <key>`")
    return secret
