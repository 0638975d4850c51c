"""Django is not set up yet when this is read, so what needs it is imported where it is used."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.floor.hall import Hall


@pytest.fixture
def hall(transactional_db: None, monkeypatch: pytest.MonkeyPatch) -> Hall:
    from tests.floor.hall import Hall

    monkeypatch.setattr("wallstreetsim.floor.shell.SHORTEST_INTERVAL", 0.0)
    monkeypatch.setattr("wallstreetsim.floor.checkpoints.EVERY_TICKS", 5)
    return Hall("ann", "bob", "cid")
