"""How a team's MongoDB begins, on real `mongod` processes, and how its first owner gets in."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.deploy.reading import ROOT
from tests.engines.mongod import Member
from tests.faults.conftest import serve  # noqa: F401 - a fixture of these tests too
from tests.faults.processes import ServerProcess, ask

ROOT_PASSWORD = "root;%40@/"
PASSWORD = "interlock's:own"

pytest.importorskip("pymongo")


class Set:
    """Members as the containers start them: a key file, and an administrator on the first alone."""

    def __init__(self, directory: Path) -> None:
        self.key = directory / "key"
        self.key.write_text("0123456789abcdef" * 4)
        self.key.chmod(0o600)
        self._directory = directory
        self.members: list[Member] = []

    def begin(self) -> None:
        """Start the first member on data in which its image has made the administrator."""
        from pymongo import MongoClient

        image = Member(self._directory / "member0", replica_set="")
        image.start()
        try:
            with MongoClient[dict[str, Any]]("127.0.0.1", image.port) as client:
                client.admin.command(
                    "createUser", "root", pwd=ROOT_PASSWORD, roles=["root"], writeConcern={"w": 1, "j": True}
                )
        finally:
            image.kill()
        self.more()

    def more(self) -> None:
        """Start one more member."""
        place = self._directory / f"member{len(self.members)}"
        self.members.append(Member(place, more=("--keyFile", str(self.key))))
        self.members[-1].start()

    @property
    def names(self) -> str:
        return ",".join(member.name for member in self.members)

    def prepare(self, **more: str) -> subprocess.CompletedProcess[str]:
        """Run what the container `mongo-init` runs."""
        environment = {
            "PATH": os.environ["PATH"],
            "REPLICA_SET_MEMBERS": self.names,
            "REPLICA_SET_ROOT_PASSWORD": ROOT_PASSWORD,
            "REPLICA_SET_USER": "interlock",
            "REPLICA_SET_PASSWORD": PASSWORD,
            "REPLICA_SET_DATABASE": "interlock",
        }
        return subprocess.run(
            [sys.executable, str(ROOT / "deploy" / "replica_set.py")],
            env=environment | more,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )

    def step_down(self, seconds: int) -> None:
        """Let the first member be no primary for so long."""
        from pymongo import MongoClient

        with MongoClient[dict[str, Any]](
            self.members[0].name, directConnection=True, username="root", password=ROOT_PASSWORD
        ) as client:
            client.admin.command({"replSetStepDown": seconds, "secondaryCatchUpPeriodSecs": 0, "force": True})

    def votes(self) -> dict[str, int]:
        """Return the members that the set knows, with their votes."""
        from pymongo import MongoClient

        with MongoClient[dict[str, Any]](
            self.members[0].name, replicaSet="rs0", username="root", password=ROOT_PASSWORD
        ) as client:
            config = client.admin.command("replSetGetConfig")["config"]
            return {member["host"]: member["votes"] for member in config["members"]}


@pytest.fixture
def replicas(tmp_path: Path) -> Iterator[Set]:
    made = Set(tmp_path)
    try:
        made.begin()
        yield made
    finally:
        for member in made.members:
            member.kill()


def run(command: list[str], environment: dict[str, str], place: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command, env=environment, cwd=place, capture_output=True, text=True, timeout=60, check=False
    )


async def test_the_set_begins_once_and_its_first_owner_is_made_where_the_api_runs(
    replicas: Set,
    serve: Any,  # noqa: F811
    tmp_path: Path,
) -> None:
    first = replicas.prepare()
    assert first.returncode == 0, first.stderr
    assert "begun with" in first.stdout
    again = replicas.prepare()
    assert again.returncode == 0, again.stderr
    assert "begun with" not in again.stdout
    assert replicas.votes() == {replicas.members[0].name: 1}

    access = {"MONGO_HOST": replicas.names, "MONGO_USER": "interlock", "MONGO_PASSWORD": PASSWORD}
    server: ServerProcess = serve(
        **access, MCP_AUTH_ENABLED="true", INTERLOCK_HOST="0.0.0.0", INTERLOCK_EMBEDDER="off"
    )
    await server.start()
    # As `docker compose exec api interlock keys create` does: in the server's own directory, and nothing else known.
    inside = {"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT), "INTERLOCK_DATA": str(tmp_path / "data")}
    command = [sys.executable, "-c", "from cli.main import main; main()", "keys", "create", "--role", "owner"]
    made = await asyncio.to_thread(run, command, inside, tmp_path)
    assert made.returncode == 0, made.stderr
    headers = {"Authorization": f"Bearer {made.stdout.strip()}"}
    async with httpx.AsyncClient(headers=headers) as client:
        shown = await ask(client, server.url, "{ authStatus { isEnabled role } }")
    assert shown["authStatus"] == {"isEnabled": True, "role": "OWNER"}

    # In a container of its own there is no such directory, and so no owner.
    outside = inside | {"INTERLOCK_DATA": str(tmp_path / "elsewhere"), "INTERLOCK_URL": server.url}
    refused = await asyncio.to_thread(run, command, outside, tmp_path)
    assert refused.returncode == 1
    assert "UNAUTHENTICATED" in refused.stderr


def test_a_set_that_has_no_primary_yet_is_waited_for(replicas: Set) -> None:
    assert replicas.prepare().returncode == 0
    # Longer than one look for a primary takes; as when a slow machine elects its first one.
    replicas.step_down(6)
    waited = replicas.prepare()
    assert waited.returncode == 0, waited.stderr
    assert "ready" in waited.stdout


def test_a_new_password_is_given_to_the_user_and_a_wrong_one_of_root_is_named(replicas: Set) -> None:
    from pymongo import MongoClient

    assert replicas.prepare().returncode == 0
    assert replicas.prepare(REPLICA_SET_PASSWORD="another").returncode == 0
    with MongoClient[dict[str, Any]](
        replicas.names, replicaSet="rs0", username="interlock", password="another"
    ) as client:
        assert client["interlock"]["try"].insert_one({"_id": 1}).acknowledged
    wrong = replicas.prepare(REPLICA_SET_ROOT_PASSWORD="no")
    assert wrong.returncode == 1
    assert "made with another one" in wrong.stderr
    assert len(wrong.stderr.splitlines()) == 1


@pytest.mark.skipif(
    "INTERLOCK_TORTURE" not in os.environ, reason="copies and votes take their time: make torture"
)
def test_one_member_becomes_three_and_each_gets_its_vote(replicas: Set) -> None:
    assert replicas.prepare().returncode == 0
    replicas.more()
    replicas.more()
    grown = replicas.prepare()
    assert grown.returncode == 0, grown.stderr
    assert replicas.votes() == {member.name: 1 for member in replicas.members}
    again = replicas.prepare()
    assert again.returncode == 0, again.stderr
    assert "joins" not in again.stdout
