"""What browsers get: the page, the files it loads, and a plain page where it is not built."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest

from api import graphql_http
from api.explorer import FOLDER, NOT_BUILT, Assets, page
from benchmarks.bundle import MOST_BYTES, named, packed
from tests.api.conftest import Running
from tests.js import missing

BROWSER = {"accept": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"}


@pytest.fixture
def built() -> None:
    if not (FOLDER / "explorer" / "index.html").exists():
        missing("the page is not built; run `make install`")


async def get(server: Running, path: str, method: str = "GET", **headers: str) -> httpx.Response:
    async with httpx.AsyncClient() as client:
        # The raw target keeps `..` and `%2e` as they are written.
        url = httpx.URL(server.url).copy_with(raw_path=path.encode())
        return await client.request(method, url, headers=headers)


@pytest.mark.usefixtures("built")
async def test_a_browser_gets_a_page_that_loads_only_from_this_server(server: Running) -> None:
    response = await get(server, "/graphql", **BROWSER)
    assert response.headers["content-type"] == "text/html; charset=utf-8"
    assert response.headers["cache-control"] == "no-cache"
    policy = dict(
        part.strip().partition(" ")[::2] for part in response.headers["content-security-policy"].split(";")
    )
    assert policy["default-src"] == policy["frame-ancestors"] == policy["base-uri"] == "'none'"
    assert policy["script-src"] == policy["worker-src"] == policy["connect-src"] == "'self'"
    assert not re.search(r"https?:|\*|unsafe-eval", response.headers["content-security-policy"])
    found = named(response.text)
    assert len(found) >= 3
    assert all(address.startswith(("/assets/", "data:")) for address in found), found
    assert "<script>" not in response.text


@pytest.mark.usefixtures("built")
async def test_the_page_and_its_files_come_without_a_key_and_nothing_else_does(
    serving: Callable[..., Running],
) -> None:
    server = serving(auth_enabled=True)
    response = await get(server, "/graphql", **BROWSER)
    assert response.status_code == 200
    for address in named(response.text):
        if address.startswith("/assets/"):
            assert (await get(server, address)).status_code == 200, address
    asked = await get(
        server, "/graphql?query={projects{nodes{name}}}", accept="application/graphql-response+json"
    )
    assert asked.status_code == 401


@pytest.mark.usefixtures("built")
async def test_files_have_their_type_and_are_kept_for_a_year(server: Running) -> None:
    kinds = {".js": "text/javascript", ".css": "text/css", ".ttf": "font/ttf"}
    seen = set()
    for file in (FOLDER / "assets").iterdir():
        response = await get(server, f"/assets/{file.name}", "HEAD")
        assert response.headers["content-type"].startswith(kinds[file.suffix]), file.name
        assert response.headers["cache-control"] == "public, max-age=31536000, immutable"
        assert response.headers["x-content-type-options"] == "nosniff"
        assert "default-src 'none'" in response.headers["content-security-policy"]
        assert response.content == b""
        seen.add(file.suffix)
    assert seen == set(kinds)


@pytest.mark.usefixtures("built")
@pytest.mark.parametrize(
    ("accepted", "is_packed"),
    [
        ("gzip, br", True),
        ("br;q=1.0, gzip;q=0.5", True),
        ("identity", False),
        ("gzip;q=0", False),
        ("gzip; q=0.0", False),
    ],
)
async def test_files_come_packed_to_who_takes_them_so(
    server: Running, accepted: str, is_packed: bool
) -> None:
    file = max((FOLDER / "assets").glob("dashboard-*.js"), key=lambda one: one.stat().st_size)
    response = await get(server, f"/assets/{file.name}", **{"accept-encoding": accepted})
    assert (response.headers.get("content-encoding") == "gzip") is is_packed
    assert response.headers["content-type"].startswith("text/javascript")
    assert response.headers["vary"] == "accept-encoding"
    assert response.content == file.read_bytes()


@pytest.mark.usefixtures("built")
def test_the_dashboard_is_at_most_250_kb_packed() -> None:
    """All that it may ever load, views that are opened later included; the explorer's own files are not."""
    entry, later = packed()
    assert 50_000 < sum(entry.values()) + sum(later.values()) <= MOST_BYTES, {**entry, **later}


@pytest.mark.usefixtures("built")
async def test_files_are_only_read(server: Running) -> None:
    name = next((FOLDER / "assets").iterdir()).name
    response = await get(server, f"/assets/{name}", "POST")
    assert (response.status_code, response.headers["allow"]) == (405, "GET, HEAD")


@pytest.mark.parametrize(
    "path",
    [
        "/assets/",
        "/assets",
        "/assets/nothing.js",
        "/assets/../explorer/index.html",
        "/assets/..%2fexplorer%2findex.html",
        "/assets/%2e%2e/%2e%2e/app.py",
        "/assets/..%5c..%5capp.py",
        "/assets//etc/passwd",
        "/assets/explorer/index.html",
        "/assets/%00",
        "/explorer/index.html",
        "/page/explorer/index.html",
    ],
)
async def test_no_other_file_is_reached(server: Running, path: str) -> None:
    assert (await get(server, path)).status_code == 404


@pytest.mark.usefixtures("built")
async def test_a_foreign_host_gets_neither_page_nor_files(server: Running) -> None:
    name = next((FOLDER / "assets").iterdir()).name
    for path in ("/graphql", f"/assets/{name}"):
        assert (await get(server, path, **BROWSER, host="evil.example")).status_code == 421
        assert (await get(server, path, **BROWSER, origin="http://evil.example")).status_code == 403


async def test_a_server_whose_page_is_not_built_starts_and_tells_how_to_build_it(
    serving: Callable[..., Running], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(graphql_http, "page", lambda: page(tmp_path))
    server = serving()
    response = await get(server, "/graphql", **BROWSER)
    assert response.content == NOT_BUILT
    assert "make install" in response.text
    assert await server.data("{ __typename }") == {"__typename": "Query"}
    assert "/assets/x.js" not in Assets(tmp_path)


async def test_who_asks_for_json_gets_no_page(server: Running) -> None:
    for accept in ("application/json", "*/*", "application/graphql-response+json, text/html"):
        response = await get(server, "/graphql", accept=accept)
        assert response.headers["content-type"].startswith("application/"), accept
