"""What an operator may do to cases, with a reason: open, dismiss, overrule."""

from __future__ import annotations

from market.engine.action import OperatorAct, Verdict
from market.engine.parameters import Form, Parameter, ParameterKind, Parameters
from market.engine.refusals import Code, Refused
from sec.engine import lifecycle
from sec.engine.cases import GUILTY, PENDING, Accused, Case
from sec.engine.office import Office
from sec.engine.rules import CRIME_NAMES
from sec.engine.suspicion import Conduct, Suspicion

OPEN_CASE, DISMISS_CASE, OVERRULE_CASE = "OPEN_CASE", "DISMISS_CASE", "OVERRULE_CASE"

_REASON = Parameter("reason", "reason", ParameterKind.TEXT, required=True, minimum=1, maximum=200)
_CASE = Parameter("case", "case", ParameterKind.UUID, required=True)


def _agent(*, required: bool) -> Parameter:
    return Parameter("agent", "agent", ParameterKind.TEXT, required=required, minimum=1, maximum=50)


def legal_acts() -> tuple[OperatorAct, ...]:
    """Return the operators' acts upon cases."""
    crime = Parameter("crime", "crime", ParameterKind.CHOICE, required=True, choices=CRIME_NAMES)
    symbol = Parameter("symbol", "symbol", ParameterKind.SYMBOL, minimum=1, maximum=12)
    return (
        OperatorAct(
            OPEN_CASE,
            "Open a case against an agent, on what the record of the last day has; it goes on as"
            " any other.",
            "sec",
            Form(_agent(required=True), crime, symbol, _REASON),
            _open,
        ),
        OperatorAct(
            DISMISS_CASE,
            "Dismiss a case that is not decided, against one accused or all.",
            "sec",
            Form(_CASE, _agent(required=False), _REASON),
            _dismiss,
        ),
        OperatorAct(
            OVERRULE_CASE,
            "Overrule a conviction or a settlement, of one convicted or all: everything is given"
            " back.",
            "sec",
            Form(_CASE, _agent(required=False), _REASON),
            _overrule,
        ),
    )


def _open(sec: Office, given: Parameters, id: str) -> Verdict:
    account = sec.resolve(given["agent"])
    if sec.status_of(account) in ("bankrupt", "fled"):
        raise Refused(Code.INVALID_TARGET, "This agent is no longer active.")
    symbol = given.get("symbol")
    if symbol is not None and symbol not in sec.market.companies:
        raise Refused(Code.INVALID_SYMBOL, f"There is no company {symbol}.")
    oldest = sec.tick - sec.thresholds.window_ticks + 1
    crime = given["crime"]
    first = max(oldest, sec.book.looked_through(account, crime, symbol) + 1)
    suspicion = sec.look(crime, Conduct(account, symbol, first, sec.tick))
    if suspicion is None:
        suspicion = Suspicion(crime, (account,), symbol, 0.0, first, sec.tick)
    case = lifecycle.order_case(sec, suspicion, id, given["reason"])
    return Verdict(True, data={"investigationId": case.id})


def _dismiss(sec: Office, given: Parameters, id: str) -> Verdict:
    case = _case(sec, given)
    chosen = [one for one in _chosen(sec, case, given) if one.status in PENDING]
    if not chosen:
        raise Refused(Code.CONFLICT, "The case is decided.")
    case.note = given["reason"]
    for accused in chosen:
        lifecycle.dismiss(sec, case, accused)
    return Verdict(True, data={"investigationId": case.id})


def _overrule(sec: Office, given: Parameters, id: str) -> Verdict:
    case = _case(sec, given)
    chosen = [one for one in _chosen(sec, case, given) if one.status in GUILTY]
    if not chosen:
        raise Refused(Code.CONFLICT, "Nobody is convicted in this case.")
    case.note = given["reason"]
    for accused in chosen:
        lifecycle.overturn(sec, case, accused)
    return Verdict(True, data={"investigationId": case.id})


def _case(sec: Office, given: Parameters) -> Case:
    case = sec.book.cases.get(given["case"])
    if case is None:
        raise Refused(Code.NOT_YOUR_CASE, "There is no case by this id, or it is long over.")
    return case


def _chosen(sec: Office, case: Case, given: Parameters) -> list[Accused]:
    if "agent" not in given:
        return list(case.accused.values())
    account = sec.resolve(given["agent"])
    if account not in case.accused:
        raise Refused(Code.INVALID_TARGET, "This agent is not accused in the case.")
    return [case.accused[account]]
