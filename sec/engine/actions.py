"""The actions of corruption and law.

`check` reads the engine or, in a web process, what the rows say: both have the reading methods of
`LegalView`. It never tells of a case that is secret still.
"""

from __future__ import annotations

import re
from typing import Protocol

from agents.engine.actions import target_parameter
from agents.engine.facts import CaseAppealed
from agents.engine.rules import INVESTIGATOR
from market.engine.action import (
    ACTIVE,
    ALLIANCES,
    ANY_LIVING,
    MONEY,
    NOT_IN_PRISON,
    REPUTATION,
    Action,
    Actor,
    Family,
    Verdict,
)
from market.engine.parameters import Form, Malformed, Parameter, ParameterKind, Parameters
from market.engine.refusals import Code, Refused
from market.engine.values import Cents, Tick
from sec.engine import bribery, flight, informing, lifecycle
from sec.engine.bribes import BribeStatus
from sec.engine.office import Office
from sec.engine.rules import CRIME_NAMES, SecRules
from sec.engine.tips import Tip

SEC = "sec"  # the name of the engine that performs them
MOST_CITED = 20  # orders and trades in an answer
LONGEST_ANSWER = 1_000
MOST_TICKS = 1_000_000_000

_UUID = re.compile(r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")


class LegalView(Protocol):
    """What a check reads."""

    law: SecRules

    def resolve(self, reference: str) -> int: ...
    def status_of(self, account: int) -> str: ...
    def role_of(self, account: int) -> str: ...
    def blocks(self, owner: int, other: int) -> bool: ...
    def is_linked(self, account: int, other: int) -> bool: ...
    def check_gift(self, account: int, cents: Cents) -> None: ...
    def has_bribed(self, briber: int, target: int, tick: Tick) -> bool: ...
    def bribe_for(self, account: int, id: str) -> Cents | None: ...
    def receivable(self, account: int) -> Cents: ...
    def tips_today(self, account: int, tick: Tick) -> int: ...
    def has_told_on_friends(self, account: int) -> bool: ...
    def case_status(self, account: int, id: str) -> str: ...
    def is_under_case(self, account: int) -> bool: ...
    def check_settlement(self, account: int, id: str, tick: Tick) -> None: ...
    def check_appeal(self, account: int, id: str, tick: Tick) -> None: ...
    def check_subpoena(self, account: int, id: str) -> None: ...
    def check_flight(self, account: int) -> None: ...


def legal_actions(rules: SecRules) -> tuple[Action, ...]:
    """Return the actions of corruption and law as `rules` limit them."""
    case = Parameter("investigationId", "case", ParameterKind.UUID, required=True)
    bribe = Parameter("bribeId", "bribe", ParameterKind.UUID, required=True)
    content = _text("content", 1, LONGEST_ANSWER)
    return (
        Action(
            "BRIBE",
            "Offer money to an SEC investigator, who may keep it or report it; it may be detected"
            " at once, which forfeits it and opens a case.",
            SEC,
            Family.CORRUPTION,
            Form(
                target_parameter(),
                Parameter(
                    "amount",
                    "cents",
                    ParameterKind.MONEY,
                    required=True,
                    minimum=rules.bribes.least_cents,
                    maximum=rules.bribes.most_cents,
                ),
                _text("request", 1, 500),
            ),
            give_bribe,
            check=check_bribe,
            statuses=ACTIVE,
            cooldown_ticks=rules.bribes.pair_ticks,
            judged_by=frozenset({MONEY}),
        ),
        Action(
            "KEEP_BRIBE",
            "Keep a bribe that was offered to you, which is bribery too.",
            SEC,
            Family.CORRUPTION,
            Form(bribe),
            keep_bribe,
            check=check_keep,
            statuses=ACTIVE,
            alters=frozenset({MONEY}),
        ),
        Action(
            "REPORT_BRIBE",
            "Give a bribe back and have a case opened against its giver.",
            SEC,
            Family.LEGAL,
            Form(bribe),
            report_bribe,
            check=check_report,
            statuses=ANY_LIVING,
            alters=frozenset({REPUTATION}),
        ),
        Action(
            "WHISTLEBLOW",
            "Report a crime to the SEC, by an agent, or in a company between two ticks. Reputation"
            " is at stake until a case is charged; the first tip whose evidence convicts earns a"
            " part of the fine.",
            SEC,
            Family.LEGAL,
            Form(
                target_parameter(required=False),
                Parameter("symbol", "symbol", ParameterKind.SYMBOL, minimum=1, maximum=12),
                Parameter("fromTick", "first", ParameterKind.INTEGER, maximum=MOST_TICKS),
                Parameter("toTick", "last", ParameterKind.INTEGER, maximum=MOST_TICKS),
                Parameter(
                    "crimeType",
                    "crime",
                    ParameterKind.CHOICE,
                    required=True,
                    choices=CRIME_NAMES,
                ),
                _text("evidence", 20, 1_000, required=True),
            ),
            whistleblow,
            check=check_tip,
            check_form=check_tip_form,
            statuses=NOT_IN_PRISON,
            reputation_cost=rules.tips.stake_millionths,
            judged_by=frozenset({ALLIANCES, REPUTATION}),
        ),
        Action(
            "SUBPOENA",
            "Read what the accused of a case that is assigned to you has written, and had answered,"
            " during the conduct.",
            SEC,
            Family.LEGAL,
            Form(case),
            subpoena,
            check=check_subpoena,
            statuses=ACTIVE,
        ),
        Action(
            "RESPOND",
            "Answer a case against you; the ids of your orders and trades that you cite are"
            " weighed at the verdict.",
            SEC,
            Family.LEGAL,
            Form(case, _text("content", 1, LONGEST_ANSWER, required=True)),
            respond,
            check=check_own_case,
            statuses=ANY_LIVING,
        ),
        Action(
            "SETTLE",
            "End a case against you without a verdict, and without prison, by paying a part of the"
            " fine at once; it counts as a conviction.",
            SEC,
            Family.LEGAL,
            Form(case, content),
            settle,
            check=check_settle,
            statuses=ANY_LIVING,
            cooldown_ticks=rules.cases.settle_ticks,
            alters=frozenset({MONEY}),
        ),
        Action(
            "APPEAL",
            "Have the evidence of your conviction checked again, by a stricter standard.",
            SEC,
            Family.LEGAL,
            Form(case, content),
            appeal,
            check=check_appeal,
            statuses=ANY_LIVING,
        ),
        Action(
            "FLEE",
            "Try to escape from a case against you: half of what you have is lost; caught, you go"
            " to prison.",
            SEC,
            Family.LEGAL,
            Form(_text("destination", 2, 50)),
            run_away,
            check=check_flight,
            statuses=NOT_IN_PRISON,
        ),
    )


def _text(wire: str, least: int, most: int, *, required: bool = False) -> Parameter:
    return Parameter(wire, wire, ParameterKind.TEXT, required=required, minimum=least, maximum=most)


# Bribes


def check_bribe(view: LegalView, actor: Actor, given: Parameters) -> None:
    target = view.resolve(given["target"])
    if target == actor.account:
        raise Refused(Code.INVALID_TARGET, "You cannot bribe yourself.")
    if view.role_of(target) != INVESTIGATOR or view.status_of(target) != "active":
        raise Refused(Code.INVALID_TARGET, "Only an active sec_investigator can be bribed.")
    if view.blocks(target, actor.account):
        raise Refused(Code.FORBIDDEN, "This agent has blocked you.")
    if view.has_bribed(actor.account, target, actor.tick):
        raise Refused(Code.RATE_LIMITED, "One bribe per pair and day.")
    view.check_gift(actor.account, given["cents"])


def give_bribe(sec: Office, actor: Actor, given: Parameters, id: str) -> Verdict:
    check_bribe(sec, actor, given)
    target, cents = sec.resolve(given["target"]), given["cents"]
    bribe = bribery.offer(
        sec,
        id or sec.bribe_id(),
        actor.account,
        target,
        cents,
        given.get("request", ""),
        actor.ordinal,
    )
    is_detected = bribe.status is BribeStatus.DETECTED
    message = (
        "The bribe was detected and is forfeit." if is_detected else "The bribe is held in escrow."
    )
    return Verdict(True, message=message, data={"bribeId": bribe.id, "detected": is_detected})


def check_keep(view: LegalView, actor: Actor, given: Parameters) -> None:
    check_report(view, actor, given)
    if view.receivable(actor.account) <= 0:
        raise Refused(Code.FORBIDDEN, "You may receive no more gifts now.")


def keep_bribe(sec: Office, actor: Actor, given: Parameters, id: str) -> Verdict:
    check_keep(sec, actor, given)
    kept = bribery.keep(sec, sec.bribes.offered[given["bribe"]])
    return Verdict(True, data={"bribeId": given["bribe"], "kept": kept / 100})


def check_report(view: LegalView, actor: Actor, given: Parameters) -> None:
    if view.bribe_for(actor.account, given["bribe"]) is None:
        raise Refused(Code.ALREADY_ANSWERED, "No bribe by this id awaits your answer.")


def report_bribe(sec: Office, actor: Actor, given: Parameters, id: str) -> Verdict:
    check_report(sec, actor, given)
    bribery.report(sec, sec.bribes.offered[given["bribe"]], id)
    return Verdict(True, data={"bribeId": given["bribe"]})


# Tips


def check_tip_form(given: Parameters) -> None:
    """Raise Malformed unless a tip names an agent, or a company and two ticks."""
    has_ticks = "first" in given and "last" in given
    if "target" in given:
        if "symbol" in given or "first" in given or "last" in given:
            raise Malformed("symbol", "give an agent, or a symbol with fromTick and toTick")
    elif "symbol" not in given or not has_ticks:
        raise Malformed("targetAgent", "give an agent, or a symbol with fromTick and toTick")
    elif given["first"] > given["last"]:
        raise Malformed("toTick", "must not be before fromTick")


def check_tip(view: LegalView, actor: Actor, given: Parameters) -> None:
    if actor.reputation < view.law.tips.needed_reputation_millionths:
        needed = view.law.tips.needed_reputation_millionths // 1_000_000
        raise Refused(Code.INSUFFICIENT_REPUTATION, f"A tip needs a reputation of {needed}.")
    if view.tips_today(actor.account, actor.tick) >= view.law.tips.a_day:
        raise Refused(Code.RATE_LIMITED, f"{view.law.tips.a_day} tips a day.")
    if "target" not in given:
        return
    target = view.resolve(given["target"])
    if target == actor.account:
        raise Refused(Code.INVALID_TARGET, "You cannot tip on yourself.")
    is_linked = view.is_linked(actor.account, target)
    if is_linked and view.has_told_on_friends(actor.account):
        raise Refused(Code.INVALID_TARGET, "You have told of one you are linked to before.")


def whistleblow(sec: Office, actor: Actor, given: Parameters, id: str) -> Verdict:
    check_tip(sec, actor, given)
    symbol = given.get("symbol")
    if symbol is not None and symbol not in sec.market.companies:
        raise Refused(Code.INVALID_SYMBOL, f"There is no company {symbol}.")
    target = sec.resolve(given["target"]) if "target" in given else None
    tip = Tip(
        id or sec.tip_id(),
        actor.tick,
        actor.account,
        target,
        symbol,
        given["crime"],
        given["evidence"],
        is_accomplice=target is not None and sec.is_linked(actor.account, target),
    )
    first, last = given.get("first", 0), given.get("last", actor.tick)
    informing.give(sec, tip, first, last, role=actor.role)
    return Verdict(True, message="Your tip is taken.", data={"tipId": tip.id})


# The investigator


def check_subpoena(view: LegalView, actor: Actor, given: Parameters) -> None:
    view.check_subpoena(actor.account, given["case"])


def subpoena(sec: Office, actor: Actor, given: Parameters, id: str) -> Verdict:
    sec.check_subpoena(actor.account, given["case"])
    case = sec.book.cases[given["case"]]
    case.subpoena_tick = sec.tick
    sec.touch(case)
    for accused in case.accused.values():
        sec.alert(
            accused.account,
            "investigation",
            "Your messages from the time of the conduct were subpoenaed.",
            {"investigationId": case.id, "fromTick": case.first_tick, "toTick": case.last_tick},
        )
    data = {
        "investigationId": case.id,
        "accused": [sec.registry.state(account).id for account in case.accused],
        "fromTick": case.first_tick,
        "toTick": case.last_tick,
    }
    return Verdict(True, message="The messages are in the case's file.", data=data)


# The accused


def check_own_case(view: LegalView, actor: Actor, given: Parameters) -> None:
    status = view.case_status(actor.account, given["case"])
    if status in ("", "opened"):
        raise Refused(Code.NOT_YOUR_CASE, "No case by this id is against you.")
    if status not in ("active", "charged"):
        raise Refused(Code.ALREADY_ANSWERED, "This case is decided.")


def respond(sec: Office, actor: Actor, given: Parameters, id: str) -> Verdict:
    case, accused = sec.known_case(actor.account, given["case"])
    accused.answer = given["content"]
    cited = dict.fromkeys(match.lower() for match in _UUID.findall(given["content"]))
    accused.cited = list(cited)[:MOST_CITED]
    sec.touch_accused(case, accused)
    return Verdict(True, data={"investigationId": case.id, "cited": len(accused.cited)})


def check_settle(view: LegalView, actor: Actor, given: Parameters) -> None:
    check_own_case(view, actor, given)
    view.check_settlement(actor.account, given["case"], actor.tick)


def settle(sec: Office, actor: Actor, given: Parameters, id: str) -> Verdict:
    case, accused = sec.known_case(actor.account, given["case"])
    sec.check_settlement(actor.account, case.id, actor.tick)
    cents, finding = sec.settlement(case, accused)
    lifecycle.settle(sec, case, accused, cents, finding)
    return Verdict(True, data={"investigationId": case.id, "paid": cents / 100})


def check_appeal(view: LegalView, actor: Actor, given: Parameters) -> None:
    view.check_appeal(actor.account, given["case"], actor.tick)


def appeal(sec: Office, actor: Actor, given: Parameters, id: str) -> Verdict:
    sec.check_appeal(actor.account, given["case"], actor.tick)
    case = sec.book.cases[given["case"]]
    accused = case.accused[actor.account]
    accused.appeal_tick = sec.tick
    sec.touch_accused(case, accused)
    sec.facts.add(CaseAppealed(sec.tick, case.id, accused.account, case.crime, case.symbol))
    decided = sec.tick + sec.law.cases.appeal_ticks
    return Verdict(True, data={"investigationId": case.id, "decidedTick": decided})


def check_flight(view: LegalView, actor: Actor, given: Parameters) -> None:
    if not view.is_under_case(actor.account):
        raise Refused(Code.NOT_YOUR_CASE, "You are under no case that you could flee.")
    view.check_flight(actor.account)


def run_away(sec: Office, actor: Actor, given: Parameters, id: str) -> Verdict:
    check_flight(sec, actor, given)
    has_escaped = flight.flee(sec, actor.account, given.get("destination", ""), actor.ordinal)
    message = "You have escaped." if has_escaped else "You were caught."
    return Verdict(True, message=message, data={"escaped": has_escaped})
