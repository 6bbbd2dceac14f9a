"""GraphQL over HTTP: what is taken, what is refused, and how that is said."""

from __future__ import annotations

import json
from typing import Any

import httpx
import pytest

from tests.api.conftest import Running

JSON = {"content-type": "application/json"}


async def send(server: Running, method: str = "POST", path: str = "/graphql", **given: Any) -> httpx.Response:
    async with httpx.AsyncClient() as client:
        return await client.request(method, server.url + path, **given)


def code(response: httpx.Response) -> str:
    (error,) = response.json()["errors"]
    found: str = error["extensions"]["code"]
    return found


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"{", 400),
        (b"", 400),
        (b"\xff\xfe{}", 400),
        (b'{"query": "{__typename}", "variables": {"x": NaN}}', 400),
        (b"[" * 100_000, 400),
        (b'{"query": "{__typename}", "variables": {"x": ' + b"9" * 10_000 + b"}}", 400),
        (b'[{"query": "{__typename}"}]', 400),
        (b'{"query": ""}', 400),
        (b'{"query": "{__typename}", "operationName": 3}', 400),
        (b'{"query": "{__typename}", "variables": []}', 400),
    ],
)
async def test_a_body_that_is_no_request_is_bad_input(server: Running, body: bytes, status: int) -> None:
    response = await send(server, content=body, headers=JSON)
    assert response.status_code == status
    assert code(response) == "BAD_INPUT"


async def test_only_json_is_taken(server: Running) -> None:
    for kind in ("text/plain", "multipart/form-data; boundary=x", "application/x-www-form-urlencoded"):
        response = await send(server, content=b'{"query": "{__typename}"}', headers={"content-type": kind})
        assert response.status_code == 415, kind
    latin = {"content-type": "application/json; charset=latin-1"}
    assert (await send(server, content=b'{"query": "{__typename}"}', headers=latin)).status_code == 415


async def test_a_body_beyond_the_limit_is_413_whether_or_not_its_length_is_told(server: Running) -> None:
    large = json.dumps({"query": "{__typename}", "variables": {"x": "y" * 1_100_000}}).encode()

    async def chunks() -> Any:
        for start in range(0, len(large), 65_536):
            yield large[start : start + 65_536]

    for content in (large, chunks()):
        response = await send(server, content=content, headers=JSON)
        assert response.status_code == 413
        assert code(response) == "LIMIT_EXCEEDED"


async def test_a_mutation_by_get_is_405_and_nothing_is_done(server: Running) -> None:
    document = 'mutation { createChecklist(input: {name: "by-get", project: "p"}) { name } }'
    response = await send(server, "GET", params={"query": document})
    assert response.status_code == 405
    found = await server.post('{ checklist(name: "by-get", project: "p") { name } }')
    assert code(found) == "NOT_FOUND"


async def test_a_query_by_get_takes_variables_and_refuses_a_parameter_given_twice(server: Running) -> None:
    given = {"query": "query q($n: String!) { __type(name: $n) { name } }", "variables": '{"n": "Query"}'}
    response = await send(server, "GET", params=given)
    assert response.json() == {"data": {"__type": {"name": "Query"}}}
    twice = await send(server, "GET", "/graphql?query={__typename}&query={__typename}")
    assert twice.status_code == 400


async def test_other_methods_are_refused_by_name(server: Running) -> None:
    response = await send(server, "DELETE")
    assert response.status_code == 405
    assert response.headers["allow"] == "GET, POST"


async def test_the_status_follows_the_media_type_asked_for(server: Running) -> None:
    wrong = json.dumps({"query": "{ nothing }"}).encode()
    for accept, status, kind in (
        ("application/json", 200, "application/json"),
        ("application/graphql-response+json", 400, "application/graphql-response+json"),
        (
            "application/graphql-response+json, application/json;q=0.9",
            400,
            "application/graphql-response+json",
        ),
        ("application/json, application/graphql-response+json;q=0.1", 200, "application/json"),
        ("*/*", 200, "application/json"),
        ("image/png", 200, "application/json"),
    ):
        response = await send(server, content=wrong, headers={**JSON, "accept": accept})
        assert (response.status_code, response.headers["content-type"].split(";")[0]) == (status, kind), (
            accept
        )


async def test_a_subscription_over_http_says_where_to_go(server: Running) -> None:
    response = await server.post("subscription { events { __typename } }")
    assert response.status_code == 400
    assert "WebSocket" in response.json()["errors"][0]["message"]


async def test_half_a_surrogate_pair_is_answered_not_crashed_on(server: Running) -> None:
    body = b'{"query": "query q($x: Int) { __typename }", "variables": {"x": "\\ud800"}}'
    response = await send(server, content=body, headers=JSON)
    assert code(response) == "BAD_INPUT"


async def test_every_answer_carries_the_id_of_its_request(server: Running) -> None:
    given = await send(
        server, content=b'{"query": "{__typename}"}', headers={**JSON, "x-request-id": "abc-1"}
    )
    assert given.headers["x-request-id"] == "abc-1"
    forged = await send(server, "GET", "/health", headers={"x-request-id": "a b"})
    assert len(forged.headers["x-request-id"]) == 16


async def test_an_unknown_path_is_404(server: Running) -> None:
    response = await send(server, "GET", "/nothing")
    assert (response.status_code, code(response)) == (404, "NOT_FOUND")


async def test_a_body_too_large_for_mcp_is_refused_in_json_rpc_with_a_code(server: Running) -> None:
    body = b'"' + b"x" * server.settings.max_body_bytes + b'"'
    headers = {**JSON, "accept": "application/json, text/event-stream"}
    response = await send(server, path="/mcp", content=body, headers=headers)
    assert (response.status_code, response.json()["error"]["data"]["code"]) == (413, "LIMIT_EXCEEDED")
