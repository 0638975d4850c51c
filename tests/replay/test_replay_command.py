"""`manage.py replay`: the ticks come out again, or the first that does not is named."""

from __future__ import annotations

from dataclasses import replace
from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from agents.engine.inputs import Input as EngineInput
from agents.models import Input
from market import models
from tests.floor.hall import Hall
from wallstreetsim.floor import replaying
from wallstreetsim.machine.world import Outcome, World

BUSY = "ann BUY 10 MARKET\nbob BUY 5 @ 1.00 #b{0}\ncid BUY 3 NEXUS MARKET\nbob CANCEL #b{1}"


@pytest.fixture
def busy(hall: Hall) -> Hall:
    for n in range(hall.row.tick + 1, 14):
        hall.tick(BUSY.format(n, n - 2))
    return hall


def replay(*words: str) -> str:
    out = StringIO()
    call_command("replay", *words, stdout=out)
    return out.getvalue()


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["--from", "0"], "Ticks 1 to 13 come out again: 13 digests compared"),
        (["--from", "7"], "Ticks 6 to 13 come out again: 8 digests compared"),
        (["--from", "5", "--to", "9"], "Ticks 6 to 9 come out again: 4 digests compared"),
    ],
)
def test_the_ticks_come_out_again(busy: Hall, words: list[str], expected: str) -> None:
    assert expected in replay(*words)


def test_another_verdict_is_named(busy: Hall) -> None:
    first = Input.objects.filter(verdict__tick=8).earliest("id")
    Input.objects.filter(id=first.id).update(parameters={**first.parameters, "quantity": 10**9})
    with pytest.raises(CommandError, match=r"Tick 8 differs, step inputs: BUY \S+ was answered OK"):
        replay("--from", "5")


def test_a_tick_that_fails_is_named(busy: Hall) -> None:
    Input.objects.filter(verdict__tick=8, type="BUY").update(parameters={})
    with pytest.raises(CommandError, match="Tick 8 differs, step inputs: it fails: InputFailed"):
        replay("--from", "5")


def test_another_trade_is_named(busy: Hall) -> None:
    row = Input.objects.filter(verdict__tick=9, type="BUY", parameters__symbol="NEXUS").get()
    Input.objects.filter(id=row.id).update(parameters={**row.parameters, "quantity": 4})
    with pytest.raises(CommandError, match=r"Tick 9 differs, step inputs: trade .*NEXUS"):
        replay("--from", "0")


def test_another_price_is_named(busy: Hall, monkeypatch: pytest.MonkeyPatch) -> None:
    advance = World.advance

    def astray(world: World, inputs: list[EngineInput]) -> Outcome:
        outcome = advance(world, inputs)
        if outcome.tick != 11:
            return outcome
        apex, *others = outcome.market.companies
        market = replace(outcome.market, companies=[apex._replace(price=apex.price + 1), *others])
        return outcome._replace(digest="", reports={**outcome.reports, "market": market})

    monkeypatch.setattr(World, "advance", astray)
    with pytest.raises(CommandError, match=r"Tick 11 differs, step prices: public price:update"):
        replay("--from", "10")


def test_another_engines_ticks_are_not_replayed(
    busy: Hall, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(replaying, "ENGINE_VERSION", 99)
    with pytest.raises(CommandError, match="this is engine 99"):
        replay("--from", "5")


@pytest.mark.parametrize(
    "words", [["--from", "13"], ["--from", "-1"], ["--from", "1", "--to", "99"]]
)
def test_what_has_not_happened_cannot_be_replayed(busy: Hall, words: list[str]) -> None:
    with pytest.raises(CommandError, match="must lie between 0 and 13"):
        replay(*words)


def test_only_whole_histories_are_replayed(busy: Hall) -> None:
    models.Checkpoint.objects.filter(tick__lt=10).delete()
    with pytest.raises(CommandError, match="there is no sound checkpoint at or before tick 5"):
        replay("--from", "5")
