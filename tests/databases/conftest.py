"""The servers, started once for all tests here, and an engine that knows them."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from dataclasses import replace

import pytest

from resolvers.acts import Engine
from store.databases import Database
from store.odbc.databases import OdbcDatabases
from tests.databases import servers

KINDS = ("postgres", "mariadb", "sqlite")


@pytest.fixture(scope="session")
def postgres() -> Iterator[Database]:
    with servers.postgres() as one:
        yield one


@pytest.fixture(scope="session")
def mariadb() -> Iterator[Database]:
    with servers.mariadb() as one:
        yield one


@pytest.fixture(scope="session")
def sqlite(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Database]:
    with servers.sqlite(tmp_path_factory.mktemp("lite")) as one:
        yield one


@pytest.fixture(params=KINDS)
def database(request: pytest.FixtureRequest) -> Database:
    """Each of the real databases."""
    found: Database = request.getfixturevalue(request.param)
    return replace(found, name="shop")


@pytest.fixture
async def reading(engine: Engine, database: Database) -> AsyncIterator[OdbcDatabases]:
    """The port on that database, known to `engine` as `shop`."""
    made = OdbcDatabases([database])
    engine.databases = made
    yield made
    await made.close()
