"""`interlock schema`: print the GraphQL schema."""

from __future__ import annotations

from importlib.resources import files

import typer


def schema() -> None:
    """Print the schema in the schema definition language."""
    typer.echo(files("schema").joinpath("schema.graphql").read_text(encoding="utf-8"), nl=False)
