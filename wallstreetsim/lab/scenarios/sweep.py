"""Many runs of one scenario: a grid of values and a number of seeds, and what they come to.

A run is a job of plain data (`side_by_side`), so that it is the same in any process.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import product
from statistics import fmean, pstdev, stdev
from typing import Any, NamedTuple

from market.engine.accounts import FIRST_AGENT_ACCOUNT
from wallstreetsim.lab.scenarios.file import read_node
from wallstreetsim.lab.scenarios.result import History, Result
from wallstreetsim.lab.scenarios.runner import run
from wallstreetsim.lab.scenarios.script import Scenario
from wallstreetsim.lab.scenarios.yaml_text import BadScenario, Node, parse
from wallstreetsim.machine.published import hash_of

CONFIDENCE = 0.95
# Student's t, two-sided at 95 %, by degrees of freedom: 1 to 30, then the normal distribution's.
_T = (
    *(12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228),
    *(2.201, 2.179, 2.160, 2.145, 2.131, 2.120, 2.110, 2.101, 2.093, 2.086),
    *(2.080, 2.074, 2.069, 2.064, 2.060, 2.056, 2.052, 2.048, 2.045, 2.042),
)
_STEP = re.compile(r"([^.\[\]]+)|\[(\d+)\]")
_SETTING = re.compile(r"([^=]+)=(.+)")


class Setting(NamedTuple):
    """A key of the file, and the values that it takes in turn."""

    path: str
    values: tuple[str, ...]


class Estimate(NamedTuple):
    """A figure's mean over the seeds; `margin` is half of its confidence interval, None of one
    seed.
    """

    mean: float
    margin: float | None


def parse_setting(text: str) -> Setting:
    """Read `path=a,b,c`. Raises ValueError."""
    found = _SETTING.fullmatch(text)
    if found is None:
        raise ValueError(f"{text}: give PATH=VALUE,VALUE,…")
    return Setting(found[1].strip(), tuple(value.strip() for value in found[2].split(",")))


def grid(settings: Sequence[Setting]) -> list[dict[str, str]]:
    """Return every combination of the settings' values."""
    paths = [setting.path for setting in settings]
    values = (setting.values for setting in settings)
    return [dict(zip(paths, row, strict=True)) for row in product(*values)]


def scenario_of(source: str, changes: Mapping[str, str], seed: str) -> Scenario:
    """Return the scenario of a text with some of its keys changed. Raises BadScenario."""
    root = parse(source.encode())
    for path, value in changes.items():
        root = _with(root, _steps(path), parse(value.encode()), path)
    return read_node(root, seed=seed)


def run_job(job: Any) -> Any:
    """Run one of the grid's scenarios with one seed, and return its figures."""
    scenario = scenario_of(job["source"], job["changes"], job["seed"])
    result = run(scenario)
    return {
        "digest": result.digest,
        "rules": hash_of(scenario.rules),
        "figures": figures(scenario, result),
    }


def figures(scenario: Scenario, result: Result) -> dict[str, float]:
    """Return what a run comes to: of the market, and each agent's of the file."""
    histories = list(result.histories.values())
    halts = sum(event["type"] == "HALT" for event in result.events)
    found: dict[str, float] = {
        "returnPercent": 100 * fmean(h.prices[-1] / h.prices[0] - 1 for h in histories),
        "volatilityPercent": 100 * fmean(map(_volatility, histories)),
        "spreadBps": _mean([spread for h in histories for spread in _spreads(h)]),
        "volume": sum(sum(h.volumes) for h in histories),
        "trades": len(result.trades),
        "halts": halts,
        "articles": len(result.articles),
        "schemes": len(result.manipulations),
        "cases": len({case.id for case, _ in result.accused}),
        "convictions": sum(one.status == "convicted" for _, one in result.accused),
    }
    accounts = result.market.accounts
    for account, trader in enumerate(scenario.agents, start=FIRST_AGENT_ACCOUNT):
        found[f"netWorth:{trader.name}"] = accounts[account].equity / 100
    return found


def estimates(runs: Iterable[Mapping[str, float]]) -> dict[str, Estimate]:
    """Return each figure's mean over some runs, with its confidence interval."""
    by_name: dict[str, list[float]] = {}
    for one in runs:
        for name, value in one.items():
            by_name.setdefault(name, []).append(value)
    return {name: _estimate(values) for name, values in by_name.items()}


def _estimate(values: Sequence[float]) -> Estimate:
    if len(values) < 2:
        return Estimate(values[0], None)
    freedom = len(values) - 1
    t = _T[freedom - 1] if freedom <= len(_T) else 1.96
    return Estimate(fmean(values), t * stdev(values) / math.sqrt(len(values)))


def _volatility(history: History) -> float:
    """Return the deviation of the tick's returns."""
    pairs = zip(history.prices, history.prices[1:], strict=False)
    returns = [math.log(b / a) for a, b in pairs]
    return pstdev(returns) if len(returns) > 1 else 0.0


def _spreads(history: History) -> Iterator[float]:
    """Yield the quoted spread of each tick that has one, in basis points of its middle."""
    for bid, ask in history.quotes:
        if bid is not None and ask is not None and ask >= bid:
            yield 20_000 * (ask - bid) / (ask + bid)


def _mean(values: Sequence[float]) -> float:
    return fmean(values) if values else 0.0


def _steps(path: str) -> list[str | int]:
    """Return a path's keys and places: `agents[0].cash`. Raises BadScenario."""
    steps: list[str | int] = []
    for part in path.split("."):
        found = _STEP.findall(part)
        if not part or "".join(f"{key}[{place}]" if place else key for key, place in found) != part:
            raise BadScenario(1, f"{path}: this is no path of keys, such as agents[0].cash")
        steps += [int(place) if place else key for key, place in found]
    return steps


def _with(node: Node, steps: Sequence[str | int], value: Node, path: str) -> Node:
    """Return a text's value with a part of it replaced; mappings on the way are made."""
    if not steps:
        return Node(value.value, node.line)
    first, *rest = steps
    if isinstance(first, int):
        if not isinstance(node.value, list) or first >= len(node.value):
            raise BadScenario(node.line, f"{path}: the file has no such place")
        items = list(node.value)
        items[first] = _with(items[first], rest, value, path)
        return Node(items, node.line)
    if not isinstance(node.value, dict):
        raise BadScenario(node.line, f"{path}: {first} is no key here")
    inner = node.value.get(first, Node({}, node.line))
    return Node({**node.value, first: _with(inner, rest, value, path)}, node.line)
