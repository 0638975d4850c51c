"""The tests' own PostgreSQL and Redis, in a data directory that lives as long as the session.

Django's settings follow from the environment, so it is settled here, before pytest-django reads
them. The servers start when they are first needed: the engine's tests need no database.
"""

import gc
import os
import shutil
import tempfile
from collections.abc import Iterator
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings

from tests import ports
from wallstreetsim.environment.places import Places
from wallstreetsim.stack import temporary

gc.disable()  # until all is imported and collected, of which it would find nothing to free
if settings.configured:
    raise pytest.UsageError("unset DJANGO_SETTINGS_MODULE: the tests choose their own settings")

os.environ["WSS_DATA_DIR"] = tempfile.mkdtemp(prefix="wss-test-", dir="/tmp")
os.environ["SECRET_KEY"] = "only for tests"
os.environ["WSS_WEBHOOK_KEY"] = "only for tests, too"
os.environ["DJANGO_SETTINGS_MODULE"] = "wallstreetsim.settings"

# Of ten seconds and more. They are begun first, so that none is begun when all others are done.
LONG = {
    "api/test_daphne.py",
    "browser/test_pages.py",
    "browser/test_playing.py",
    "browser/test_terminal.py",
    "deploy/test_site.py",
    "engine/test_every_action.py",
    "engine/test_long_run.py",
    "engine/test_world.py",
    "feed/test_protocol.py",
    "feed/test_withstand.py",
    "floor/test_killed.py",
    "manual/test_bots.py",
    "manual/test_mcp.py",
    "realism/test_facts.py",
    "stack/test_compiled.py",
    "stack/test_couriers.py",
    "stack/test_floor_process.py",
    "stack/test_run.py",
    "stack/test_two_machines.py",
}

PLACES: Places = settings.PLACES  # reads the settings, which tells pytest-django to set Django up


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    here = Path(__file__).parent
    items.sort(key=lambda item: item.path.relative_to(here).as_posix() not in LONG)


def pytest_collection_finish() -> None:
    """Have the collector walk over what comes from here on, and no more over what was there."""
    gc.freeze()
    gc.enable()


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_setupnodes() -> None:
    """Let each worker choose for itself: it has this process's environment, and reads this file.
    This process collects no tests.
    """
    gc.enable()
    del os.environ["DJANGO_SETTINGS_MODULE"]


def pytest_unconfigure() -> None:
    shutil.rmtree(PLACES.data, ignore_errors=True)


@pytest.fixture(scope="session", autouse=True)
def redis_server() -> Iterator[None]:
    """Run Redis for the session: cheap, and wanted by whatever publishes."""
    with temporary.redis_server(PLACES):
        yield


@pytest.fixture(scope="session")
def django_db_modify_db_settings() -> Iterator[None]:
    """Run PostgreSQL from just before pytest-django makes its test database in it. A busy machine
    may keep it from answering for seconds: no test fails for that, or leaves a broken pool behind.
    Nothing is vacuumed, so that rows stay in the order in which they were written.
    """
    settings.DATABASES["default"]["OPTIONS"]["pool"] |= {"timeout": 60, "reconnect_timeout": 60}
    with temporary.postgres_server(PLACES, *temporary.CARELESS, "autovacuum=off"):
        yield


@pytest.fixture(scope="session", autouse=True)
def tables_are_emptied_quickly() -> Iterator[None]:
    """Have a test that commits leave empty tables in a quicker way than Django's."""
    from django.test import TransactionTestCase

    from tests import tables

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(TransactionTestCase, "_fixture_teardown", lambda case: tables.empty())
        yield


@pytest.fixture(scope="session", autouse=True)
def memory_is_settled_seldom() -> Iterator[None]:
    """Have floors settle their memory one time in fifty. Most tests make a floor, and to settle is
    to walk over all that the tests have imported, which takes longer than to found its world.
    """
    from wallstreetsim.machine import gc_control

    settle, times = gc_control.settle, count(1)

    def settle_seldom() -> None:
        if next(times) % 50 == 0:
            settle()

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(gc_control, "settle", settle_seldom)
        yield


@pytest.fixture(scope="session", autouse=True)
def static_files_are_looked_for_once() -> Iterator[None]:
    """Find the static files for the first of Django's test clients: they are the same for all, and
    looking for them takes six times as long as an answer.
    """
    from whitenoise.middleware import WhiteNoiseMiddleware

    find = WhiteNoiseMiddleware.add_files_from_finders
    found: dict[str, Any] = {}

    def find_once(middleware: Any) -> None:
        if not found:
            find(middleware)
            found.update(middleware.files)
        middleware.files.update(found)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(WhiteNoiseMiddleware, "add_files_from_finders", find_once)
        yield


@pytest.fixture
def free_port() -> int:
    return ports.free_port()
