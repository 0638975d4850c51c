"""The operator's desk: pause, resume and step, each an input with a reason, on the audit log."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import User
from django.test import Client

from agents.models import Agent, Input, Session, Source
from agents.services import keys
from market.engine.halts import UNTIL_RESUMED
from market.models import Company, Halt, MarketEvent, Order
from tests.floor.hall import Hall

DESK, ACT = "/admin/market/world/1/change/", "/admin/market/world/act/"

MakeUser = Callable[..., User]


@pytest.fixture
def desk(admin_client: Client, hall: Hall) -> Client:
    return admin_client


def ask(client: Client, act: str, reason: str = "lunch", **more: object) -> Any:
    return client.post(ACT, {"act": act, "reason": reason, **more}, follow=True)


def said(answer: Any) -> list[str]:
    return [str(message) for message in answer.context["messages"]]


def test_an_act_is_an_input_of_the_operators_with_its_reason(
    desk: Client, admin_user: User
) -> None:
    assert said(ask(desk, "PAUSE", "a fire drill")) == ["Pause waits for the next tick."]
    (act,) = Input.objects.waiting()
    assert (act.type, act.account, act.source) == ("PAUSE", None, Source.OPERATOR)
    assert (act.operator, act.parameters) == (admin_user, {"reason": "a fire drill"})


def test_an_act_is_on_the_audit_log(desk: Client, admin_user: User) -> None:
    ask(desk, "STEP", "a closer look", ticks=3)
    (entry,) = LogEntry.objects.all()
    act = Input.objects.get(type="STEP")
    assert (entry.user, entry.change_message) == (admin_user, "a closer look")
    assert entry.get_edited_object() == act
    assert entry.is_addition()


def test_the_world_obeys_with_the_next_tick(desk: Client, hall: Hall) -> None:
    ask(desk, "PAUSE")
    hall.tick()
    assert hall.row.is_paused and hall.floor.tick() is None
    ask(desk, "STEP", ticks=2)
    hall.tick()
    hall.tick()
    assert hall.floor.tick() is None
    ask(desk, "RESUME")
    hall.tick()
    assert hall.floor.tick() is not None


def test_the_desk_shows_what_waits_and_what_became_of_the_rest(desk: Client, hall: Hall) -> None:
    ask(desk, "PAUSE", "first <b>")
    hall.tick()
    ask(desk, "RESUME", "second")
    shown = desk.get(DESK).content.decode()
    assert "first &lt;b&gt;" in shown and "Done: OK" in shown
    assert "second" in shown and "Waiting" in shown
    assert shown.index("second") < shown.index("first &lt;b&gt;"), "newest first"
    assert "1 input waits" in shown


def test_there_is_one_world_and_its_list_leads_there(desk: Client) -> None:
    answer = desk.get("/admin/market/world/")
    assert (answer.status_code, answer["Location"]) == (302, DESK)


def test_before_the_founding_there_is_nothing_to_show(admin_client: Client) -> None:
    assert admin_client.get("/admin/market/world/").status_code == 200


IMPOSSIBLE: list[tuple[dict[str, str], str]] = [
    ({"act": "PAUSE", "reason": ""}, "reason: This field is required."),
    ({"act": "PAUSE", "reason": "   "}, "reason: This field is required."),
    ({"act": "PAUSE", "reason": "x" * 201}, "reason: Ensure this value has at most 200"),
    ({"act": "PAUSE", "reason": "a\0b"}, "reason: Null characters are not allowed."),
    ({"act": "BURN", "reason": "why not"}, "act: Select a valid choice."),
    ({"reason": "why not"}, "act: This field is required."),
    ({"act": "STEP", "reason": "x"}, "ticks: Give a number from 1 to 1,000."),
    ({"act": "STEP", "reason": "x", "ticks": "0"}, "ticks: Ensure this value is greater"),
    ({"act": "STEP", "reason": "x", "ticks": "1001"}, "ticks: Ensure this value is less"),
    ({"act": "STEP", "reason": "x", "ticks": "1.5"}, "ticks: Enter a whole number."),
    ({"act": "STEP", "reason": "x", "ticks": "many"}, "ticks: Enter a whole number."),
    ({"act": "HALT", "reason": "x", "symbol": "NOPE"}, "symbol: There is no company NOPE."),
    ({"act": "HALT", "reason": "x", "ticks": "0"}, "ticks: Ensure this value is greater"),
    ({"act": "RESTRICT_SHORTS", "reason": "x"}, "symbol: Name the company."),
    ({"act": "SET_BANDS", "reason": ""} | {"percent": "5"}, "reason: This field is required."),
    ({"act": "SET_BANDS", "reason": "x"}, "percent: Give the bands' distance"),
    ({"act": "SET_BANDS", "reason": "x", "percent": "0"}, "percent: Ensure this value is greater"),
    ({"act": "SET_BANDS", "reason": "x", "percent": "101"}, "percent: Ensure this value is less"),
    ({"act": "SET_BANDS", "reason": "x", "percent": "1.005"}, "percent: Ensure that there are no"),
    ({"act": "SET_BANDS", "reason": "x", "percent": "NaN"}, "percent: Enter a number."),
    (
        {"act": "SET_BANDS", "reason": "x", "percent": "5", "symbol": "NOPE"},
        "symbol: There is no company NOPE.",
    ),
    ({"act": "INJECT", "reason": "x", "impact": "5"}, "event: Choose the event."),
    (
        {"act": "INJECT", "reason": "x", "impact": "5", "event": "PARTY"},
        "event: Select a valid choice. PARTY is not one",
    ),
    ({"act": "INJECT", "reason": "x", "event": "RALLY"}, "impact: Give the event's impact"),
    (
        {"act": "INJECT", "reason": "x", "event": "RALLY", "impact": "-100"},
        "impact: Ensure this value is greater",
    ),
    (
        {"act": "INJECT", "reason": "x", "event": "RALLY", "impact": "1", "sector": "Tea"},
        "sector: Select a valid choice.",
    ),
    (
        {"act": "INJECT", "reason": "x", "event": "RALLY", "impact": "1"}
        | {"sector": "Energy", "symbol": "APEX"},
        "sector: An event concerns a company or a sector, not both.",
    ),
    *(
        ({"act": act, "reason": "x"} | more, "symbol: Name the company, or choose all companies.")
        for act, more in (
            ("HALT", {}),
            ("HALT", {"symbol": "APEX", "all_companies": "on"}),
            ("UNHALT", {}),
            ("SET_BANDS", {"percent": "5"}),
            ("FREE_BANDS", {}),
            ("INJECT", {"event": "RALLY", "impact": "1"}),
            (
                "INJECT",
                {"event": "RALLY", "impact": "1", "sector": "Energy", "all_companies": "on"},
            ),
        )
    ),
]


def test_what_cannot_be_done_is_said_and_not_done(desk: Client) -> None:
    for given, complaint in IMPOSSIBLE:
        (message,) = said(desk.post(ACT, given, follow=True))
        assert message.startswith(complaint)
    assert not Input.objects.filter(source=Source.OPERATOR).exists()
    assert not LogEntry.objects.exists()


def test_what_was_typed_into_a_form_that_was_refused_is_still_there(desk: Client) -> None:
    given = {"act": "HALT", "reason": "a <rumour>", "symbol": "NOPE", "ticks": "9"}
    page = desk.post(ACT, given, follow=True).content.decode()
    _, _, acts = page.partition('id="acts"')
    acts, _, _ = acts.partition("</form>")
    for value in ("a &lt;rumour&gt;", "NOPE", "9"):
        assert f'value="{value}"' in acts
    assert "rumour" not in desk.get(DESK).content.decode()


def test_who_may_only_look_may_not_act(client: Client, hall: Hall, make_user: MakeUser) -> None:
    client.force_login(make_user("view_world"))
    shown = client.get(DESK)
    assert shown.status_code == 200 and b"Pause" not in shown.content
    assert client.post(ACT, {"act": "PAUSE", "reason": "x"}).status_code == 403
    assert not Input.objects.waiting().exists()


def test_who_may_change_the_world_may_act(client: Client, hall: Hall, make_user: MakeUser) -> None:
    client.force_login(make_user("view_world", "change_world"))
    assert b"Pause" in client.get(DESK).content
    ask(client, "PAUSE")
    assert Input.objects.waiting().count() == 1


def test_strangers_are_sent_to_the_door(client: Client, hall: Hall) -> None:
    answer = client.post(ACT, {"act": "PAUSE", "reason": "x"})
    assert answer.status_code == 302 and "/admin/login/" in answer["Location"]
    assert not Input.objects.waiting().exists()


def test_an_act_is_a_post_from_our_own_page(hall: Hall, admin_user: User) -> None:
    elsewhere = Client(enforce_csrf_checks=True)
    elsewhere.force_login(admin_user)
    assert elsewhere.post(ACT, {"act": "PAUSE", "reason": "x"}).status_code == 403
    assert elsewhere.get(ACT).status_code == 405
    assert not Input.objects.waiting().exists()


# Halts


def test_a_company_is_halted_and_resumed_with_a_reason(desk: Client, hall: Hall) -> None:
    assert said(ask(desk, "HALT", "a rumour", symbol="apex")) == ["Halt waits for the next tick."]
    hall.tick()
    apex = Company.objects.get(symbol="APEX")
    assert (apex.is_halted, apex.is_trading, apex.halt_reason) == (True, False, "operator")
    assert [c.symbol for c in Company.objects.all() if c.is_halted] == ["APEX"]
    halt = Halt.objects.get()
    assert (halt.symbol, halt.reason, halt.note) == ("APEX", "operator", "a rumour")
    ask(desk, "UNHALT", "denied", symbol="APEX")
    hall.tick()
    apex.refresh_from_db()
    assert (apex.is_halted, apex.is_trading) == (False, True)


def test_the_whole_market_is_halted_for_so_many_ticks(desk: Client, hall: Hall) -> None:
    ask(desk, "HALT", "a storm", ticks=2, all_companies="on", confirmed="on")
    hall.tick()
    assert Company.objects.filter(is_trading=False).count() == Company.objects.count()
    assert Halt.objects.get().symbol is None
    assert b"a storm" in desk.get("/admin/market/halt/").content
    hall.tick()
    hall.tick()
    assert not Company.objects.filter(is_trading=False).exists()


def test_a_halt_of_which_nobody_knows_the_end_is_shown_so(desk: Client, hall: Hall) -> None:
    ask(desk, "HALT", "a rumour", symbol="APEX")
    hall.tick()
    for page in ("/admin/market/halt/", "/admin/market/company/APEX/change/"):
        shown = desk.get(page).content.decode()
        assert "not known" in shown and str(UNTIL_RESUMED) not in shown


def test_shorts_of_a_company_are_restricted(desk: Client, hall: Hall) -> None:
    ask(desk, "RESTRICT_SHORTS", "a raid", symbol="NOVA")
    hall.tick()
    assert Company.objects.get(symbol="NOVA").restricted_through == 1, "this day and the next"
    (halt,) = Halt.objects.all()
    assert (halt.symbol, halt.reason) == ("NOVA", "short_sale_restriction")


def test_the_bands_of_a_company_are_set_and_freed_with_a_reason(desk: Client, hall: Hall) -> None:
    apex = Company.objects.get(symbol="APEX")
    ask(desk, "SET_BANDS", "a calm", symbol="apex", percent="2.5", ticks=40)
    hall.tick()
    apex.refresh_from_db()
    assert apex.band_override_bps == 250
    assert 0.95 * apex.price < apex.low_band < apex.price < apex.high_band < 1.05 * apex.price
    assert [c.symbol for c in Company.objects.all() if c.band_override_bps] == ["APEX"]
    halt = Halt.objects.get()
    assert (halt.symbol, halt.reason, halt.note) == ("APEX", "operator_bands", "a calm")
    assert (halt.band_bps, halt.until) == (250, hall.row.tick + 40)
    assert b"<td>2.5 %</td>" in desk.get(DESK).content
    ask(desk, "FREE_BANDS", "over", symbol="APEX")
    hall.tick()
    apex.refresh_from_db()
    assert apex.band_override_bps == 0


def test_the_bands_of_all_companies_are_set_until_they_are_freed(desk: Client, hall: Hall) -> None:
    ask(desk, "SET_BANDS", "a calm", percent="30", all_companies="on", confirmed="on")
    hall.tick()
    assert set(Company.objects.values_list("band_override_bps", flat=True)) == {3_000}
    hall.restart()
    hall.tick()
    assert set(Company.objects.values_list("band_override_bps", flat=True)) == {3_000}


# What happens


def test_an_operator_lets_something_happen(desk: Client, hall: Hall) -> None:
    given = {"event": "CEO_SCANDAL", "impact": "-2.5", "symbol": "NOVA", "ticks": 9}
    assert said(ask(desk, "INJECT", "a lesson", **given)) == [
        "Let it happen waits for the next tick."
    ]
    hall.tick()
    event = MarketEvent.objects.get()
    assert (event.kind, event.symbol, event.sector) == ("CEO_SCANDAL", "NOVA", None)
    assert (event.impact, event.duration) == (-0.025, 9)
    assert b"CEO_SCANDAL, -2.5 %" in desk.get(DESK).content
    ask(desk, "INJECT", "another", event="SECTOR_ROTATION", impact="1", sector="Energy")
    hall.tick()
    assert MarketEvent.objects.filter(sector="Energy", duration=0).exists()


# All companies, nonsense, and how things stand


def test_an_act_upon_all_companies_is_asked_again(desk: Client, hall: Hall) -> None:
    asked = ask(desk, "HALT", "a storm", ticks=5, all_companies="on")
    assert said(asked) == []
    page = asked.content.decode()
    assert "Yes: Halt, all 8 companies" in page
    assert 'name="confirmed" value="on"' in page
    assert not Input.objects.waiting().exists()
    assert b"Yes: Halt" not in desk.get(DESK).content, "once"
    ask(desk, "HALT", "a storm", ticks=5, all_companies="on", confirmed="on")
    [act] = Input.objects.waiting()
    assert act.parameters == {"ticks": 5, "reason": "a storm"}


NONSENSE: list[tuple[dict[str, object], str]] = [
    ({"act": "RESUME"}, "The world is running."),
    ({"act": "UNHALT", "symbol": "APEX"}, "APEX is not halted."),
    ({"act": "FREE_BANDS", "symbol": "APEX"}, "APEX has the bands of the rules."),
    (
        {"act": "INJECT", "event": "MARKET_CRASH", "symbol": "APEX", "impact": "-5"},
        "MARKET_CRASH concerns the whole market: name no company or sector.",
    ),
    (
        {"act": "INJECT", "event": "FDA_APPROVAL", "symbol": "APEX", "impact": "5"},
        "FDA_APPROVAL does not happen to APEX: its sector is Technology.",
    ),
]


def test_what_makes_no_sense_is_refused_by_the_machines_own_rule(desk: Client, hall: Hall) -> None:
    for given, complaint in NONSENSE:
        assert said(desk.post(ACT, {"reason": "x"} | given, follow=True)) == [complaint]
    assert not Input.objects.waiting().exists()
    ask(desk, "PAUSE")
    assert said(ask(desk, "RESUME")) == ["Resume waits for the next tick."], "the machine knows"
    hall.tick()
    ask(desk, "HALT", symbol="APEX", ticks=9)
    hall.tick()
    until = Company.objects.get(symbol="APEX").reopens_tick
    assert said(ask(desk, "HALT", symbol="APEX")) == [
        f"APEX is halted already, until tick {until}."
    ]


def test_the_page_shows_how_things_stand_and_what_is_published(desk: Client, hall: Hall) -> None:
    state = "/admin/market/world/state/"
    assert b"Nothing is halted or restricted" in desk.get(state).content
    ask(desk, "HALT", "a <rumour>", symbol="APEX", ticks=9)
    ask(desk, "SET_BANDS", "a calm", symbol="NOVA", percent="2")
    hall.tick()
    for page in (DESK, state):
        shown = desk.get(page).content.decode()
        assert "halted: operator" in shown and "a &lt;rumour&gt;" in shown
        assert "bands of 2 %" in shown and "a calm" in shown
        assert f"Tick {hall.row.tick}" in shown
    assert '<option value="APEX">Apex Technologies</option>' in desk.get(DESK).content.decode()


def test_who_may_not_look_is_not_shown_how_things_stand(
    client: Client, hall: Hall, make_user: MakeUser
) -> None:
    client.force_login(make_user())
    assert client.get("/admin/market/world/state/").status_code == 403


# An agent


def test_a_suspension_may_have_a_long_reason(desk: Client, hall: Hall) -> None:
    hall.tick("ann BUY 5 @ 1.00 #a")
    ask(desk, "SUSPEND", "a look " * 25, agent="ann", ticks=9)
    hall.tick()
    order = Order.objects.get(client_id="a")
    assert (order.reason_code, order.note) == ("AGENT_SUSPENDED", ("a look " * 25).strip())


def test_an_agent_is_suspended_and_its_orders_are_cancelled(desk: Client, hall: Hall) -> None:
    hall.tick("ann BUY 5 @ 1.00 #a")
    ask(desk, "CANCEL_ORDERS", "a look", agent="Ann")
    ask(desk, "SUSPEND", "a look", agent="ann", ticks=9)
    hall.tick()
    order = Order.objects.get(client_id="a")
    assert (order.reason_code, order.note) == ("BY_OPERATOR", "a look")
    assert Agent.objects.get(name="ann").status == "suspended"
    ask(desk, "RELEASE", "all is well", agent="ann")
    hall.tick()
    assert Agent.objects.get(name="ann").status == "active"
    assert said(ask(desk, "SUSPEND", agent="nobody", ticks=9)) == [
        "agent: There is no agent nobody."
    ]
    assert said(ask(desk, "CANCEL_ORDERS")) == ["agent: Name the agent."]


def test_an_agents_keys_are_revoked_at_once(desk: Client, hall: Hall) -> None:
    ann = Agent.objects.get(name="ann")
    _, secret = keys.create_key(ann)
    keys.open_session(ann)
    assert said(ask(desk, "REVOKE_KEYS", "stolen", agent="ann")) == [
        "ann has no key any more; 1 were revoked."
    ]
    assert keys.credential_of(secret) is None
    assert not Session.objects.filter(agent=ann).exists()
    assert not Input.objects.waiting().exists()
    entry = LogEntry.objects.latest("id")
    assert (entry.change_message, entry.get_edited_object()) == ("keys revoked: stolen", ann)
