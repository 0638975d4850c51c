from collections.abc import Iterator
from typing import Any

from tests.toy.engine import ToyReport


def public_events(report: ToyReport, tick: int) -> Iterator[tuple[str, str, dict[str, Any]]]:
    for greeting in report.greetings:
        yield "toy:greeting", "toys", {"symbol": greeting.symbol}


def agent_events(report: ToyReport, tick: int) -> Iterator[tuple[int, str, dict[str, Any]]]:
    for greeting in report.greetings:
        yield greeting.account, "toy:greeted", {"symbol": greeting.symbol}
