"""`interlock keys`: make, list and revoke API keys."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import typer

from cli.connection import ApiKey, Url, ask, connection

app = typer.Typer(help="Make, list and revoke API keys.", no_args_is_help=True)

CREATE = """mutation ($input: CreateKeyInput!) {
  createKey(input: $input) { secret key { id name role projects } }
}"""
LIST = """query ($after: String) {
  keys(first: 100, after: $after, includeRevoked: true) {
    nodes { id name role projects hint createdAt revokedAt } pageInfo { hasNextPage endCursor }
  }
}"""
REVOKE = """mutation ($input: RevokeKeyInput!) { revokeKey(input: $input) { id name } }"""


class Role(StrEnum):
    """What a key may do."""

    OWNER = "owner"
    ADMIN = "admin"
    USER = "user"
    AGENT = "agent"
    READONLY = "readonly"


@app.command()
def create(
    name: Annotated[str, typer.Option(help="What the key is called; default: its role.")] = "",
    role: Annotated[Role, typer.Option(help="What it may do.")] = Role.AGENT,
    project: Annotated[
        list[str] | None, typer.Option(help="A project it is for; repeat it. Default: all.")
    ] = None,
    url: Url = "",
    key: ApiKey = "",
) -> None:
    """Make a key and print its secret, which is shown this once."""
    given = {"name": name or role.value, "role": role.name, "projects": project or []}
    made = ask(connection(url, key), CREATE, {"input": given})["createKey"]
    typer.echo(made["secret"])
    shown = made["key"]
    scope = ", ".join(shown["projects"]) or "all projects"
    typer.echo(f"{shown['id']}  {shown['name']}  {role.value}  {scope}", err=True)


@app.command("list")
def list_keys(url: Url = "", key: ApiKey = "") -> None:
    """List the keys, newest first, revoked ones included."""
    to = connection(url, key)
    after = None
    while True:
        page = ask(to, LIST, {"after": after})["keys"]
        for shown in page["nodes"]:
            scope = ",".join(shown["projects"]) or "*"
            state = f"revoked {shown['revokedAt']}" if shown["revokedAt"] else "active"
            whom = f"{shown['id']}  {shown['name']}  {shown['role'].lower()}  {scope}"
            typer.echo(f"{whom}  ...{shown['hint']}  {state}")
        if not page["pageInfo"]["hasNextPage"]:
            return
        after = page["pageInfo"]["endCursor"]


@app.command()
def revoke(
    name: Annotated[str, typer.Argument(help="The key's name or id.")],
    url: Url = "",
    key: ApiKey = "",
) -> None:
    """Revoke a key; its sessions and open subscriptions end at once."""
    revoked = ask(connection(url, key), REVOKE, {"input": {"name": name}})["revokeKey"]
    typer.echo(f"revoked {revoked['name']} ({revoked['id']})")
