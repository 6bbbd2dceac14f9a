"""What the tests of sessions, briefs, agents and projects share: documents, keys, a way to start."""

from __future__ import annotations

import secrets
from typing import Any

from resolvers.acts import Engine, caller_of, secret_hash
from resolvers.callers import LOCAL_OWNER, Caller
from store.port import Changes
from store.records import Key, KeyName, new_id
from tests.conftest import Run

START = """mutation ($input: StartSessionInput!, $key: String) {
  startSession(input: $input, idempotencyKey: $key) {
    sessionId project agent tier worker registryWarning actionNeeded
    identitySuggestion { agent pattern } auth { role projects }
  }
}"""
END = """mutation ($input: EndSessionInput!, $key: String) {
  endSession(input: $input, idempotencyKey: $key) {
    releasedLocks warning session { id status summary handoff learnings filesModified }
  }
}"""


async def start(
    run: Run, agent: str | None = None, *, caller: Caller | None = LOCAL_OWNER, **more: Any
) -> Any:
    """Start a session and return the payload."""
    answer = await run(START, {"input": {"project": "p", "agent": agent, **more}}, caller=caller)
    assert not answer["errors"], answer["errors"]
    return answer["data"]["startSession"]


async def end(run: Run, session_id: str, *, caller: Caller | None = LOCAL_OWNER, **more: Any) -> Any:
    """End a session and return the payload."""
    given = {"sessionId": session_id, "summary": "done", **more}
    answer = await run(END, {"input": given}, caller=caller)
    assert not answer["errors"], answer["errors"]
    return answer["data"]["endSession"]


async def make_named_key(
    engine: Engine, name: str, role: str = "agent", projects: tuple[str, ...] = ()
) -> Caller:
    """Store an API key whose holder can be written to by its name."""
    made, _ = await make_key(engine, name, role, projects)
    await engine.store.commit(Changes(puts=(KeyName(id=name, project="", key_id=made.key_id),)))
    return made


async def make_key(
    engine: Engine, name: str, role: str = "agent", projects: tuple[str, ...] = ()
) -> tuple[Caller, str]:
    """Store an API key and turn authentication on; return its caller and the secret."""
    engine.is_auth_enabled = True
    secret, now = secrets.token_urlsafe(32), await engine.store.now()
    made = Key(
        id=new_id(Key.PREFIX),
        project="",
        name=name,
        role=role,
        projects=projects,
        hash=secret_hash(secret),
        created_at=now,
        updated_at=now,
    )
    await engine.store.commit(Changes(puts=(made,)))
    return caller_of(made), secret
