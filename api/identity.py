"""Whose key a request carries; keys that fail are written to the audit log, at a bounded rate."""

from __future__ import annotations

import logging

from resolvers.acts import Engine
from resolvers.audit import refused
from resolvers.callers import LOCAL_OWNER, Caller
from resolvers.errors import Unauthenticated, Unready
from store.errors import StoreError, Unavailable

log = logging.getLogger("interlock.identity")

MAX_SECRET = 512


class Identity:
    """Turns `Authorization` headers into callers."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

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
        log.warning("a key was refused from %s", client or "an unknown address")
        try:
            await refused(self._engine, "auth.failed", None, target=client)
        except StoreError as error:
            log.warning("a refused key could not be written to the audit log: %s", error)


def _secret(authorization: str) -> str:
    scheme, _, secret = authorization.strip().partition(" ")
    secret = secret.strip()
    if scheme.lower() != "bearer" or not secret or len(secret) > MAX_SECRET:
        raise Unauthenticated("the Authorization header must be `Bearer <key>`")
    return secret
