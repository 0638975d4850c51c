"""What may stand in a scenario file, and the one line that a bad one gets."""

from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.scenarios.helpers import STORIES, codes, orders, tell, trades
from wallstreetsim.lab.scenarios import BadScenario, Scenario, Step, Trader, read, run


def complaint(source: str | bytes) -> str:
    if isinstance(source, str):
        source = source.encode()
    with pytest.raises(BadScenario) as raised:
        read(source)
    message = str(raised.value)
    assert len(message.splitlines()) == 1 and len(message) < 300
    return message


# The smallest files


def test_only_the_ticks_are_needed() -> None:
    scenario = read(b"ticks: 3")
    assert (scenario.ticks, scenario.seed, scenario.agents) == (3, "0", ())
    assert isinstance(scenario.companies, tuple) and len(scenario.companies) == 10
    assert scenario.switches.never_closes and scenario.switches.maker and scenario.switches.walk


def test_a_company_is_as_the_file_has_it() -> None:
    scenario = read(b"""
        {ticks: 1, companies: [
          {symbol: A, name: Able, sector: Energy, price: 12.34, shares: 5000, volatility: 0.5},
          {symbol: "NO", price: 7}]}
    """)
    assert isinstance(scenario.companies, tuple)
    able, no = scenario.companies
    assert (able.name, able.sector, able.price, able.shares) == ("Able", "Energy", 1234, 5000)
    assert (able.volatility, able.beta) == (0.5, 1.3)
    assert (no.symbol, no.name, no.sector, no.price) == ("NO", "NO", "Technology", 700)


def test_an_agent_has_its_roles_capital_and_leverage_unless_the_file_says_otherwise() -> None:
    scenario = read(b"""
        ticks: 1
        agents:
          - {name: ann}
          - {name: bob, role: retail_trader}
          - {name: cid, role: retail_trader, cash: 0.1, leverage: 7, holdings: {APEX: 3, NEXUS: 0}}
    """)
    assert [(a.cash, a.leverage) for a in scenario.agents] == [
        (5_000_000_000, 5),
        (1_000_000, 2),
        (10, 7),
    ]
    assert scenario.agents[2].holdings == {"APEX": 3}


def test_a_ceo_may_name_its_company() -> None:
    scenario = read(b"""
        ticks: 1
        agents: [{name: ann, role: ceo, company: APEX}, {name: bob, role: ceo}]
    """)
    assert [agent.company for agent in scenario.agents] == ["APEX", None]


def test_the_ticks_and_the_seed_may_be_given_instead() -> None:
    scenario = read(b"{ticks: 3, seed: 1}", ticks=9, seed="other")
    assert (scenario.ticks, scenario.seed) == (9, "other")


def test_events_are_on_and_nobody_lives_there_unless_the_file_says_otherwise() -> None:
    switches = read(b"ticks: 1").switches
    assert (switches.events, switches.house) == (True, 0)
    assert read(b"{ticks: 1, market: {events: true, house: 0}}") == read(b"ticks: 1")
    switches = read(b"{ticks: 1, market: {events: false, house: 12}}").switches
    assert (switches.events, switches.house) == (False, 12)


def test_halts_are_on_unless_they_are_switched_off() -> None:
    assert read(b"ticks: 1").switches.halts
    assert not read(b"{ticks: 1, market: {halts: false}}").switches.halts


def test_numbers_stay_exact() -> None:
    scenario = read(b"""
        ticks: 1
        agents: [{name: ann, cash: 999999999999.99}]
        steps: [{tick: 1, agent: ann, actions: [{type: BUY, price: 0.07, quantity: 1e2}]}]
    """)
    assert scenario.agents[0].cash == 99_999_999_999_999
    (action,) = scenario.steps[0].actions
    assert (action["price"], action["quantity"]) == (Decimal("0.07"), Decimal("1e2"))


def test_json_is_yaml() -> None:
    assert read(b'{"ticks": 2, "agents": [{"name": "ann"}]}') == read(
        b"ticks: 2\nagents: [{name: ann}]"
    )


def test_a_byte_order_mark_and_windows_lines_do_no_harm() -> None:
    assert read(b"\xef\xbb\xbfticks: 2\r\nseed: 3\r\n") == read(b"ticks: 2\nseed: 3\n")


# Steps and actions


