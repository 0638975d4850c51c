"""What a script lets happen to the market, and what a whole day of it tells."""

from __future__ import annotations

from tests.scenarios.helpers import Told, codes, orders, tell, trades

QUIET = """
companies: [{symbol: APEX, price: 10.00}, {symbol: BOLT, price: 20.00, sector: Energy}]
market: {maker: false, walk: false, events: false}
agents:
  - {name: ann, cash: 100000.00, holdings: {APEX: 1000}}
  - {name: bob, cash: 100000.00, role: quant}
"""


def told(steps: str, *, ticks: int, head: str = QUIET) -> Told:
    return tell(f"ticks: {ticks}\n{head}\nsteps:\n{steps}")


def test_an_event_moves_its_company_and_is_told() -> None:
    result = told(
        "  - {tick: 2, inject: {event: EARNINGS_BEAT, symbol: APEX, impact: 0.05, duration: 10}}",
        ticks=3,
    )
    assert result["prices"] == {"APEX": [10.0, 10.5, 10.5], "BOLT": [20.0, 20.0, 20.0]}
    assert result["events"] == [
        {
            "tick": 2,
            "type": "EARNINGS_BEAT",
            "symbol": "APEX",
            "sector": None,
            "impact": 0.05,
            "duration": 10,
        }
    ]
    assert result["results"] == [], "it is nobody's action"


def test_an_event_may_befall_a_sector_or_all() -> None:
    result = told(
        """
  - {tick: 1, inject: {event: SECTOR_ROTATION, sector: Energy, impact: 0.05}}
  - {tick: 2, inject: {event: RALLY, impact: 0.05}}
""",
        ticks=2,
    )
    assert result["prices"]["APEX"] == [10.0, 10.6], "by its beta of 1.2"
    assert result["prices"]["BOLT"][0] == 21.0


def test_a_halted_company_trades_again_by_an_auction() -> None:
    result = told(
        """
  - {tick: 1, inject: {halt: APEX, ticks: 3, reason: a look}}
  - {tick: 2, agent: ann, actions: [
      {type: SELL, symbol: APEX, quantity: 10,
        orderType: LIMIT, price: 9.90, clientOrderId: offer}]}
  - {tick: 2, agent: bob, actions: [{type: BUY, symbol: APEX, quantity: 5, timeInForce: IOC}]}
  - {tick: 3, agent: bob, actions: [
      {type: BUY, symbol: APEX, quantity: 10, orderType: LIMIT, price: 10.10, clientOrderId: bid}]}
""",
        ticks=4,
    )
    assert codes(result) == ["OK", "MARKET_HALTED", "OK"]
    assert trades(result) == ["4: bob bought 10 APEX from ann @ 10.00"]
    assert result["trades"][0]["aggressor"] is None
    assert result["trades"][0]["fee"] == 0
    halt, resumption = result["events"]
    assert (halt["type"], halt["tick"], halt["reopensTick"]) == ("HALT", 1, 4)
    assert (halt["reason"], halt["note"]) == ("operator", "a look")
    assert (resumption["type"], resumption["tick"]) == ("RESUMPTION", 4)


def test_the_whole_market_is_halted_until_it_is_resumed() -> None:
    result = told(
        """
  - {tick: 1, inject: {halt: all}}
  - {tick: 50, inject: {resume: all}}
  - {tick: 2, agent: bob, actions: [{type: BUY, symbol: APEX, quantity: 10, clientOrderId: bid}]}
  - {tick: 49, agent: ann, actions: [
      {type: SELL, symbol: APEX, quantity: 10, clientOrderId: offer}]}
""",
        ticks=50,
    )
    assert [trade["tick"] for trade in result["trades"]] == [50]
    assert orders(result) == {"bid": "filled 10/10", "offer": "filled 10/10"}
    assert [event["tick"] for event in result["events"]] == [1, 50, 50]


