"""What agents and operators may ask of the news desk."""

from __future__ import annotations

from functools import partial
from typing import Protocol

from agents.engine.rules import POINT
from market.engine.action import REPUTATION, Action, Actor, Family, OperatorAct, Verdict
from market.engine.parameters import Form, Parameter, ParameterKind, Parameters
from market.engine.refusals import Code, Refused
from news.engine.rules import RumorRules
from news.engine.rumors import cost_of

NEWS = "news"  # the name of the engine
RUMOR_ACTION = "RUMOR"
RETRACT, RESTORE = "RETRACT_ARTICLE", "RESTORE_ARTICLE"
PIN, UNPIN = "PIN_ARTICLE", "UNPIN_ARTICLE"


class RumorView(Protocol):
    """What the check of a rumor reads: the desk, or what a web process knows of it."""

    def is_old_enough(self, account: int) -> bool:
        """Say whether an agent has been there for a day."""

    def rumors_today(self, account: int) -> int:
        """Return how many rumors an agent has spread today."""

    def trades(self, symbol: str) -> bool | None:
        """Say whether a company trades now; None if there is none of that symbol."""


class RumorDesk(Protocol):
    """Who performs a rumor."""

    def spread_rumor(self, actor: Actor, given: Parameters, id: str) -> Verdict:
        """Spread a rumor. Raises Refused."""


class ArticleDesk(Protocol):
    """Who performs operators' acts on articles."""

    def is_written(self, article: str) -> bool:
        """Say whether there is an article of this id."""

    def mark(
        self, article: str, *, pinned: bool | None, retracted: bool | None, reason: str
    ) -> None:
        """Pin or retract an article, or take that back."""


def news_actions(rules: RumorRules) -> tuple[Action, ...]:
    """Return the actions of the news as `rules` limit them."""
    content = Parameter(
        "content",
        "content",
        ParameterKind.TEXT,
        required=True,
        minimum=rules.shortest,
        maximum=rules.longest,
    )
    symbol = Parameter(
        "targetSymbol", "symbol", ParameterKind.SYMBOL, required=True, minimum=1, maximum=12
    )
    return (
        Action(
            RUMOR_ACTION,
            "Spread a rumor about a company: an unverified article, and a move of its price by how"
            " good or bad the words are and how far you reach. True ones earn reputation, others"
            " cost it.",
            NEWS,
            Family.SOCIAL,
            Form(symbol, content),
            _spread,
            check=partial(_check, rules=rules),
            reputation_cost=rules.cost,
            judged_by=frozenset({REPUTATION}),
        ),
    )


def check_rumor(view: RumorView, actor: Actor, given: Parameters, rules: RumorRules) -> None:
    """Raise Refused where an agent may not spread this rumor now."""
    trades = view.trades(given["symbol"])
    if trades is None:
        raise Refused(Code.INVALID_SYMBOL, f"There is no company {given['symbol']}.")
    cost = cost_of(actor.role, rules)
    if actor.reputation < cost:
        raise Refused(
            Code.INSUFFICIENT_REPUTATION,
            f"A rumor costs {cost // POINT} points of reputation; you have"
            f" {actor.reputation / POINT:.2f}.",
        )
    if not view.is_old_enough(actor.account):
        raise Refused(
            Code.FORBIDDEN,
            f"Only agents that are {rules.author_age_ticks} ticks old may spread rumors.",
        )
    if view.rumors_today(actor.account) >= rules.rumors_a_day:
        raise Refused(
            Code.RATE_LIMITED, f"You have spread {rules.rumors_a_day} rumors today, which is all."
        )
    if not trades:
        raise Refused(Code.MARKET_HALTED, f"{given['symbol']} does not trade now.")


def _check(view: RumorView, actor: Actor, given: Parameters, *, rules: RumorRules) -> None:
    check_rumor(view, actor, given, rules)


def _spread(desk: RumorDesk, actor: Actor, given: Parameters, id: str) -> Verdict:
    return desk.spread_rumor(actor, given, id)


def operator_acts() -> tuple[OperatorAct, ...]:
    """Return what an operator may do to an article."""
    article = Parameter("article", "article", ParameterKind.UUID, required=True)
    reason = Parameter(
        "reason", "reason", ParameterKind.TEXT, required=True, minimum=1, maximum=200
    )
    form = Form(article, reason)
    return (
        OperatorAct(RETRACT, "Retract an article.", NEWS, form, _retract),
        OperatorAct(RESTORE, "Take the retraction of an article back.", NEWS, form, _restore),
        OperatorAct(PIN, "Pin an article above all others.", NEWS, form, _pin),
        OperatorAct(UNPIN, "Unpin an article.", NEWS, form, _unpin),
    )


def _retract(desk: ArticleDesk, given: Parameters, id: str) -> Verdict:
    return _mark(desk, given, pinned=False, retracted=True)


def _restore(desk: ArticleDesk, given: Parameters, id: str) -> Verdict:
    return _mark(desk, given, pinned=None, retracted=False)


def _pin(desk: ArticleDesk, given: Parameters, id: str) -> Verdict:
    return _mark(desk, given, pinned=True, retracted=None)


def _unpin(desk: ArticleDesk, given: Parameters, id: str) -> Verdict:
    return _mark(desk, given, pinned=False, retracted=None)


def _mark(
    desk: ArticleDesk, given: Parameters, *, pinned: bool | None, retracted: bool | None
) -> Verdict:
    article: str = given["article"]
    if not desk.is_written(article):
        raise Refused(Code.BAD_REQUEST, "There is no article of that id.")
    desk.mark(article, pinned=pinned, retracted=retracted, reason=given["reason"])
    return Verdict(True)