def test_steps_of_a_tick_are_taken_in_the_order_of_the_file() -> None:
    result = tell("""
        ticks: 3
        market: {maker: false, walk: false, events: false}
        agents: [{name: ann, holdings: {APEX: 9}}, {name: bob}]
        steps:
          - {tick: 2, agent: bob, actions: [{type: BUY, symbol: APEX, quantity: 1}]}
          - {tick: 1, agent: bob, actions: [{type: BUY, symbol: APEX, quantity: 2}]}
          - {tick: 2, agent: ann, actions: [{type: SELL, symbol: APEX, quantity: 3}]}
    """)
    assert [(r["tick"], r["agent"]) for r in result["results"]] == [
        (1, "bob"),
        (2, "bob"),
        (2, "ann"),
    ]
    ids = [r["data"]["orderId"] for r in result["results"]]
    assert ids == [f"00000000-0000-8000-8000-{n:012d}" for n in (1, 2, 3)]


def test_an_order_is_cancelled_by_either_of_its_names() -> None:
    result = tell("""
        ticks: 3
        agents: [{name: ann}]
        steps:
          - tick: 2
            agent: ann
            actions:
              - {type: BUY, symbol: APEX, quantity: 1, orderType: LIMIT, price: 1, clientOrderId: a}
              - {type: BUY, symbol: APEX, quantity: 2, orderType: LIMIT, price: 1, clientOrderId: b}
          - tick: 3
            agent: ann
            actions:
              - {type: CANCEL_ORDER, clientOrderId: a}
              - {type: CANCEL_ORDER, orderId: 00000000-0000-8000-8000-000000000002}
    """)
    assert codes(result) == ["OK"] * 4
    assert orders(result) == {"a": "cancelled 0/1", "b": "cancelled 0/2"}


@pytest.mark.parametrize(
    ("action", "code", "message"),
    [
        ("{type: FLY}", "BAD_REQUEST", "There is no action FLY."),
        ("{type: REGISTER}", "BAD_REQUEST", "There is no action REGISTER."),
        ("{type: BUY}", "BAD_REQUEST", "symbol: is required"),
        ("{type: BUY, symbol: APEX}", "BAD_REQUEST", "quantity: is required"),
        ("{type: BUY, symbol: APEX, quantity: 0}", "BAD_REQUEST", "quantity: must lie between"),
        ("{type: BUY, symbol: APEX, quantity: 1.5}", "BAD_REQUEST", "quantity: must be a whole"),
        ('{type: BUY, symbol: APEX, quantity: "1"}', "BAD_REQUEST", "quantity: must be a number"),
        ("{type: BUY, symbol: APEX, quantity: true}", "BAD_REQUEST", "quantity: must be a number"),
        ("{type: BUY, symbol: [APEX], quantity: 1}", "BAD_REQUEST", "symbol: must be a string"),
        ("{type: BUY, symbol: APEX, quantity: 1, size: 2}", "BAD_REQUEST", "size: "),
        ("{type: BUY, symbol: APEX, quantity: 1, orderType: ODD}", "BAD_REQUEST", "orderType: "),
        ("{type: BUY, symbol: APEX, quantity: 1, orderType: LIMIT}", "BAD_REQUEST", "price: "),
        (
            "{type: BUY, symbol: APEX, quantity: 1, orderType: LIMIT, price: 1.001}",
            "INVALID_PRICE",
            "price: ",
        ),
        (
            "{type: BUY, symbol: APEX, quantity: 1, orderType: LIMIT, price: 1e99}",
            "INVALID_PRICE",
            "price: ",
        ),
        ("{type: CANCEL_ORDER}", "BAD_REQUEST", "orderId: "),
        ("{type: CANCEL_ORDER, orderId: 1}", "BAD_REQUEST", "orderId: "),
        ("{type: BUY, symbol: APEX, quantity: 1000001}", "ORDER_TOO_LARGE", "quantity: "),
        ("{type: CANCEL_ORDER, clientOrderId: x}", "ORDER_NOT_FOUND", "You have no order"),
        ("{type: BUY, symbol: NOPE, quantity: 1}", "INVALID_SYMBOL", "There is no company NOPE."),
        ("{type: SELL, symbol: APEX, quantity: 1}", "INSUFFICIENT_SHARES", "You hold no APEX"),
    ],
)
def test_a_bad_action_gets_a_failed_result_and_the_others_go_on(
    action: str, code: str, message: str
) -> None:
    result = tell(f"""
        ticks: 2
        agents: [{{name: ann}}]
        steps:
          - tick: 2
            agent: ann
            actions: [{action}, {{type: BUY, symbol: APEX, quantity: 1}}]
    """)
    bad, good = result["results"]
    assert (bad["success"], bad["code"]) == (False, code)
    assert bad["message"].startswith(message)
    assert bad["action"] == action[1:].split(":")[1].strip(" }").split(",")[0]
    assert good["success"] and len(trades(result)) == 1


