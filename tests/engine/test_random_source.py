"""Random streams: every draw named by (seed, tick, key, purpose), and well distributed."""

from __future__ import annotations

import math
from statistics import fmean, pvariance

import pytest
from hypothesis import given
from hypothesis import strategies as st

from market.engine import random_source as streams_module
from market.engine.random_source import RandomSource, student_t4_quantile

STREAMS = RandomSource("a seed")
names = st.text(max_size=12)


@given(names, st.integers(0, 10**9), names, names)
def test_a_draw_depends_on_its_name_alone(seed: str, tick: int, key: str, purpose: str) -> None:
    drawn = RandomSource(seed).uniforms(tick, key, purpose)
    others = RandomSource(seed)
    others.uniforms(tick + 1, key, purpose)
    assert others.uniforms(tick, key, purpose) == drawn


def test_another_seed_tick_key_or_purpose_gives_another_draw() -> None:
    drawn = {
        RandomSource(seed).uniform(tick, key, purpose)
        for seed in ("a", "b")
        for tick in (1, 2)
        for key in ("APEX", "NOVA")
        for purpose in ("shock", "listing")
    }
    assert len(drawn) == 16


@given(st.integers(), names)
def test_uniforms_lie_strictly_between_nought_and_one(tick: int, key: str) -> None:
    assert all(0.0 < u < 1.0 for u in STREAMS.uniforms(tick, key, "test"))


@pytest.mark.parametrize("byte", [b"\x00", b"\xff"])
def test_even_the_outermost_bits_give_a_uniform_strictly_between_nought_and_one(
    byte: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Hash:
        def __init__(self, *args: object, **options: object) -> None: ...

        def digest(self) -> bytes:
            return byte * 32

    monkeypatch.setattr(streams_module, "blake2b", Hash)
    assert all(0.0 < u < 1.0 for u in STREAMS.uniforms(1, "APEX", "shock"))
    assert math.isfinite(STREAMS.student_t4(1, "APEX", "shock"))
    assert math.isfinite(STREAMS.normal(1, "APEX", "shock"))


def test_uniforms_have_the_mean_and_the_variance_of_the_unit_interval() -> None:
    drawn = [u for tick in range(5_000) for u in STREAMS.uniforms(tick, "APEX", "test")]
    assert fmean(drawn) == pytest.approx(1 / 2, abs=0.01)
    assert pvariance(drawn) == pytest.approx(1 / 12, rel=0.03)


def test_normal_draws_have_mean_nought_and_variance_one() -> None:
    drawn = [STREAMS.normal(tick, "APEX", "test") for tick in range(20_000)]
    assert fmean(drawn) == pytest.approx(0, abs=0.03)
    assert pvariance(drawn) == pytest.approx(1, rel=0.05)


def test_student_draws_have_unit_variance_and_fat_tails() -> None:
    drawn = [STREAMS.student_t4(tick, "APEX", "test") for tick in range(40_000)]
    assert fmean(drawn) == pytest.approx(0, abs=0.03)
    assert pvariance(drawn) == pytest.approx(1, rel=0.15)
    beyond_four = sum(abs(x) > 4 for x in drawn) / len(drawn)
    assert beyond_four == pytest.approx(0.0048, abs=0.002)  # a normal's is 0.00006


@pytest.mark.parametrize(("u", "t"), [(0.5, 0.0), (0.95, 2.1318), (0.975, 2.7764), (0.995, 4.6041)])
def test_the_student_quantile_is_that_of_the_printed_tables(u: float, t: float) -> None:
    assert student_t4_quantile(u) == pytest.approx(t, abs=1e-4)
    assert student_t4_quantile(1 - u) == pytest.approx(-t, abs=1e-4)


def test_what_is_derived_tells_things_apart_and_is_the_same_every_time() -> None:
    assert STREAMS.derive("orders") == RandomSource("a seed").derive("orders")
    assert STREAMS.derive("orders") != STREAMS.derive("trades")
    assert 0 <= STREAMS.derive("orders") < 2**128
