"""The market's roundings, and the names it gives things."""

from __future__ import annotations

from fractions import Fraction
from math import ceil
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from market.engine.random_source import RandomSource
from market.engine.values import ceil_div, uuid_of, uuid_prefix
from tests.cast import Player, Stage


@given(st.integers(), st.integers(1, 10**6))
def test_ceil_div_rounds_up(numerator: int, denominator: int) -> None:
    assert ceil_div(numerator, denominator) == ceil(Fraction(numerator, denominator))


@given(st.integers(0, 2**128 - 1), st.integers(0, 2**48 - 1))
def test_a_name_is_a_valid_uuid_of_version_8(salt: int, number: int) -> None:
    name = uuid_of(uuid_prefix(salt), number)
    assert str(UUID(name)) == name
    assert UUID(name).version == 8


def test_names_differ_and_are_the_same_on_every_replay() -> None:
    def trade_ids(seed: str) -> list[str]:
        stage = Stage(Player("ann", holds={"APEX": 10}), "bob", seed=seed)
        stage.tick("ann SELL 10 @ 10.00\n" + "bob BUY 1 MARKET\n" * 10)
        return [trade.id for trade in stage.outcome.market.trades]

    ids = trade_ids("a seed")
    assert len(set(ids)) == 10
    assert trade_ids("a seed") == ids
    assert trade_ids("another") != ids


def test_orders_and_trades_are_named_apart() -> None:
    streams = RandomSource("a seed")
    orders, trades = (uuid_prefix(streams.derive(what)) for what in ("orders", "trades"))
    assert orders != trades