def test_orders_are_known_by_their_ids_as_at_the_exchanges_door() -> None:
    """A client id is used once, by an agent; an order that is over is not one that never was."""
    result = tell("""
        ticks: 3
        agents: [{name: ann}, {name: bob}]
        steps:
          - tick: 2
            agent: ann
            actions:
              - {type: BUY, symbol: APEX, quantity: 1, clientOrderId: a}
              - {type: BUY, symbol: APEX, quantity: 1, clientOrderId: a}
          - {tick: 2, agent: bob, actions: [{type: BUY, symbol: APEX, quantity: 1,
             clientOrderId: a}]}
          - tick: 3
            agent: ann
            actions:
              - {type: CANCEL_ORDER, clientOrderId: a}
              - {type: CANCEL_ORDER, orderId: 00000000-0000-8000-8000-000000000001}
              - {type: CANCEL_ORDER, orderId: 00000000-0000-8000-8000-000000000003}
              - {type: REPLACE_ORDER, clientOrderId: b, quantity: 2}
    """)
    over, none = "ORDER_NOT_OPEN", "ORDER_NOT_FOUND"
    assert codes(result) == ["OK", "DUPLICATE", "OK", over, over, none, none]
    assert [order["agent"] for order in result["orders"]][-2:] == ["ann", "bob"]


def test_a_scenario_need_not_be_a_file() -> None:
    buy = {"type": "BUY", "symbol": "APEX", "quantity": 5}
    result = run(Scenario(ticks=2, agents=(Trader("ann"),), steps=(Step(2, "ann", (buy,)),)))
    assert [trade.quantity for trade in result.trades] == [5]
    assert result.cash_sums_to_zero and result.shares_are_conserved


# Bad files

