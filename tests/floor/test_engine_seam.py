"""An engine and its app are registered in one line each, and everything else follows: its action,
its steps, an impact on a price, its rows, its tape events, its audit, its rollback, its digest.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from django.conf import settings
from django.db import connection
from django.test import override_settings

from market import models, tape
from tests.floor.hall import Hall
from tests.replay.test_rollback import floor_at_rest
from tests.toy.engine import ToyEngine
from wallstreetsim.floor import rollback
from wallstreetsim.floor.app_parts import parts
from wallstreetsim.machine.engines import ENGINES
from wallstreetsim.machine.world import World

__all__ = ["floor_at_rest"]  # a fixture

TOY = "tests.toy"


@pytest.fixture
def toy_hall(transactional_db: None) -> Iterator[Hall]:
    """A world with the toy's engine in it."""
    registered = {
        "INSTALLED_APPS": [*settings.INSTALLED_APPS, TOY],
        "EXCHANGE_APPS": [*settings.EXCHANGE_APPS, TOY],
    }
    with override_settings(**registered):
        from tests.toy.models import GreetingCount, GreetingRow

        parts.cache_clear()
        ENGINES.append(ToyEngine)
        with connection.schema_editor() as editor:
            editor.create_model(GreetingRow)
            editor.create_model(GreetingCount)
        try:
            yield Hall("ann", "bob")
        finally:
            ENGINES.remove(ToyEngine)
            with connection.schema_editor() as editor:
                editor.delete_model(GreetingRow)
                editor.delete_model(GreetingCount)
    parts.cache_clear()


def greet(hall: Hall, name: str) -> str:
    [row] = hall.submit(hall.raw(name, "GREET", {"symbol": "APEX"}))
    hall.tick()
    return hall.codes([row])[0]


def toy(hall: Hall) -> ToyEngine:
    assert hall.floor.world is not None
    engine = hall.floor.world.by_name[TOY]
    assert isinstance(engine, ToyEngine)
    return engine


def rows(table: str) -> list[tuple[int, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT * FROM {table} ORDER BY 1")
        return list(cursor.fetchall())


def test_an_engine_needs_its_registration_and_nothing_else(toy_hall: Hall, tmp_path: Path) -> None:
    hall = toy_hall
    before = models.Company.objects.get(symbol="APEX").price
    assert greet(hall, "ann") == "OK"
    ann, tick = hall.agents["ann"].id, hall.row.tick
    assert toy(hall).steps_run[-2:] == ["move", "note"]
    after = models.Company.objects.get(symbol="APEX").price
    assert 1.005 * before < after < 1.015 * before
    assert [row[1:] for row in rows("toy_greetingrow")] == [(tick, ann)]
    assert rows("toy_greetingcount") == [(ann, 1)]
    [entry] = tape.read_tick(epoch=1, tick=tick, streams=[tape.PUBLIC_STREAM])
    told = {event["type"]: event["data"] for event in entry.read()}
    assert told["toy:greeting"] == [{"symbol": "APEX"}]
    assert hall.told("ann", type="toy:greeted") == [{"symbol": "APEX"}]
    kept, digest = tick, hall.row.digest

    assert greet(hall, "ann") == "OK"
    assert greet(hall, "ann") == "CONFLICT"
    assert greet(hall, "bob") == "OK"
    assert hall.audit() == []
    hall.restart()
    hall.tick()
    assert toy(hall).counts == {ann: 2, hall.agents["bob"].id: 1}

    rollback.roll_back(kept, dumps=tmp_path)
    assert hall.row.digest == digest
    assert rows("toy_greetingcount") == [(ann, 1)]
    assert [row[1:] for row in rows("toy_greetingrow")] == [(kept, ann)]
    assert hall.audit() == []
    hall.restart()
    assert greet(hall, "ann") == "OK"
    assert hall.audit() == []


def test_what_an_engine_decides_is_in_the_digest(toy_hall: Hall) -> None:
    assert toy_hall.floor.world is not None
    state = toy_hall.floor.world.dump()
    one, same, other = (World.load(toy_hall.rules, state) for _ in range(3))
    other.by_name[TOY].digest_part = lambda: b"otherwise"  # type: ignore[method-assign]
    assert one.advance([]).digest == same.advance([]).digest != other.advance([]).digest
