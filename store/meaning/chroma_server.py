"""How a Chroma server is reached: each wait ends, and what is wrong with it is said in one line."""

from __future__ import annotations

import contextlib
import logging

import chromadb
import httpx
from chromadb.api import ServerAPI
from chromadb.api.client import Client
from chromadb.auth import UserIdentity
from chromadb.config import Settings
from chromadb.errors import ChromaError, NotFoundError

from store.meaning.chroma_address import ChromaAddress

logger = logging.getLogger("interlock.search")

CALL_SECONDS = 5.0
_REFUSED = (401, 403)


class Unfit(Exception):
    """The server answers, but not as it should; the message says why and what to do."""


class ServerClient(Client):
    """Chroma's client, whose own calls wait for ever, the first ones while it is being made."""

    def get_user_identity(self) -> UserIdentity:
        _hurry(self._server)
        return super().get_user_identity()

    def _validate_tenant_database(self, tenant: str, database: str) -> None:
        admin = self._admin_client
        _hurry(admin._server)  # type: ignore[attr-defined] # it has one of its own
        try:
            super()._validate_tenant_database(tenant, database)
        except NotFoundError:
            admin.get_tenant(tenant)
            try:
                admin.create_database(database, tenant)
            except ChromaError:
                # Of several processes that start together one makes it.
                admin.get_database(database, tenant)

    def close(self) -> None:
        """Close the connections too, which Chroma's client leaves open."""
        sessions = [getattr(one, "_server", None) for one in (self, getattr(self, "_admin_client", None))]
        super().close()
        for server in sessions:
            with contextlib.suppress(AttributeError):
                server._session.close()  # type: ignore[union-attr]


def connect(address: ChromaAddress) -> ServerClient:
    """Return a client of a server that answers; its calls end after five seconds without an answer.

    Raises:
        Unfit: it refuses the token, or speaks another version of Chroma's API.
        Exception: whatever httpx and chromadb raise for a server that cannot be reached.
    """
    _greet(address)
    settings = Settings(
        anonymized_telemetry=False,
        chroma_api_impl="chromadb.api.fastapi.FastAPI",
        chroma_server_host=address.host,
        chroma_server_http_port=address.port,
        chroma_server_ssl_enabled=address.is_tls,
        chroma_server_headers=address.headers,
    )
    return ServerClient(tenant=address.tenant, database=address.database, settings=settings)


def _greet(address: ChromaAddress) -> None:
    with httpx.Client(base_url=address.url, headers=address.headers, timeout=CALL_SECONDS) as server:
        answer = server.get("/api/v2/heartbeat")
        if answer.status_code in _REFUSED:
            raise Unfit(f"{address.url} refuses us ({answer.status_code}): see CHROMA_TOKEN")
        if answer.status_code != httpx.codes.OK or "heartbeat" not in answer.text:
            raise Unfit(f"{address.url} is no Chroma server of version 1 (its /api/v2/heartbeat: {answer})")
        version = server.get("/api/v2/version").text.strip(' "\n')
    if version.partition(".")[0] != chromadb.__version__.partition(".")[0]:
        raise Unfit(
            f"{address.url} is Chroma {version[:20]}, this client is {chromadb.__version__}: "
            "their first numbers must be the same"
        )
    logger.info("the search index is kept by Chroma %s at %s", version[:20], address.url)


def _hurry(server: ServerAPI) -> None:
    server._session.timeout = httpx.Timeout(CALL_SECONDS)  # type: ignore[attr-defined]