INJECT = "ticks: 1\nsteps:\n- tick: 1\n  inject: "
BAD_FILES = [
    # the file as a whole
    ("", "line 1: the file is empty"),
    ("# nothing\n", "line 1: the file is empty"),
    ("42", "line 1: the file: must be a mapping"),
    ("[ticks, 5]", "line 1: the file: must be a mapping"),
    ("{}", "line 1: ticks: is required"),
    ("seed: 1\n", "line 1: ticks: is required"),
    ("ticks: 1\n---\nticks: 2\n", "line 2: a file holds one document"),
    ("ticks: 1\nticks: 2\n", "line 2: 'ticks' is given twice"),
    ("ticks: 1\ntick: 2\n", "line 2: the file: unknown key 'tick' here"),
    ("ticks: 1\n? [a]\n: b\n", "line 2: a key is a word"),
    ("ticks: 1\nagents: [{name: ann}\n", "line 3: this is not YAML"),
    ("ticks: 1\n\tseed: 1\n", "line 2: this is not YAML"),
    ("ticks: 'x", "line 1: this is not YAML"),
    (b"ticks: 1\nseed: \xff\xfe\n", "line 2: this is not UTF-8"),
    ("ticks: 1\n".encode("utf-16"), "line 1: this is not UTF-8"),
    ("ticks: 1\nseed: a\x00b\n", "line 2: the character U+0000 has no place here"),
    ("ticks: 1\nseed: \x1b[2J\n", "line 2: the character U+001B"),
    # what YAML can do to its readers
    ("a: &a [x]\nb: [*a, *a]\n", "line 1: anchors and aliases are not supported"),
    ("ticks: 1\nseed: *x\n", "line 2: anchors and aliases are not supported"),
    ("ticks: 1\nseed: !!python/object/apply:os.getpid []\n", "line 2: tags are not supported"),
    ("ticks: !!int 1\n", "line 1: tags are not supported"),
    ("ticks: 1\n<<: {seed: 1}\n", "line 2: the file: unknown key '<<' here"),
    ("ticks: " + "[" * 100_000, "line 1: this is nested too deeply"),
    ("ticks: " + "{a: " * 1_000, "line 1: this is nested too deeply"),
    ("- " * 100_000, "line 1: this is nested too deeply"),
    ("ticks: " + "9" * 10_000, "line 1: the number '9999"),
    ("ticks: 1e999999999", "line 1: the number '1e999999999' is too long"),
    ("ticks: 1\nagents: [{name: a, cash: 1e-999999999}]", "line 2: the number"),
    ("ticks: 1\n" + "#" * (9 * 1024 * 1024), "line 1: the file is larger than 8 MB"),
    # values
    ("ticks: 0", "line 1: ticks: must lie between 1 and 10,000,000"),
    ("ticks: -5", "line 1: ticks: must lie between"),
    ("ticks: 1.5", "line 1: ticks: must be a whole number"),
    ("ticks: true", "line 1: ticks: must be a number"),
    ("ticks: '5'", "line 1: ticks: must be a number"),
    ("ticks: 1_000", "line 1: ticks: must be a number"),
    ("ticks:\n", "line 1: ticks: must not be empty"),
    ("ticks: [5]", "line 1: ticks: must be a number"),
    ("ticks: 1\nseed: 1.5", "line 2: seed: must be a whole number or a word"),
    ("ticks: 1\nseed: [1]", "line 2: seed: must be"),
    ("ticks: 1\ncompanies: 0", "line 2: companies: must lie between 1 and 500"),
    ("ticks: 1\ncompanies: []", "line 2: companies: must name 1 to 500 companies"),
    ("ticks: 1\ncompanies: {APEX: 1}", "line 2: companies: must be a number"),
    ("ticks: 1\ncompanies: [APEX]", "line 2: companies[0]: must be a mapping"),
    ("ticks: 1\ncompanies:\n- {}", "line 3: companies[0].symbol: is required"),
    ("ticks: 1\ncompanies:\n- {symbol: apex}", "line 3: companies[0].symbol: must be 1 to 12"),
    ("ticks: 1\ncompanies:\n- symbol: A\n  price: 0.99", "line 4: companies[0].price: must lie"),
    ("ticks: 1\ncompanies:\n- symbol: A\n  price: 1.005", "line 4: companies[0].price: has more"),
    ("ticks: 1\ncompanies:\n- symbol: A\n  price: .nan", "line 4: companies[0].price: must be a"),
    ("ticks: 1\ncompanies:\n- symbol: A\n  shares: 0", "line 4: companies[0].shares: must lie"),
    ("ticks: 1\ncompanies:\n- symbol: A\n  shares: 1e10", "line 4: companies[0].shares: must be"),
    ("ticks: 1\ncompanies:\n- symbol: A\n  sector: Tech", "line 4: companies[0].sector: must be"),
    ("ticks: 1\ncompanies:\n- symbol: A\n  sector: [a]", "line 4: companies[0].sector: must be"),
    ("ticks: 1\ncompanies:\n- symbol: A\n  volatility: 2", "line 4: companies[0].volatility: "),
    ("ticks: 1\ncompanies:\n- symbol: A\n  volatility: high", "line 4: companies[0].volatility: "),
    (
        "ticks: 1\ncompanies:\n- symbol: A\n  beta: 1",
        "line 4: companies[0]: unknown key 'beta'",
    ),
    ("ticks: 1\ncompanies:\n- symbol: A\n- symbol: A", "line 4: companies[1].symbol: A is taken"),
    # switches
    ("ticks: 1\nmarket: open", "line 2: market: must be a mapping"),
    ("ticks: 1\nmarket:\n  session: night", "line 3: market.session: must be one of open, day"),
    ("ticks: 1\nmarket:\n  maker: 1", "line 3: market.maker: must be true or false"),
    ("ticks: 1\nmarket:\n  walk: no", "line 3: market.walk: must be true or false"),
    ("ticks: 1\nmarket:\n  events: 1", "line 3: market.events: must be true or false"),
    ("ticks: 1\nmarket:\n  halts: 1", "line 3: market.halts: must be true or false"),
    ("ticks: 1\nmarket:\n  house: many", "line 3: market.house: must be a number"),
    ("ticks: 1\nmarket:\n  house: 10001", "line 3: market.house: must lie between"),
    ("ticks: 1\nmarket:\n  house: -1", "line 3: market.house: must lie between"),
    ("ticks: 1\nmarket:\n  fees: 5", "line 3: market: unknown key 'fees' here"),
    # agents
    ("ticks: 1\nagents: {name: ann}", "line 2: agents: must be a list"),
    ("ticks: 1\nagents: [ann]", "line 2: agents[0]: must be a mapping"),
    ("ticks: 1\nagents: [{role: quant}]", "line 2: agents[0].name: is required"),
    ("ticks: 1\nagents: [{name: a b}]", "line 2: agents[0].name: must be 1 to 50"),
    ("ticks: 1\nagents: [{name: 7}]", "line 2: agents[0].name: must be 1 to 50"),
    ("ticks: 1\nagents: [{name: Bank}]", "line 2: agents[0].name: Bank is taken"),
    (
        "ticks: 1\nmarket: {house: 3}\nagents: [{name: abbott-1}]",
        "line 3: agents[0].name: abbott-1 is taken",
    ),
    ("ticks: 1\nagents:\n- name: ann\n- name: ANN", "line 4: agents[1].name: ANN is taken"),
    ("ticks: 1\nagents:\n- name: ann\n  role: king", "line 4: agents[0].role: must be one of"),
    ("ticks: 1\nagents:\n- name: ann\n  cash: -1", "line 4: agents[0].cash: must lie between"),
    ("ticks: 1\nagents:\n- name: ann\n  cash: 1e13", "line 4: agents[0].cash: must lie between"),
    ("ticks: 1\nagents:\n- name: ann\n  cash: lots", "line 4: agents[0].cash: must be a number"),
    ("ticks: 1\nagents:\n- name: ann\n  leverage: 0", "line 4: agents[0].leverage: must lie"),
    ("ticks: 1\nagents:\n- name: ann\n  leverage: 1.5", "line 4: agents[0].leverage: must be"),
    (
        "ticks: 1\nagents:\n- name: ann\n  company: APEX",
        "line 4: agents[0].company: goes with the role ceo",
    ),
    (
        "ticks: 1\nagents:\n- {name: ann, role: ceo, company: NOPE}",
        "line 3: agents[0].company: must be one of",
    ),
    (
        "ticks: 1\nagents:\n- {name: ann, role: ceo, company: APEX}\n"
        "- {name: bob, role: ceo, company: APEX}",
        "line 4: agents[1].company: must be one of",
    ),
    ("ticks: 1\nagents:\n- name: ann\n  money: 1", "line 4: agents[0]: unknown key 'money'"),
    ("ticks: 1\nagents:\n- name: ann\n  holdings: 5", "line 4: agents[0].holdings: must be a map"),
    (
        "ticks: 1\nagents:\n- name: ann\n  holdings:\n    NOPE: 5",
        "line 5: agents[0].holdings: unknown key 'NOPE' here",
    ),
    (
        "ticks: 1\nagents:\n- name: ann\n  holdings:\n    APEX: -5",
        "line 5: agents[0].holdings.APEX: must lie",
    ),
    (
        "ticks: 1\ncompanies: [{symbol: A, shares: 10}]\nagents:\n"
        "- {name: ann, holdings: {A: 7}}\n- {name: bob, holdings: {A: 1}}",
        "line 5: agents[1].holdings.A: the public has only 0 left",
    ),
    (
        "ticks: 1\ncompanies: [{symbol: A, shares: 1000}]\nmarket: {house: 2}\n"
        "agents: [{name: ann, holdings: {A: 800}}]",
        "line 4: agents[0].holdings.A: the public has only 500 left",
    ),
    # steps
    ("ticks: 1\nsteps: 5", "line 2: steps: must be a list"),
    ("ticks: 1\nsteps: [5]", "line 2: steps[0]: must be a mapping"),
    ("ticks: 1\nsteps: [{agent: ann}]", "line 2: steps[0].tick: is required"),
    ("ticks: 1\nsteps: [{tick: 1}]", "line 2: steps[0].agent: is required"),
    ("ticks: 1\nsteps: [{tick: 1, agent: ann}]", "line 2: steps[0].agent: must be the name"),
    ("ticks: 1\nsteps: [{tick: 1, agent: [ann]}]", "line 2: steps[0].agent: must be the name"),
    ("ticks: 1\nagents: [{name: a}]\nsteps: [{tick: 2, agent: a}]", "line 3: steps[0].tick: "),
    ("ticks: 1\nagents: [{name: a}]\nsteps: [{tick: 1, agent: a}]", "line 3: steps[0].actions: "),
    (INJECT + "[]", "line 4: steps[0].inject: must hold one of event, halt, resume, bands"),
    (INJECT + "{halt: all, resume: all}", "line 4: steps[0].inject: must hold one of event"),
    (INJECT + "{event: RALLY}", "line 4: steps[0].inject.impact: is required"),
    (
        INJECT + "{event: PARTY, impact: 0.1}",
        "line 4: steps[0].inject.event: must be one of EARNINGS_BEAT, EARNINGS_MISS, CEO_SCANDAL",
    ),
    (INJECT + "{event: RALLY, impact: -1}", "line 4: steps[0].inject.impact: must lie between"),
    (INJECT + "{event: RALLY, impact: 1%}", "line 4: steps[0].inject.impact: must be a number"),
    (
        INJECT + "{event: RALLY, impact: 1, symbol: NOPE}",
        "line 4: steps[0].inject.symbol: must be one",
    ),
    (
        INJECT + "{event: RALLY, impact: 1, sector: Tea}",
        "line 4: steps[0].inject.sector: must be one",
    ),
    (
        INJECT + "{event: RALLY, impact: 1, sector: Energy, symbol: APEX}",
        "line 4: steps[0].inject.sector: an event concerns a company or a sector",
    ),
    (
        INJECT + "{event: RALLY, impact: 1, ticks: 5}",
        "line 4: steps[0].inject: unknown key 'ticks'",
    ),
    (INJECT + "{halt: NOPE}", "line 4: steps[0].inject.halt: must be one of all, APEX"),
    (INJECT + "{halt: all, ticks: 0}", "line 4: steps[0].inject.ticks: must lie between 1"),
    (INJECT + "{resume: 5}", "line 4: steps[0].inject.resume: must be one of all"),
    (INJECT + "{bands: NOPE}", "line 4: steps[0].inject.bands: must be one of all, APEX"),
    (INJECT + "{bands: all, percent: 0.015}", "line 4: steps[0].inject.percent: has more than"),
    (INJECT + "{bands: all, percent: 0}", "line 4: steps[0].inject.percent: must lie between 0.01"),
    (INJECT + "{bands: all, percent: 5, ticks: 0}", "line 4: steps[0].inject.ticks: must lie"),
    (INJECT + "{fee: -1}", "line 4: steps[0].inject.fee: must lie between 0 and 10,000"),
    (INJECT + "{fee: 1}\n  agent: a", "line 5: steps[0].agent: must be the name of one"),
    (
        "ticks: 1\nagents: [{name: a}]\nsteps:\n- tick: 1\n  agent: a\n  actions: {type: BUY}",
        "line 6: steps[0].actions: must be a list",
    ),
    (
        "ticks: 1\nagents: [{name: a}]\nsteps:\n- tick: 1\n  agent: a\n  actions:\n  - BUY",
        "line 7: steps[0].actions[0]: must be an action",
    ),
    (
        "ticks: 1\nagents: [{name: a}]\nsteps:\n- tick: 1\n  agent: a\n  actions:\n  - symbol: A",
        "line 7: steps[0].actions[0].type: must name an action",
    ),
]


