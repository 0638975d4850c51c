"""Whatever accounts agree with each other, trading alone makes none of them insolvent: what the
treasury writes off is what prices took, and fees.
"""

from __future__ import annotations

from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from market.engine.rules import SessionRules, Switches
from tests.cast import UNMOVED, Player, Stage, cents, listing, rules_with
from tests.engine.brute_force import audit

NAMES = ("ann", "bob", "cid")
SYMBOLS = ("APEX", "MEME")
VERBS = ("BUY", "SELL", "SHORT", "COVER")
MODES = ("", "allow", "cancel_oldest", "cancel_both", "decrement")
RULES = rules_with(
    session=SessionRules(open_ticks=25, closed_ticks=3), pricing=UNMOVED.market.pricing
)


def conspiracy(draw: Random, *, maker: bool, size: int) -> Stage:
    """Return a stage of accounts with all the loans that they may have."""
    players = [
        Player(name, "10,000.00", leverage=draw.choice((1, 2, 10, 10)), holds={"APEX": 50})
        for name in NAMES[:size]
    ]
    return Stage(
        *players,
        companies=[
            listing("APEX", "100.00"),
            listing("MEME", "20.00", sector="Meme"),
            listing("BIG", "400.00", shares=10**9),  # so that the index stands still
        ],
        switches=Switches(never_closes=False, maker=maker, walk=False),
        rules=RULES,
    )


