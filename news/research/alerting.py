"""The alert manager: which alerts are sent, and in which order that happens."""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple, TypeAlias

from market.engine.values import Tick
from news.research.events import Alert

log = logging.getLogger(__name__)

# What a template puts into a title: "4.2x", "-3.1%", "$1,204.50"; not the 3 of a name as "3M".
_NUMBER = re.compile(r"(?<![A-Za-z0-9])[-+]?\$?\d[\d,]*(?:\.\d+)?(?:x|%|bps)?(?![A-Za-z0-9])")

Key: TypeAlias = tuple[str, str, str, str]
Sent: TypeAlias = list[tuple[str, str, str, str, Tick]]


def key_of(alert: Alert) -> Key:
    """Return what two alerts have in common of which one repeats the other: type, symbol, source,
    and the title without its numbers.
    """
    return (alert.kind, alert.symbol or "", alert.source, _NUMBER.sub("#", alert.title))


class Admission(NamedTuple):
    """A tick's alerts: those to be sent, the biggest first; those that repeat one sent lately; and
    how many were left out because the tick had too many.
    """

    sent: tuple[Alert, ...]
    repeated: tuple[Alert, ...]
    omitted: int


class AlertFilter:
    """Admits no alert twice within `repeat_ticks`, and `per_tick` of them a tick."""

    def __init__(self, *, repeat_ticks: Tick, per_tick: int) -> None:
        self._repeat_ticks = repeat_ticks
        self._per_tick = per_tick
        self._sent: dict[Key, Tick] = {}  # the oldest first

    def admit(self, tick: Tick, alerts: Iterable[Alert]) -> Admission:
        """Judge the alerts of a tick. One that is left out has not been sent: it may come again."""
        self._forget(tick - self._repeat_ticks)
        fresh: dict[Key, Alert] = {}
        repeated = []
        for alert in sorted(alerts, key=lambda alert: -alert.weight):
            key = key_of(alert)
            if key in self._sent or key in fresh:
                repeated.append(alert)
            else:
                fresh[key] = alert
        sent = list(fresh.items())[: self._per_tick]
        self._sent.update((key, tick) for key, _ in sent)
        return Admission(
            sent=tuple(alert for _, alert in sent),
            repeated=tuple(repeated),
            omitted=len(fresh) - len(sent),
        )

    def dump(self) -> Sent:
        """Return what was sent lately, and when."""
        return [(*key, tick) for key, tick in self._sent.items()]

    def load(self, sent: Iterable[Sequence[str | Tick]]) -> None:
        """Take up what `dump` returned, as JSON gives it back."""
        self._sent = {}
        for kind, symbol, source, title, tick in sent:
            self._sent[(str(kind), str(symbol), str(source), str(title))] = int(tick)

    def _forget(self, upto: Tick) -> None:
        for key, tick in list(self._sent.items()):
            if tick > upto:
                break
            del self._sent[key]


class AlertManager:
    """Sends alerts that are no repetitions: they are committed, then published to the sockets, then
    handed to a courier for Discord.

    What fails after the commit is logged: the alert is kept, and nobody waits.
    """

    def __init__(self, publish: Callable[[], None], to_discord: Callable[[], None]) -> None:
        self._publish = publish
        self._to_discord = to_discord

    def send(self, commit: Callable[[], Admission]) -> Admission:
        """Commit what a fold brought, then tell of it. Raises what the commit raises."""
        admission = commit()
        for alert in admission.repeated:
            log.info("an alert repeats one sent lately: %s", alert.title)
        if admission.omitted:
            log.info("%d alerts of one tick were left out", admission.omitted)
        _attempt("an entry of the research desk is not published", self._publish)
        if admission.sent:
            _attempt("an alert is not handed to a courier", self._to_discord)
        return admission


def _attempt(failure: str, act: Callable[[], None]) -> None:
    try:
        act()
    except Exception as error:
        log.warning("%s: %s", failure, error)