@pytest.mark.parametrize(
    ("source", "line"), BAD_FILES, ids=[line.split(": ", 1)[1][:60] for _, line in BAD_FILES]
)
def test_a_bad_file_gets_one_line_naming_the_key_and_the_line(
    source: str | bytes, line: str
) -> None:
    assert complaint(source).startswith(line)


def test_what_a_complaint_quotes_is_short_and_on_one_line() -> None:
    assert len(complaint("ticks: 1\n" + "x" * 900 + ": 1\n")) < 120
    assert "\\n" in complaint('ticks: 1\n"a\\nb": 1\n')


@settings(max_examples=300, deadline=None, derandomize=True, database=None)
@given(st.data())
def test_no_damage_to_a_file_does_worse_than_a_complaint(data: st.DataObject) -> None:
    source = bytearray(data.draw(st.sampled_from(STORIES)).read_bytes())
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(source) - 1))
        length = data.draw(st.integers(0, 6))
        source[at : at + length] = data.draw(
            st.sampled_from([b"", b"-", b":", b"[", b"{", b"'", b"9", b"null", b"\n", b"&a", b"*a"])
            | st.binary(max_size=4)
        )
    try:
        assert isinstance(read(bytes(source)), Scenario)
    except BadScenario as bad:
        assert len(str(bad).splitlines()) == 1
