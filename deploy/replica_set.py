"""What a replica set of MongoDB needs once: that it begins, has its members, and knows the API's user.

Run again it changes nothing but the user's password, if that is another now. Its settings are the REPLICA_SET_
variables of docker-compose.yml.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable
from typing import Any

from pymongo import MongoClient
from pymongo.errors import ConnectionFailure, OperationFailure, PyMongoError

PATIENCE_SECONDS = 180.0
PAUSE_SECONDS = 0.5
NAME = "rs0"

_NOT_YET_BEGUN = 94
_WRONG_PASSWORD = 18
_USER_EXISTS = 51003
_SECONDARY = 2
_MOST_VOTERS = 7

Client = MongoClient[dict[str, Any]]


class Failed(Exception):
    """Why it cannot be done, in one line."""


def main() -> int:
    """Bring the set to what is wanted; returns the exit code."""
    members = [name.strip() for name in os.environ["REPLICA_SET_MEMBERS"].split(",") if name.strip()]
    root: dict[str, Any] = {"username": "root", "authSource": "admin"}
    root["password"] = os.environ["REPLICA_SET_ROOT_PASSWORD"]
    try:
        begin(members[0], root)
        with Client(members[0], replicaSet=NAME, serverSelectionTimeoutMS=2000, **root) as client:
            for name in members[1:]:
                add(client, name)
            for name in hosts(client):
                if name not in members:
                    print(f"{name} is a member and not listed; it stays (rs.remove in mongosh takes it out)")
            let_in(client)
    except Failed as failure:
        print(f"replica set: {failure}", file=sys.stderr)
        return 1
    print(f"replica set: {', '.join(members)} ready")
    return 0


def begin(first: str, root: dict[str, Any]) -> None:
    """Begin the set with its first member, unless it was begun before."""

    def attempt() -> bool:
        with Client(first, directConnection=True, serverSelectionTimeoutMS=2000, **root) as client:
            try:
                client.admin.command("replSetGetStatus")
            except OperationFailure as error:
                if error.code != _NOT_YET_BEGUN:
                    raise
                wanted = {"_id": NAME, "members": [{"_id": 0, "host": first}]}
                client.admin.command({"replSetInitiate": wanted})
                print(f"replica set: begun with {first}")
        return True

    until_done(attempt, f"{first} does not answer")


def add(client: Client, name: str) -> None:
    """Make `name` a member with a vote, if it is none; first it copies all data, so that no write waits for it."""

    def joined() -> bool:
        config = current(client)
        if name not in [member["host"] for member in config["members"]]:
            number = max(member["_id"] for member in config["members"]) + 1
            config["members"].append({"_id": number, "host": name, "votes": 0, "priority": 0})
            reconfigure(client, config)
            print(f"replica set: {name} joins")
        return True

    def caught_up() -> bool:
        status = client.admin.command("replSetGetStatus")["members"]
        return any(member["name"] == name and member["state"] in (1, _SECONDARY) for member in status)

    def votes() -> bool:
        config = current(client)
        (member,) = [member for member in config["members"] if member["host"] == name]
        if member["votes"] == 0 and sum(one["votes"] for one in config["members"]) < _MOST_VOTERS:
            member |= {"votes": 1, "priority": 1}
            reconfigure(client, config)
            print(f"replica set: {name} votes")
        return True

    until_done(joined, f"{name} cannot be added")
    until_done(caught_up, f"{name} has not copied all data yet; run this again later")
    until_done(votes, f"{name} cannot be given a vote")


def current(client: Client) -> dict[str, Any]:
    """Return the configuration of the set."""
    return dict(client.admin.command("replSetGetConfig")["config"])


def hosts(client: Client) -> list[str]:
    """Return the members there are, once they have elected a primary."""
    found: list[str] = []

    def attempt() -> bool:
        found[:] = [member["host"] for member in current(client)["members"]]
        return True

    until_done(attempt, "the set has no primary")
    return found


def reconfigure(client: Client, config: dict[str, Any]) -> None:
    """Give the set another configuration; one at a time, as the server demands."""
    config["version"] += 1
    client.admin.command({"replSetReconfig": config, "maxTimeMS": 30_000})


def let_in(client: Client) -> None:
    """Make the API's user, or give it the password and the rights that it should have."""
    name, database = os.environ["REPLICA_SET_USER"], os.environ["REPLICA_SET_DATABASE"]
    password = os.environ["REPLICA_SET_PASSWORD"]
    rights = [{"role": "readWrite", "db": database}]

    def attempt() -> bool:
        try:
            client.admin.command("createUser", name, pwd=password, roles=rights)
        except OperationFailure as error:
            if error.code != _USER_EXISTS:
                raise
            client.admin.command("updateUser", name, pwd=password, roles=rights)
        return True

    until_done(attempt, f"the user {name} cannot be made")


def until_done(attempt: Callable[[], bool], complaint: str) -> None:
    """Try until it works: members start, elect and copy in their own time.

    Raises:
        Failed: it has not worked for three minutes, or the password is wrong.
    """
    until, last = time.monotonic() + PATIENCE_SECONDS, ""
    while time.monotonic() < until:
        try:
            if attempt():
                return
        except OperationFailure as error:
            if error.code == _WRONG_PASSWORD:
                raise Failed(
                    "MongoDB refuses the password of root: its volume was made with another one"
                ) from error
            last = str(error)
        except (ConnectionFailure, PyMongoError) as error:
            last = str(error)
        time.sleep(PAUSE_SECONDS)
    raise Failed(f"{complaint} ({last[:300]})" if last else complaint)


if __name__ == "__main__":
    sys.exit(main())
