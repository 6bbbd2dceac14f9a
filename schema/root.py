"""The schema as a whole: the roots made of the areas, and what surrounds each operation."""

from __future__ import annotations

from functools import cache

import strawberry
from strawberry.extensions import ParserCache, ValidationCache
from strawberry.schema.config import StrawberryConfig

from schema.agents import AgentQuery
from schema.backlog import BacklogMutation, BacklogQuery
from schema.checklists import ChecklistMutation, ChecklistQuery
from schema.errors import ToldErrors
from schema.guidelines import GuidelineMutation, GuidelineQuery
from schema.messages import MessageMutation, MessageQuery
from schema.sessions import SessionMutation, SessionQuery


@strawberry.type(description="What can be read.")
class Query(
    MessageQuery,
    GuidelineQuery,
    BacklogQuery,
    ChecklistQuery,
    AgentQuery,
    SessionQuery,
):
    pass


@strawberry.type(description="What can be changed.")
class Mutation(
    MessageMutation,
    GuidelineMutation,
    BacklogMutation,
    ChecklistMutation,
    SessionMutation,
):
    pass


@cache
def build_schema() -> strawberry.Schema:
    """Return the schema; it is built once in a process."""
    return strawberry.Schema(
        query=Query,
        mutation=Mutation,
        extensions=[ParserCache, ValidationCache, ToldErrors],
        config=StrawberryConfig(),
    )
