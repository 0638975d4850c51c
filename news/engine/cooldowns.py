"""What has been reported lately, and is not news again so soon."""

from __future__ import annotations

from market.engine.values import Tick


class Cooldowns:
    """Subjects, and the tick until which each is left alone."""

    def __init__(self) -> None:
        self.until: dict[str, Tick] = {}

    def are_over(self, subject: str, tick: Tick) -> bool:
        return self.until.get(subject, 0) <= tick

    def begin(self, subject: str, tick: Tick, ticks: Tick) -> None:
        self.until[subject] = tick + ticks

    def allow(self, subject: str, tick: Tick, ticks: Tick) -> bool:
        """Say whether a subject may be reported; if so, its time begins anew."""
        if not self.are_over(subject, tick):
            return False
        self.begin(subject, tick, ticks)
        return True

    def forget(self, tick: Tick) -> None:
        """Forget those that are over."""
        self.until = {subject: until for subject, until in self.until.items() if until > tick}
