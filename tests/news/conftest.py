"""A world in the database, for the tests of the news' rows and pages."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.floor.hall import Hall


@pytest.fixture
def hall(db: None, monkeypatch: pytest.MonkeyPatch) -> Hall:
    from tests.floor.hall import Hall

    monkeypatch.setattr("wallstreetsim.floor.shell.SHORTEST_INTERVAL", 0.0)
    return Hall("ann", "bob")


@pytest.fixture
def audited(transactional_db: None, hall: Hall) -> Hall:
    """A world that the audit can look at: it wants a transaction of its own."""
    return hall
