"""What fails at the desk: the part that does is left out of that entry, and the desk goes on."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable
from traceback import extract_tb
from typing import Any, NamedTuple, TypeVar

from market.engine.values import Tick

log = logging.getLogger(__name__)

T = TypeVar("T")


class PartHealth(NamedTuple):
    """When a part of the desk last worked, when it last failed, how many alerts of the day are its
    own, and how often it has ever failed.
    """

    last_run: Tick
    last_fault: Tick | None
    alerts_today: int
    faults: int = 0


UNKNOWN = PartHealth(0, None, 0)


class Guard:
    """Runs the parts of the desk. A fault is counted always, and logged the first time that it
    happens at a place, if faults are logged here at all.
    """

    def __init__(self, *, is_logged: bool = True) -> None:
        self.health: dict[str, PartHealth] = {}
        self._is_logged = is_logged
        self._logged: set[tuple[str, ...]] = set()

    def of(self, part: str) -> PartHealth:
        return self.health.get(part, UNKNOWN)

    def run(self, part: str, tick: Tick, work: Callable[[], T], otherwise: T) -> T:
        """Return what `work` does, or `otherwise` if it fails."""
        before = self.of(part)
        try:
            done = work()
        except Exception as error:
            self._log(part, tick, error)
            self.health[part] = before._replace(
                last_run=tick, last_fault=tick, faults=before.faults + 1
            )
            return otherwise
        self.health[part] = before._replace(last_run=tick)
        return done

    def begin_day(self) -> None:
        self.health = {part: its._replace(alerts_today=0) for part, its in self.health.items()}

    def count_alerts(self, parts: Iterable[str]) -> None:
        """Count an alert of the day for each of these parts."""
        for part in parts:
            its = self.of(part)
            self.health[part] = its._replace(alerts_today=its.alerts_today + 1)

    def _log(self, part: str, tick: Tick, error: Exception) -> None:
        place = extract_tb(error.__traceback__)[-1]
        fault = (part, type(error).__name__, place.filename, str(place.lineno))
        if self._is_logged and fault not in self._logged:
            self._logged.add(fault)
            log.error("the %s of the research desk fails at tick %d", part, tick, exc_info=error)

    def dump(self) -> dict[str, list[Any]]:
        return {part: list(its) for part, its in self.health.items()}

    def load(self, plain: dict[str, list[Any]]) -> None:
        """Take over what `dump` returned."""
        self.health = {part: PartHealth(*row) for part, row in plain.items()}