def test_bands_may_be_set_and_freed() -> None:
    result = told(
        """
  - {tick: 1, inject: {bands: APEX, percent: 2.5, ticks: 3, reason: a calm}}
  - {tick: 1, inject: {bands: all, percent: 30}}
  - {tick: 2, inject: {bands: APEX, percent: 1}}
  - {tick: 3, agent: ann, actions: [
      {type: SELL, symbol: APEX, quantity: 10, orderType: LIMIT, price: 10.50}]}
  - {tick: 3, agent: bob, actions: [
      {type: BUY, symbol: APEX, quantity: 10, orderType: LIMIT, price: 10.50}]}
  - {tick: 4, inject: {bands: all}}
""",
        ticks=5,
    )
    assert trades(result) == ["4: bob bought 10 APEX from ann @ 10.50"], "when they are free again"
    first = result["events"][0]
    assert (first["type"], first["reason"], first["note"]) == ("BANDS", "operator_bands", "a calm")
    assert (first["bandPercent"], first["duration"]) == (2.5, 3)
    assert [(event["symbol"], event["bandPercent"]) for event in result["events"]] == [
        ("APEX", 2.5),
        (None, 30.0),
        ("APEX", 1.0),
        (None, None),
    ]


def test_the_fee_may_be_changed() -> None:
    result = told(
        """
  - {tick: 2, inject: {fee: 100}, agent: ann, actions: [
      {type: SELL, symbol: APEX, quantity: 100, orderType: LIMIT, price: 10.00}]}
  - {tick: 3, agent: bob, actions: [{type: BUY, symbol: APEX, quantity: 100}]}
""",
        ticks=3,
    )
    assert [trade["fee"] for trade in result["trades"]] == [10.0]


def test_an_injection_comes_before_the_actions_of_its_step() -> None:
    result = told(
        """
  - {tick: 2, agent: bob, actions: [
      {type: BUY, symbol: APEX, quantity: 1, timeInForce: IOC}], inject: {halt: APEX}}
""",
        ticks=2,
    )
    assert codes(result) == ["MARKET_HALTED"]


def test_halts_may_be_switched_off() -> None:
    """A jump beyond the band halts its company, unless there are no halts."""
    crash = "  - {tick: 2, inject: {event: CEO_SCANDAL, symbol: APEX, impact: -0.3}}"
    assert [event["type"] for event in told(crash, ticks=3)["events"]][:2] == [
        "CEO_SCANDAL",
        "HALT",
    ]
    unhalted = QUIET.replace("walk: false", "walk: false, halts: false")
    assert [e["type"] for e in told(crash, ticks=3, head=unhalted)["events"]] == ["CEO_SCANDAL"]


def test_every_action_of_trading_may_be_scripted() -> None:
    result = told(
        """
  - tick: 1
    agent: ann
    actions:
      - {type: SELL, symbol: APEX, quantity: 100, orderType: LIMIT, price: 10.10, clientOrderId: a}
      - {type: REPLACE_ORDER, clientOrderId: a, quantity: 50}
      - {type: SELL, symbol: APEX, quantity: 10, orderType: STOP, stopPrice: 9.00, clientOrderId: s}
      - {type: SELL, symbol: APEX, quantity: 9,
         orderType: STOP_LIMIT, stopPrice: 9.00, price: 8.90, timeInForce: DAY}
      - {type: CANCEL_ORDER, clientOrderId: s}
  - tick: 2
    agent: bob
    actions:
      - {type: SHORT, symbol: APEX, quantity: 20,
         orderType: LIMIT, price: 10.05, postOnly: true, clientOrderId: short}
      - {type: BUY, symbol: BOLT, quantity: 5, orderType: LIMIT, price: 1.00, selfTrade: decrement}
  - {tick: 3, agent: ann, actions: [
      {type: BUY, symbol: APEX, quantity: 20, timeInForce: FOK, clientOrderId: fok}]}
  - {tick: 4, agent: bob, actions: [
      {type: COVER, symbol: APEX, quantity: 20, clientOrderId: cover},
      {type: CANCEL_ALL}]}
""",
        ticks=5,
    )
    assert set(codes(result)) == {"OK"}
    assert orders(result) == {
        "a": "partial 20/50",
        "s": "cancelled 0/10",
        "short": "filled 20/20",
        "fok": "filled 20/20",
        "cover": "filled 20/20",
    }
    assert result["agents"]["bob"]["holdings"] == {}
    assert result["audit"] == {"cashSumsToZero": True, "sharesConserved": True}
