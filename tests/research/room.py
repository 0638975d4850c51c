"""A desk whose views are drawn, for tests of what is said about them."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from random import Random
from typing import Any

from market.engine.rules import MarketRules
from news.research.companies import CompanyView, Listed
from news.research.events import Alert
from news.research.market_view import MarketView
from news.research.opinions import Desk
from news.research.rules import RESEARCH_RULES
from news.research.signal_rules import OpinionRules, SignalRules
from news.research.signals import SignalDesk
from news.research.views import DeskView

SECTORS = ("Technology", "Energy", "Meme")
SYMBOLS = ("NOVA", "APEX", "MEME", "OMEGA", "TITAN")
RULES = OpinionRules()
_NUMBER = re.compile(r"\d[\d,]*(?:\.\d+)?")


def company(symbol: str, sector: str = "Technology", price: int = 10_000) -> CompanyView:
    view = CompanyView.of(Listed(symbol, f"{symbol} Inc", sector, 0.02), RESEARCH_RULES.views, 390)
    view.price = view.previous_close = view.tick_low = view.tick_high = price
    view.bid, view.ask, view.is_trading = price - 2, price + 2, True
    view.seen_ticks = 1_000
    return view


def room(tick: int = 100, **market: Any) -> Desk:
    """Return a desk of five companies on a quiet open market."""
    companies = {s: company(s, SECTORS[n % 3]) for n, s in enumerate(SYMBOLS)}
    view = MarketView(MarketRules(), tick=tick, tick_in_day=tick, is_open=True)
    view.index = view.index_previous_close = 100_000
    view.interest_bps, view.inflation_bps, view.growth_bps = 525, 310, -45
    for name, value in market.items():
        setattr(view, name, value)
    signals = SignalDesk(SignalRules(), fee_bps=1, squeeze_from=RESEARCH_RULES.squeeze.signal)
    desk = Desk(DeskView(RESEARCH_RULES, view, companies), signals, RULES)
    view.weigh_sectors(companies.values())
    return desk


def drawn(seed: int) -> Desk:
    """Return a desk on which everything that a text may mention is drawn."""
    random = Random(seed)
    desk = room(
        tick=random.randint(1, 9_000),
        index=random.randint(90_000, 110_000),
        regime=random.choice(("normal", "bull", "bear", "bubble", "crash")),
        trading_day=random.randint(0, 40),
    )
    for view in desk.view.companies.values():
        view.price = random.randint(50, 2_000_000)
        view.previous_close = max(1, round(view.price * random.uniform(0.8, 1.2)))
        view.bid, view.ask = max(1, view.price - 3), view.price + 3
        view.squeeze = random.randint(0, 100)
        view.short_interest = random.choice((None, random.randint(0, 300)))
        view.day_volume = random.randint(0, 10**6)
        view.is_halted = random.random() < 0.2
        view.short_restricted = random.random() < 0.2
        for _ in range(random.choice((0, 0, 1, 5))):
            view.rumors.append((desk.view.tick, random.choice((-1, 1))))
    desk.view.market.weigh_sectors(desk.view.companies.values())
    kinds = [("breakout", "breakout"), ("social_hot", "social"), ("pump_warning", "social")]
    for _ in range(random.randint(0, 9)):
        kind, source = random.choice(kinds)
        symbol = random.choice(SYMBOLS)
        one = Alert(desk.view.tick, kind, source, symbol, f"{symbol} moves", "", 0, (), 1.0, "BUY")
        desk.view.alerts.append(one)
    desk.signals.fold(desk.view.tick, desk.view.companies, list(desk.view.alerts))
    return desk


def numbers_in(text: str) -> set[float]:
    return {float(number.replace(",", "")) for number in _NUMBER.findall(text)}


def numbers_of(facts: Mapping[str, Any]) -> set[float]:
    return {abs(float(value)) for value in facts.values() if isinstance(value, int | float)}


def template_digits(paths: Iterable[Path]) -> list[str]:
    """Return the string constants that hold a digit, docstrings and format specs aside."""
    found = []
    for path in paths:
        tree = ast.parse(path.read_text())
        specs = {
            id(part)
            for node in ast.walk(tree)
            if isinstance(node, ast.FormattedValue) and node.format_spec is not None
            for part in ast.walk(node.format_spec)
        }
        docs = {
            id(node.body[0].value)
            for node in ast.walk(tree)
            if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef)
            and node.body
            and isinstance(node.body[0], ast.Expr)
        }
        found += [
            node.value
            for node in ast.walk(tree)
            if isinstance(node, ast.Constant)
            and isinstance(node.value, str)
            and id(node) not in specs | docs
            and any(character.isdigit() for character in node.value)
        ]
    return found
