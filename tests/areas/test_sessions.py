"""Sessions: who begins one, what its end releases, when it lapses."""

from __future__ import annotations

from resolvers.acts import Engine
from store.records import Audit, Session
from tests.conftest import Run, failure

START = """mutation ($input: StartSessionInput!, $key: String) {
  startSession(input: $input, idempotencyKey: $key) {
    sessionId project agent tier worker registryWarning actionNeeded
    identitySuggestion { agent } auth { role projects }
  }
}"""
END = """mutation ($input: EndSessionInput!, $key: String) {
  endSession(input: $input, idempotencyKey: $key) { releasedLocks session { id status summary handoff } }
}"""


async def test_a_session_starts_and_ends(run: Run, engine: Engine) -> None:
    started = (await run(START, {"input": {"project": "My-App", "agent": "Front End"}}))["data"]["startSession"]
    assert (started["project"], started["agent"]) == ("my_app", "front_end")
    ended = await run(END, {"input": {"sessionId": started["sessionId"], "summary": "done"}})
    assert ended["data"]["endSession"]["session"]["status"] == "ENDED"
