"""The schema as a whole: the roots made of the areas, and what surrounds each operation."""

from __future__ import annotations

from functools import cache

import strawberry
from strawberry.schema.config import StrawberryConfig

from schema.admin import AdminMutation, AdminQuery
from schema.agents import AgentQuery
from schema.backlog import BacklogMutation, BacklogQuery
from schema.checklists import ChecklistMutation, ChecklistQuery
from schema.cleaning import CleaningQuery
from schema.databases import DatabaseQuery
from schema.direct_calls import call_directly
from schema.enrichment import EnrichmentMutation, EnrichmentQuery
from schema.errors import ToldErrors
from schema.executor import ShortWay
from schema.feed import FeedQuery
from schema.functions import FunctionMutation, FunctionQuery
from schema.guidelines import GuidelineMutation, GuidelineQuery
from schema.history import HistoryQuery
from schema.knowledge import KnowledgeMutation, KnowledgeQuery
from schema.locks import LockMutation, LockQuery
from schema.messages import MessageMutation, MessageQuery
from schema.notices import Notices
from schema.overview import OverviewQuery
from schema.presence import PresenceMutation, PresenceQuery
from schema.projects import ProjectMutation, ProjectQuery
from schema.search_index import SearchIndexMutation, SearchIndexQuery
from schema.server import ServerQuery
from schema.sessions import SessionMutation, SessionQuery
from schema.specs import SpecMutation, SpecQuery
from schema.subscriptions import Subscription
from schema.threads import ThreadQuery
from schema.work import WorkMutation, WorkQuery


@strawberry.type(description="What can be read.")
class Query(
    KnowledgeQuery,
    WorkQuery,
    LockQuery,
    MessageQuery,
    GuidelineQuery,
    BacklogQuery,
    ChecklistQuery,
    FunctionQuery,
    EnrichmentQuery,
    AgentQuery,
    SessionQuery,
    ProjectQuery,
    PresenceQuery,
    AdminQuery,
    SpecQuery,
    FeedQuery,
    SearchIndexQuery,
    DatabaseQuery,
    OverviewQuery,
    HistoryQuery,
    ThreadQuery,
    ServerQuery,
    CleaningQuery,
):
    pass


@strawberry.type(description="What can be changed.")
class Mutation(
    KnowledgeMutation,
    WorkMutation,
    LockMutation,
    MessageMutation,
    GuidelineMutation,
    BacklogMutation,
    ChecklistMutation,
    FunctionMutation,
    EnrichmentMutation,
    SessionMutation,
    ProjectMutation,
    PresenceMutation,
    SpecMutation,
    AdminMutation,
    SearchIndexMutation,
):
    pass


@cache
def build_schema() -> strawberry.Schema:
    """Return the schema; it is built once in a process."""
    schema = strawberry.Schema(
        query=Query,
        mutation=Mutation,
        subscription=Subscription,
        extensions=[ToldErrors, Notices],
        execution_context_class=ShortWay,
        config=StrawberryConfig(),
    )
    return call_directly(schema)
