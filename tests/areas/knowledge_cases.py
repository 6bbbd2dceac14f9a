"""What the tests of knowledge share: documents to send, sessions to send them in."""

from __future__ import annotations

from typing import Any

from resolvers.acts import Engine
from resolvers.callers import LOCAL_OWNER
from store.records import KINDS, Record
from tests.areas.session_cases import start
from tests.conftest import Run

STORE = """mutation ($input: StoreDocumentInput!, $key: String) {
  storeDocument(input: $input, idempotencyKey: $key) {
    id project updated expiresAt interfaceOwner overlapWarning
    duplicateWarning { id title similarity } document { status type title content tags files author }
  }
}"""
LEARN = """mutation ($input: RecordLearningInput!) {
  recordLearning(input: $input) { id expiresAt duplicateWarning { id } document { type author } }
}"""
SEARCH = """query ($query: String!, $project: String, $types: [DocumentType!], $inactive: Boolean! = false,
  $shared: Boolean! = true, $limit: Int! = 3, $tokens: Int, $sessionId: ID) {
  searchDocuments(query: $query, project: $project, types: $types, includeInactive: $inactive,
    includeShared: $shared, limit: $limit, maxTokens: $tokens, sessionId: $sessionId) {
    resultCount omitted degraded message
    results { id project source title type status relevance relevancePercent content truncated age author
      accessCount warning }
  }
}"""
EVERYWHERE = """query ($query: String!, $types: [DocumentType!], $limit: Int! = 10, $tokens: Int) {
  searchEverywhere(query: $query, types: $types, limit: $limit, maxTokens: $tokens) {
    resultCount omitted degraded results { id project title relevance content warning }
  }
}"""
ONE = """query ($id: ID!, $project: String) {
  document(id: $id, project: $project) {
    id title content status statusReason type age warning accessCount supersededBy expiresAt author project
  }
}"""
STATUS = """mutation ($input: ChangeDocumentStatusInput!) {
  changeDocumentStatus(input: $input) { id oldStatus newStatus supersededBy }
}"""
ARCHIVE = """mutation ($input: ArchiveDocumentsByTagInput!, $key: String) {
  archiveDocumentsByTag(input: $input, idempotencyKey: $key) { count documents { id title } }
}"""
RESTORE = """mutation ($input: RestoreDocumentsByTagInput!) {
  restoreDocumentsByTag(input: $input) { count documents { id status } }
}"""
LISTED = """query ($project: String, $type: DocumentType, $status: DocumentStatus, $tag: String, $first: Int! = 50,
  $after: String) {
  documents(project: $project, type: $type, status: $status, tag: $tag, first: $first, after: $after) {
    nodes { id title status } pageInfo { hasNextPage endCursor }
  }
}"""


async def send(run: Run, document: str, *, caller: Any = LOCAL_OWNER, **variables: Any) -> dict[str, Any]:
    """Run a document and return what its only root field gave; it must succeed."""
    answer = await run(document, variables, caller=caller)
    assert not answer["errors"], answer["errors"]
    (data,) = answer["data"].values()
    result: dict[str, Any] = data
    return result


async def store(run: Run, content: str = "the text", *, caller: Any = LOCAL_OWNER, **more: Any) -> Any:
    """Store a document in the project `p`, unless `more` says otherwise."""
    given = {"title": "a title", "type": "LEARNING", "content": content, **more}
    if "sessionId" not in given:
        given.setdefault("project", "p")
    return await send(run, STORE, caller=caller, input=given)


async def refused(run: Run, document: str, *, caller: Any = LOCAL_OWNER, **variables: Any) -> Any:
    """Run a document that must fail and return its only error."""
    (error,) = (await run(document, variables, caller=caller))["errors"]
    return error


async def session(run: Run, agent: str = "ann", project: str = "p", **more: Any) -> str:
    """Start a session and return its id."""
    started = await start(run, agent, project=project, **more)
    return str(started["sessionId"])


async def dump(engine: Engine) -> dict[str, list[Record]]:
    """Return all records that there are."""
    return {kind.__name__: list((await engine.store.find(kind, {}, limit=1000)).records) for kind in KINDS}
