"""The backlog in GraphQL."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

import strawberry

from resolvers.acts import Act
from resolvers.backlog import backlog as rules
from resolvers.backlog import pages as backlog_pages
from resolvers.backlog.fields import Priority, Status
from resolvers.callers import Role
from schema.arguments import ProjectArgument, SessionArgument, project_field, reason_field, session_field
from schema.connections import After, Connection
from schema.enums import shown
from schema.fields import mutation, query
from store import records

shown(
    Status,
    "Where an item stands.",
    name="BacklogStatus",
    open="To be done.",
    in_progress="Someone works on it.",
    deferred="Put off; see deferredReason.",
    done="Done; closed.",
    wont_do="Not to be done; closed.",
    retest="Done, to be tested again.",
    blocked="Cannot go on, for a reason outside the backlog.",
    duplicate="Another item says the same; closed.",
    needs_info="Waits for an answer.",
)
shown(
    Priority,
    "How pressing an item is.",
    name="BacklogPriority",
    critical="Before everything.",
    high="Soon.",
    medium="In its turn.",
    low="When there is time.",
)
shown(
    rules.Change,
    "What an update did.",
    name="BacklogChange",
    updated="Fields changed.",
    moved="It is in another project now.",
    claimed="The caller has it now.",
    unchanged="It was so before.",
)


def _is_ready(root: Any) -> bool:
    return root.status == Status.OPEN and not root.open_blockers and not root.assignee


@strawberry.type(description="A piece of work to be done.")
class BacklogItem:
    id: strawberry.ID = strawberry.field(description="It stays when the item moves.")
    project: str = strawberry.field(description="The project it belongs to.")
    title: str = strawberry.field(description="One line.")
    description: str = strawberry.field(description="What is to be done.")
    status: Status = strawberry.field(description="Where it stands.")
    priority: Priority = strawberry.field(description="How pressing it is.")
    assignee: str = strawberry.field(description="The agent that has it, or empty.")
    tags: list[str] = strawberry.field(description="Its labels.")
    target_version: str = strawberry.field(description="The milestone it is meant for, or empty.")
    deferred_reason: str = strawberry.field(description="Why it was put off, or empty.")
    blocked_by: list[strawberry.ID] = strawberry.field(description="The items it waits for, closed ones too.")
    open_blockers: int = strawberry.field(description="How many of them are not closed.")
    blocking: int = strawberry.field(description="How many items wait for it.")
    is_ready: bool = strawberry.field(
        description="Whether it is open, waits for nothing and is nobody's.", resolver=_is_ready
    )
    is_closed: bool = strawberry.field(description="Whether it is done, not to be done, or a duplicate.")
    created_by: str = strawberry.field(description="Who added it.")
    edit_count: int = strawberry.field(description="How often it was changed.")
    resolution: str = strawberry.field(description="How it was closed, or empty.")
    completed_by: str = strawberry.field(description="Who closed it, or empty.")
    completed_at: datetime | None = strawberry.field(description="When it was closed.")
    created_at: datetime = strawberry.field(description="When it was added.")
    updated_at: datetime = strawberry.field(description="When it last changed.")


@strawberry.type(description="An item after an update, and what the update did.")
class UpdatedBacklogItem(BacklogItem):
    change: rules.Change = strawberry.field(description="What the update did.")


@strawberry.type(description="How a claim went: of all that try, one gets the item.")
class BacklogClaim:
    is_claimed: bool = strawberry.field(description="Whether the caller has the item now.")
    holder: str = strawberry.field(description="Who has it, or closed it; empty when nobody has.")
    reason: str = strawberry.field(description="Why the caller did not get it, or empty.")
    item: BacklogItem = strawberry.field(description="The item as it stands.")


async def _total(root: Any) -> int | None:
    total: int | None = await root.count_all()
    return total


@strawberry.type(description="A page of the backlog.")
class BacklogConnection(Connection[BacklogItem]):
    count: int = strawberry.field(
        description="How many are on this page.", resolver=lambda root: len(root.records)
    )
    total: int | None = strawberry.field(
        description="How many match, counted to 10,000; null for a tag combined with other filters.",
        resolver=_total,
    )
    next: str | None = strawberry.field(
        description="Pass it as `after` for the next page.", resolver=lambda root: root.after
    )


@strawberry.input(description="A new item.")
class AddBacklogItemInput:
    title: str = strawberry.field(description="One line, up to 300 bytes.")
    description: str = strawberry.field(description="What is to be done, up to 50 KB.")
    priority: Priority = strawberry.field(default=Priority.MEDIUM, description="How pressing it is.")
    assigned_to: str | None = strawberry.field(default=None, description="The agent that is to do it.")
    tags: list[str] | None = strawberry.field(default=None, description="Up to 50 labels.")
    target_version: str | None = strawberry.field(default=None, description="The milestone it is meant for.")
    deferred_reason: str | None = strawberry.field(default=None, description="Why it is put off.")
    blocked_by: list[strawberry.ID] | None = strawberry.field(
        default=None, description="Up to 50 items of the project to wait for."
    )
    reason: str | None = reason_field()
    session_id: strawberry.ID | None = session_field()
    project: str | None = project_field()


@strawberry.input(description="What to change; what is left out or null stays, an empty text clears.")
class UpdateBacklogItemInput:
    item_id: strawberry.ID = strawberry.field(description="The item's id.")
    status: Status | None = strawberry.field(default=None, description="Where it stands.")
    priority: Priority | None = strawberry.field(default=None, description="How pressing it is.")
    assigned_to: str | None = strawberry.field(default=None, description="The agent that is to do it.")
    title: str | None = strawberry.field(default=None, description="One line, up to 300 bytes.")
    description: str | None = strawberry.field(default=None, description="What is to be done.")
    target_version: str | None = strawberry.field(default=None, description="The milestone it is meant for.")
    deferred_reason: str | None = strawberry.field(default=None, description="Why it is put off.")
    tags: list[str] | None = strawberry.field(default=None, description="All its labels.")
    blocked_by: list[strawberry.ID] | None = strawberry.field(
        default=None, description="All items of the project that it waits for."
    )
    claim: bool = strawberry.field(
        default=False, description="Take it, if nobody has it and it waits for nothing; else CONFLICT."
    )
    project: str | None = strawberry.field(default=None, description="The project to move it to.")
    reason: str | None = reason_field()
    session_id: strawberry.ID | None = session_field()


@strawberry.input(description="Which item to take.")
class ClaimBacklogItemInput:
    item_id: strawberry.ID = strawberry.field(description="The item's id.")
    reason: str | None = reason_field()
    session_id: strawberry.ID | None = session_field()


@strawberry.input(description="Which item to close, and how.")
class CompleteBacklogItemInput:
    item_id: strawberry.ID = strawberry.field(description="The item's id.")
    resolution: str | None = strawberry.field(default=None, description="What was done, or why not.")
    wont_do: bool = strawberry.field(default=False, description="True if it is not to be done.")
    reason: str | None = reason_field()
    session_id: strawberry.ID | None = session_field()


_Status = Annotated[Status | None, strawberry.argument(description="Only those that stand so.")]
_Priority = Annotated[Priority | None, strawberry.argument(description="Only those so pressing.")]
_Assigned = Annotated[str | None, strawberry.argument(description="Only those that this agent has.")]
_Version = Annotated[str | None, strawberry.argument(description="Only those of this milestone.")]
_Done = Annotated[bool, strawberry.argument(description="Closed ones too.")]
_Ready = Annotated[bool, strawberry.argument(description="Only open, unblocked, unassigned ones.")]
_Tag = Annotated[str | None, strawberry.argument(description="Only those with this label.")]
_Text = Annotated[str | None, strawberry.argument(description="Only the 500 best matches of these words.")]
_Projects = Annotated[
    list[str] | None,
    strawberry.argument(description="With `text`: search up to 100 projects at once, instead of `project`."),
]
_First = Annotated[int, strawberry.argument(description="How many to return, 1 to 100; 0 means 100.")]
_Offset = Annotated[int, strawberry.argument(description="How many to skip, up to 1,000; prefer `after`.")]


@strawberry.type
class BacklogQuery:
    @query(
        needs=Role.READONLY,
        description="A project's backlog by priority, then age.",
        returns=BacklogConnection,
    )
    async def backlog(
        act: Act,
        project: ProjectArgument = None,
        projects: _Projects = None,
        session_id: SessionArgument = None,
        status: _Status = None,
        priority: _Priority = None,
        assigned_to: _Assigned = None,
        target_version: _Version = None,
        include_done: _Done = False,
        ready: _Ready = False,
        tag: _Tag = None,
        text: _Text = None,
        first: _First = 20,
        after: After = None,
        offset: _Offset = 0,
    ) -> backlog_pages.BacklogListing:
        return await backlog_pages.backlog(
            act,
            project=project,
            projects=projects,
            status=status,
            priority=priority,
            assigned_to=assigned_to,
            target_version=target_version,
            include_done=include_done,
            ready=ready,
            tag=tag,
            text=text,
            first=first,
            after=after,
            offset=offset,
        )

    @query(needs=Role.READONLY, description="One item of a backlog.", returns=BacklogItem)
    async def backlog_item(
        act: Act,
        item_id: Annotated[strawberry.ID, strawberry.argument(description="Its id.")],
        session_id: SessionArgument = None,
    ) -> records.BacklogItem:
        return await rules.backlog_item(act, item_id=item_id)


@strawberry.type
class BacklogMutation:
    @mutation(needs=Role.AGENT, description="Add an item to a backlog.", returns=BacklogItem)
    async def add_backlog_item(act: Act, input: AddBacklogItemInput) -> records.BacklogItem:
        return await rules.add_backlog_item(act, **_given(input))

    @mutation(needs=Role.AGENT, description="Change an item, or move it.", returns=UpdatedBacklogItem)
    async def update_backlog_item(act: Act, input: UpdateBacklogItemInput) -> rules.Revised:
        return await rules.update_backlog_item(act, **_given(input))

    @mutation(needs=Role.AGENT, description="Take an item, unless it is taken.", returns=BacklogClaim)
    async def claim_backlog_item(act: Act, input: ClaimBacklogItemInput) -> rules.Claim:
        return await rules.claim_backlog_item(act, **_given(input))

    @mutation(needs=Role.AGENT, description="Close an item.", returns=BacklogItem)
    async def complete_backlog_item(act: Act, input: CompleteBacklogItemInput) -> records.BacklogItem:
        return await rules.complete_backlog_item(act, **_given(input))


def _given(input: Any) -> dict[str, Any]:
    """Return the input's fields, which are called as the rule's parameters, without those of every act."""
    return {name: value for name, value in vars(input).items() if name not in ("session_id", "reason")}
