"""The soak in memory, for a world or two of it: `make soak` goes on for hours."""

from __future__ import annotations

from collections import Counter

import pytest

from market.engine import state
from tests.soak.trading import Soaking


def test_whatever_befalls_a_floor_in_memory_its_history_is_the_undisturbed_one() -> None:
    seen: Counter[str] = Counter()
    for seed in range(4):
        seen += Soaking(seed).run()
    for what in (
        *("kills in a tick", "kills after a commit", "damaged checkpoints", "handovers"),
        *("restores", "late inputs", "doubled inputs", "inputs set aside", "splits", "halts"),
    ):
        assert seen[what] > 0, what


def test_the_soak_notices_what_a_checkpoint_forgets(monkeypatch: pytest.MonkeyPatch) -> None:
    kept = tuple(name for name in state._COMPANY_FIELDS if name != "is_limit_state")
    monkeypatch.setattr(state, "_COMPANY_FIELDS", kept)
    with pytest.raises(AssertionError):
        for seed in range(1, 9):
            Soaking(seed).run()
