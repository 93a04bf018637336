"""PostgreSQL and Redis for the whole run; each test gets a database of its own, copied from a migrated one."""

from __future__ import annotations

import uuid
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import psycopg
import pytest
import redis as redis_library

from tests.support.desk import Desk
from tests.support.services import Postgres, Redis

TEMPLATE = "chatsite_migrated"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.faults)


@pytest.fixture(scope="session")
def postgres(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Postgres]:
    with Postgres() as postgres:
        url = postgres.create_database(TEMPLATE)
        Desk(tmp_path_factory.mktemp("migrate"), {"DATABASE_URL": url}).migrate()
        yield postgres


@pytest.fixture(scope="session")
def redis() -> Iterator[Redis]:
    with Redis() as redis:
        yield redis


@pytest.fixture
async def desk(postgres: Postgres, redis: Redis, tmp_path: Path) -> AsyncIterator[Desk]:
    name = f"desk_{uuid.uuid4().hex[:10]}"
    with psycopg.connect(postgres.url_of("postgres"), autocommit=True) as connection:
        connection.execute(f'CREATE DATABASE "{name}" TEMPLATE "{TEMPLATE}"')
    with redis_library.Redis.from_url(redis.url) as client:
        client.flushall()
    desk = Desk(tmp_path, {"DATABASE_URL": postgres.url_of(name), "REDIS_URL": redis.url})
    yield desk
    await desk.close()
    desk.stop()
