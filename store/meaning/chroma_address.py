"""Where a Chroma server is, and what lets us in."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class ChromaAddress:
    """A Chroma server and the database in it. `token` is sent as a bearer token and as Chroma's own header."""

    host: str
    port: int = 8000
    is_tls: bool = False
    token: str = field(default="", repr=False)
    tenant: str = "default_tenant"
    database: str = "default_database"

    @property
    def url(self) -> str:
        """Return its address without a path."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{'https' if self.is_tls else 'http'}://{host}:{self.port}"

    @property
    def headers(self) -> dict[str, str]:
        """Return what is sent with each request."""
        return {"Authorization": f"Bearer {self.token}", "X-Chroma-Token": self.token} if self.token else {}
