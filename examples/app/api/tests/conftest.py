"""The tests that need services take them from DATABASE_URL (migrated to head) and REDIS_URL, which they may fill."""

import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest
from starlette.testclient import TestClient

from app.main import build
from app.settings import read_settings

SECRET_KEY = "a-secret-key-of-the-tests"
StartApp = Callable[..., TestClient]


@pytest.fixture
def services() -> dict[str, str]:
    """The environment of an application with its services; without them the test is skipped, by name."""
    missing = [name for name in ("DATABASE_URL", "REDIS_URL") if not os.environ.get(name)]
    if missing:
        pytest.skip(f"needs {' and '.join(missing)}")
    return {name: os.environ[name] for name in ("DATABASE_URL", "REDIS_URL")} | {"SECRET_KEY": SECRET_KEY}


@pytest.fixture
def start_app(services: dict[str, str]) -> Iterator[StartApp]:
    with ExitStack() as stack:

        def start(**changes: str) -> TestClient:
            app = build(read_settings({**services, "RELEASE": "r7", **changes}))
            return stack.enter_context(TestClient(app, raise_server_exceptions=False))

        yield start
