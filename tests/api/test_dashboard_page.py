"""What browsers get at / and below it: the dashboard's page, and nothing in the way of what else is served."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from api import app
from api.dashboard import NOT_BUILT, VIEWS, Dashboard
from api.explorer import FOLDER
from benchmarks.bundle import named
from tests.api.conftest import Running
from tests.api.test_explorer import BROWSER, get
from tests.js import missing

REGISTRY = Path(__file__).resolve().parents[2] / "frontend" / "dashboard" / "app" / "views.ts"


@pytest.fixture
def built() -> None:
    if not (FOLDER / "dashboard" / "index.html").exists():
        missing("the dashboard is not built; run `make install`")


@pytest.mark.usefixtures("built")
@pytest.mark.parametrize("path", ["/", "/now", "/now/", "/now/p/ann?project=p", "/specs/p/a%2fb", "/admin"])
async def test_each_address_of_a_view_or_record_gets_the_page(server: Running, path: str) -> None:
    response = await get(server, path, **BROWSER)
    assert response.status_code == 200
    assert response.headers["content-type"] == "text/html; charset=utf-8"
    assert response.headers["cache-control"] == "no-cache"
    assert "<title>Interlock</title>" in response.text


@pytest.mark.usefixtures("built")
async def test_the_page_may_run_and_load_only_what_this_server_has(server: Running) -> None:
    response = await get(server, "/", **BROWSER)
    policy = response.headers["content-security-policy"]
    assert policy.startswith("default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self';")
    assert not re.search(r"unsafe|https?:|\*", policy)
    found = named(response.text)
    assert len(found) >= 3
    assert all(address.startswith(("/assets/", "data:")) for address in found), found
    for address in found:
        if address.startswith("/assets/"):
            assert (await get(server, address)).status_code == 200, address
    assert not re.search(r"<script(?![^>]*\bsrc=)|<style|\sstyle=", response.text)


@pytest.mark.parametrize(
    "path", ["/nothing", "/nowhere", "/index.html", "/dashboard/index.html", "/views.ts", "//now"]
)
async def test_no_other_address_gets_the_page(server: Running, path: str) -> None:
    response = await get(server, path, **BROWSER)
    assert response.status_code == 404
    assert "<title>" not in response.text


async def test_the_page_shadows_nothing(server: Running) -> None:
    assert (await get(server, "/health")).json()
    assert (await get(server, "/metrics")).text.startswith("# HELP")
    assert (await get(server, "/mcp", **BROWSER)).headers["allow"] == "POST"
    assert "GraphQL" in (await get(server, "/graphql", **BROWSER)).text


async def test_the_page_is_only_read(server: Running) -> None:
    response = await get(server, "/now", "POST")
    assert (response.status_code, response.headers["allow"]) == (405, "GET, HEAD")
    assert (await get(server, "/now", "HEAD")).content == b""


async def test_a_foreign_host_gets_no_page(server: Running) -> None:
    assert (await get(server, "/", **BROWSER, host="evil.example")).status_code == 421


async def test_a_server_whose_dashboard_is_not_built_tells_how_to_build_it(
    serving: Callable[..., Running], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(app, "Dashboard", lambda: Dashboard(tmp_path))
    response = await get(serving(), "/now", **BROWSER)
    assert response.content == NOT_BUILT
    assert "make install" in response.text


def test_the_server_knows_each_view_of_the_navigation() -> None:
    paths = re.findall(r'path: "(\w+)"', REGISTRY.read_text("utf-8"))
    assert paths
    assert set(paths) <= VIEWS
