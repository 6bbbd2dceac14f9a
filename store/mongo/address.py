"""Where a MongoDB is and who asks: nothing here needs its driver."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

DEFAULT_PORT = 27017


@dataclass(frozen=True, slots=True)
class MongoAddress:
    """The hosts of a replica set (any of its members will do), the database, and the credentials.

    `hosts` is a comma-separated list, each entry with or without a port. Without a user or without a
    password nobody logs in. `url` (mongodb:// or mongodb+srv://) stands instead of hosts and port, and
    brings the driver's other options along, such as TLS; its own credentials are used unless a user
    and a password are given here.
    """

    hosts: str = "127.0.0.1"
    port: int = DEFAULT_PORT
    database: str = "interlock"
    user: str = ""
    password: str = field(default="", repr=False)
    auth_database: str = "admin"
    url: str = field(default="", repr=False)

    @property
    def options(self) -> dict[str, Any]:
        """Return the driver's arguments: values, never pieced together into a URL that must be escaped."""
        given: dict[str, Any] = {"host": self.url or self.seeds}
        if self.user and self.password:
            given |= {"username": self.user, "password": self.password, "authSource": self.auth_database}
        return given

    @property
    def seeds(self) -> list[str]:
        """Return the hosts, each with its port."""
        names = [name.strip() for name in self.hosts.split(",") if name.strip()]
        return [name if _has_port(name) else f"{_bracketed(name)}:{self.port}" for name in names]

    @property
    def shown(self) -> str:
        """Return the address as it may be shown to anyone: without credentials."""
        if not self.url:
            return ",".join(self.seeds)
        # A password that was not escaped may hold what ends the part of a URL that names hosts.
        return re.split("[/?#]", self.url.partition("://")[2].rpartition("@")[2])[0]


def _has_port(name: str) -> bool:
    return name.rpartition(":")[2].isdigit() and (name.count(":") == 1 or "]:" in name)


def _bracketed(name: str) -> str:
    return f"[{name}]" if ":" in name and not name.startswith("[") else name
