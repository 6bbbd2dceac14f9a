"""Checklists in GraphQL."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

import strawberry

from resolvers import checklists
from resolvers.acts import Act
from resolvers.callers import Role
from resolvers.listing import Listing
from schema.arguments import ProjectArgument, SessionArgument, project_field, reason_field, session_field
from schema.connections import After, Connection, First
from schema.fields import mutation, query
from store import records


@strawberry.type(description="An entry of a checklist.")
class ChecklistItem:
    index: int = strawberry.field(description="Its place, from 0.")
    text: str = strawberry.field(description="What is to be done.")
    done: bool = strawberry.field(description="Whether it is ticked off.")
    checked_by: str = strawberry.field(description="The agent that ticked it off, or empty.")
    checked_at: datetime | None = strawberry.field(description="When it was ticked off.")
    notes: str = strawberry.field(description="Remarks.")


def _items(root: Any) -> Any:
    return [
        ChecklistItem(
            index=index,
            text=item["text"],
            done=item["done"],
            checked_by=item["checked_by"],
            checked_at=datetime.fromisoformat(item["checked_at"]) if item["checked_at"] else None,
            notes=item["notes"],
        )
        for index, item in enumerate(root.items)
    ]


def _progress(root: Any) -> str:
    return f"{sum(bool(item['done']) for item in root.items)}/{len(root.items)}"


@strawberry.type(description="A named list of things to tick off.")
class Checklist:
    name: str = strawberry.field(description="Unique in its project.")
    project: str = strawberry.field(description="The project it belongs to.")
    progress: str = strawberry.field(description="Ticked off / all, such as 1/2.", resolver=_progress)
    created_by: str = strawberry.field(description="The agent that made it.")
    created_at: datetime = strawberry.field(description="When it was made.")
    updated_at: datetime = strawberry.field(description="When it last changed.")
    items: list[ChecklistItem] = strawberry.field(description="Its entries, in order.", resolver=_items)


@strawberry.input(description="Which checklist.")
class ChecklistInput:
    name: str = strawberry.field(description="The checklist's name.")
    session_id: strawberry.ID | None = session_field()
    project: str | None = project_field()
    reason: str | None = reason_field()


@strawberry.input(description="A checklist and entries for it.")
class ChecklistItemsInput(ChecklistInput):
    items: list[str] | None = strawberry.field(default=None, description="Texts of the entries, up to 500.")


@strawberry.input(description="An entry to tick off or to open again.")
class CheckItemInput(ChecklistInput):
    item_index: int = strawberry.field(description="Its place, from 0.")
    item_text: str | None = strawberry.field(
        default=None, description="Its text as it was read: CONFLICT if another entry is there."
    )
    done: bool | None = strawberry.field(default=True, description="False opens it again; null is true.")
    notes: str | None = strawberry.field(default=None, description="Remarks that replace the earlier ones.")


@strawberry.input(description="What an entry is to be.")
class ChecklistEntryInput:
    index: int | None = strawberry.field(
        default=None, description="The entry that is kept, by its place until now; null: a new one."
    )
    text: str | None = strawberry.field(default=None, description="Its text; null: as it is.")


@strawberry.input(description="What a checklist is to be.")
class UpdateChecklistInput(ChecklistInput):
    new_name: str | None = strawberry.field(default=None, description="Its new name; null: as it is.")
    items: list[ChecklistEntryInput] | None = strawberry.field(
        default=None,
        description="All entries in their order, up to 500: what is not named goes. Null: as is.",
    )
    updated_at: datetime | None = strawberry.field(
        default=None, description="As it was read: CONFLICT if it has changed since."
    )


@strawberry.type
class ChecklistQuery:
    @query(needs=Role.READONLY, description="One checklist by name.", returns=Checklist)
    async def checklist(
        act: Act,
        name: Annotated[str, strawberry.argument(description="Its name.")],
        project: ProjectArgument = None,
        session_id: SessionArgument = None,
    ) -> records.Checklist:
        return await checklists.checklist(act, name=name, project=project)

    @query(needs=Role.READONLY, description="A project's checklists by name.", returns=Connection[Checklist])
    async def checklists(
        act: Act,
        project: ProjectArgument = None,
        session_id: SessionArgument = None,
        first: First = 100,
        after: After = None,
    ) -> Listing[records.Checklist]:
        return await checklists.checklists(act, project=project, first=first, after=after)


@strawberry.type
class ChecklistMutation:
    @mutation(needs=Role.AGENT, description="Create a checklist.", returns=Checklist)
    async def create_checklist(act: Act, input: ChecklistItemsInput) -> records.Checklist:
        return await checklists.create_checklist(
            act, name=input.name, items=input.items, project=input.project
        )

    @mutation(needs=Role.AGENT, description="Append entries to a checklist.", returns=Checklist)
    async def add_checklist_items(act: Act, input: ChecklistItemsInput) -> records.Checklist:
        return await checklists.add_checklist_items(
            act, name=input.name, items=input.items, project=input.project
        )

    @mutation(needs=Role.AGENT, description="Tick an entry off, or open it again.", returns=Checklist)
    async def check_checklist_item(act: Act, input: CheckItemInput) -> records.Checklist:
        return await checklists.check_checklist_item(
            act,
            name=input.name,
            item_index=input.item_index,
            done=input.done is not False,
            notes=input.notes,
            item_text=input.item_text,
            project=input.project,
        )

    @mutation(
        needs=Role.AGENT,
        description="Rename a checklist, or reword, move, add and take out entries.",
        returns=Checklist,
    )
    async def update_checklist(act: Act, input: UpdateChecklistInput) -> records.Checklist:
        return await checklists.update_checklist(
            act,
            name=input.name,
            items=None
            if input.items is None
            else [checklists.Entry(item.index, item.text) for item in input.items],
            new_name=input.new_name,
            updated_at=input.updated_at,
            project=input.project,
        )

    @mutation(needs=Role.AGENT, description="Delete a checklist.", returns=Checklist)
    async def delete_checklist(act: Act, input: ChecklistInput) -> records.Checklist:
        return await checklists.delete_checklist(act, name=input.name, project=input.project)
