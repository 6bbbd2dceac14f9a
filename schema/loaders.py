"""How nested fields read: what the entries of a list ask for in one turn becomes one call."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar

from strawberry.dataloader import DataLoader

if TYPE_CHECKING:
    from strawberry.types import Info

    from resolvers.acts import Act
    from schema.context import RequestContext
    from store.records import Session

V = TypeVar("V")

# What the store takes in one `get_many`.
MAX_BATCH = 1_000


def act_in(context: RequestContext, project: str) -> Act:
    """Return the operation's latest act whose caller sees the project: nested fields read by it."""
    return next(act for act in reversed(context.acts) if act.caller.sees(project))


def loader(
    context: RequestContext, name: str, load: Callable[[Sequence[str]], Awaitable[Sequence[V]]]
) -> DataLoader[str, V]:
    """Return the operation's loader of that name, made with `load` when it is first asked for.

    It keeps nothing: a subscription lives on, and what it reads changes.
    """
    found: DataLoader[str, Any] | None = context.loaders.get(name)
    if found is None:
        found = context.loaders[name] = DataLoader(load_fn=load, cache=False, max_batch_size=MAX_BATCH)
    return found


async def of_agent(
    info: Info[RequestContext, None],
    name: str,
    load: Callable[[Act, Sequence[str]], Awaitable[Sequence[V]]],
    project: str,
    agent: str,
) -> V:
    """Return what `load` finds for an agent, by `project/name`: one call for all of a list."""
    act = act_in(info.context, project)
    found: V = await loader(info.context, f"{name}:{act.caller.key_id}", partial(load, act)).load(
        f"{project}/{agent}"
    )
    return found


async def of_session(
    info: Info[RequestContext, None],
    name: str,
    load: Callable[[Act, Sequence[str]], Awaitable[Sequence[V]]],
    root: Session,
) -> V:
    """Return what `load` finds for a session, by its id: one call for all of a list."""
    act = act_in(info.context, root.project)
    found: V = await loader(info.context, f"{name}:{act.caller.key_id}", partial(load, act)).load(root.id)
    return found