def line(stage: Stage, draw: Random, names: tuple[str, ...]) -> str:
    """Return an order at random: large, at wild prices, of every kind."""
    name, symbol, verb = draw.choice(names), draw.choice(SYMBOLS), draw.choice(VERBS)
    account, price = stage.account(name), stage.company(symbol).price
    held = abs(account.quantity_of(symbol))
    most = max(1, account.leverage * max(0, account.equity) // price)
    quantity = draw.choice((1, held, held // 2, most, most * 9 // 10, most // 3)) or 1
    at = max(1, round(price * draw.choice((0.01, 0.9, 0.949, 0.95, 0.99, 1, 1.01, 1.05, 1.06, 50))))
    kind = draw.choice(("MARKET", "@ {}", "@ {}", "@ {}", "STOP {}"))
    text = f"{name} {verb} {quantity} {symbol} {kind.format(f'{at // 100}.{at % 100:02d}')}"
    return f"{text} {draw.choice(('', 'IOC', 'DAY'))} {draw.choice(MODES)}"


def bargain(stage: Stage, draw: Random, names: tuple[str, ...]) -> str:
    """Return what two agree on: one opens or closes all that it may, the other takes the other side
    at the worst price that anyone would.
    """
    one, other = draw.sample(names, 2)
    symbol = draw.choice(SYMBOLS)
    account, price = stage.account(one), stage.company(symbol).price
    held = account.quantity_of(symbol)
    most = max(1, account.leverage * max(0, account.equity) * 9 // 10 // price)
    mine, its = draw.choice((("BUY", "SHORT"), ("SHORT", "BUY")))
    if held:
        mine, its = ("SELL", "BUY") if held > 0 else ("COVER", "SHORT")
    at = round(price * (0.95 if mine in ("SELL", "SHORT") else 1.05))
    shares, limit = abs(held) or most, f"{at // 100}.{at % 100:02d}"
    ways = [f"{other} {its} {shares} {symbol} @ {limit}", f"{one} {mine} {shares} {symbol} MARKET"]
    if draw.random() < 0.5:
        ways[1] = f"{one} {mine} {shares} {symbol} @ {limit}"
    return "\n".join(ways if draw.random() < 0.7 else reversed(ways))


@pytest.mark.parametrize("maker", [False, True])
@given(seed=st.integers(0, 2**32), size=st.integers(2, 3))
@settings(max_examples=40)
def test_no_conspiracy_takes_the_treasurys_money(maker: bool, seed: int, size: int) -> None:
    draw = Random(seed)
    stage, names = conspiracy(draw, maker=maker, size=size), NAMES[:size]
    for _ in range(40):
        if draw.random() < 0.3:  # prices move, the accounts stand still
            for symbol in SYMBOLS:
                factor = draw.choice((0.88, 0.93, 0.97, 1.0, 1.02, 1.06, 1.11))
                price = max(200, round(stage.company(symbol).price * factor))
                stage.reprice(f"{price / 100:.2f}", symbol)
            if draw.random() < 0.2:
                stage.operate("HALT", symbol=draw.choice(SYMBOLS), ticks=2)
            else:
                stage.submit()
        else:  # the accounts trade, prices stand still
            before = {name: stage.account(name).equity for name in names}
            bankrupt = {name: stage.account(name).is_bankrupt for name in names}
            prices = [stage.company(symbol).price for symbol in SYMBOLS]
            how = bargain if draw.random() < 0.5 else line
            stage.tick("\n".join(how(stage, draw, names) for _ in range(draw.randint(1, 4))))
            if prices == [stage.company(symbol).price for symbol in SYMBOLS]:  # no news came out
                _check(stage, before, bankrupt)
        audit(stage.world.market)


def _check(stage: Stage, before: dict[str, int], was_bankrupt: dict[str, bool]) -> None:
    """Assert that nobody has lost more than all, but for fees and what the day's end charges."""
    charged = dict.fromkeys(before, 0)
    for trade in stage.outcome.market.trades:
        taker = trade.buyer if trade.aggressor == "BUY" else trade.seller
        if stage.names[taker] in charged:
            charged[stage.names[taker]] += trade.fee
    written_off = dict.fromkeys(before, 0)
    for entry in stage.outcome.market.entries:
        if entry.kind in ("interest", "borrow_fee") and entry.debit is not None:
            charged[stage.names[entry.debit]] += entry.cents
        if entry.kind == "write_off":
            written_off[stage.names[entry.credit]] += entry.cents
    for name, equity in before.items():
        if was_bankrupt[name]:
            continue
        after = stage.account(name).equity - written_off[name]
        assert after >= min(0, equity) - charged[name]


def test_a_pair_prints_no_price_in_an_auction() -> None:
    """A short and a long agree on a million dollars a share: what A owed, B would have had."""
    stage = Stage(
        Player("ann", "1,000,000.00", leverage=10),
        Player("bob", "100,000,000.00"),
        companies=[listing(price="425.00")],
        switches=Switches(never_closes=False, maker=True, walk=False),
        rules=RULES,
    )
    stage.tick("bob BUY 20000 @ 425.00\nann SHORT 20000 @ 425.00")
    stage.run_to(26)
    worth = stage.account("ann").equity + stage.account("bob").equity
    stage.tick("ann COVER 20000 @ 1,000,000.00\nbob SELL 20000 @ 1,000,000.00")
    treasury = stage.account("treasury").cash
    while stage.world.tick < 40:
        stage.submit()
        assert all(t.price <= 1.05 * stage.company().price for t in stage.outcome.market.trades)
    assert stage.account("treasury").cash >= treasury
    assert stage.account("ann").equity + stage.account("bob").equity <= worth
    assert stage.account("ann").equity >= 0


def test_a_pair_at_the_collar_moves_its_own_money_only() -> None:
    stage = Stage(
        Player("ann", "1,000,000.00", leverage=10),
        Player("bob", "100,000,000.00"),
        companies=[listing(price="20.00", sector="Meme")],
        switches=Switches(never_closes=True, maker=False, walk=False),
    )
    stage.tick("bob BUY 100000 @ 20.00\nann SHORT 100000 @ 20.00")
    assert stage.holding("ann") == -100_000, "half of it is asked as margin, however large L is"
    stage.tick("ann SHORT 1 @ 20.00\nbob SELL 100000 @ 400.00\nann COVER 100000 @ 400.00")
    assert stage.codes[0] == "INSUFFICIENT_FUNDS"
    assert stage.trades == []
    stage.tick("bob CANCEL ALL\nann CANCEL ALL")
    stage.tick("bob SELL 100000 @ 21.00\nann COVER 100000 @ 400.00")
    assert stage.trades == ["ann bought 100000 from bob @ 21.00"]
    assert stage.account("ann").equity > cents("899,000.00")
    assert stage.outcome.market.bankruptcies == []
