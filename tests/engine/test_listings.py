"""The founding: a hundred companies from the seed, the well-known ones among them."""

from __future__ import annotations

from collections import Counter

import pytest

from market.engine.listings import FIXED_LISTINGS, generate_listings
from market.engine.random_source import RandomSource
from tests.cast import dollars
from wallstreetsim.machine.rules import RULES

MARKET = RULES.market


def test_a_world_has_a_hundred_companies_in_the_sectors_shares() -> None:
    sectors = Counter(
        listing.sector for listing in generate_listings(100, RandomSource("s"), MARKET)
    )
    assert sectors == {
        "Technology": 25,
        "Finance": 15,
        "Healthcare": 12,
        "Consumer": 12,
        "Energy": 8,
        "Industrial": 8,
        "Crypto": 7,
        "RealEstate": 5,
        "Meme": 5,
        "Utilities": 3,
    }


@pytest.mark.parametrize("seed", ["s", "t", ""])
def test_the_well_known_companies_are_always_there_at_their_prices(seed: str) -> None:
    prices = {
        x.symbol: dollars(x.price) for x in generate_listings(100, RandomSource(seed), MARKET)
    }
    fixed = {"APEX": "142.50", "NEXUS": "89.20", "OMEGA": "203.80", "PULSE": "67.40"}
    assert fixed.items() <= prices.items()
    assert {"TITAN", "NOVA", "QUANTUM", "MEME"} <= prices.keys()


def test_the_same_seed_lists_the_same_companies_and_another_seed_others() -> None:
    listings = generate_listings(100, RandomSource("s"), MARKET)
    assert generate_listings(100, RandomSource("s"), MARKET) == listings
    assert generate_listings(100, RandomSource("t"), MARKET) != listings


@pytest.mark.parametrize("count", [*range(41), 99, 100, 101, 250, 300, 1_000, 2_500])
def test_any_number_of_companies_can_be_listed(count: int) -> None:
    listings = generate_listings(count, RandomSource("s"), MARKET)
    assert len(listings) == count
    assert len({listing.symbol for listing in listings}) == count
    assert all(1 <= len(listing.symbol) <= 12 for listing in listings)
    always_there = [symbol for symbol, *_ in FIXED_LISTINGS]
    assert [listing.symbol for listing in listings[: len(always_there)]] == always_there[:count]


@pytest.mark.parametrize("count", [50, 100, 300])
def test_every_sector_has_its_share_to_the_nearest_company(count: int) -> None:
    sectors = Counter(
        listing.sector for listing in generate_listings(count, RandomSource("s"), MARKET)
    )
    for sector in MARKET.sectors:
        assert abs(sectors[sector.name] - sector.share * count) < 1


def test_what_is_generated_lies_within_its_ranges() -> None:
    sectors = {sector.name: sector for sector in MARKET.sectors}
    for listing in generate_listings(300, RandomSource("s"), MARKET):
        sector = sectors[listing.sector]
        assert 2_000 <= listing.price <= 50_000
        assert listing.shares % 1_000_000 == 0
        assert listing.shares >= 1_000_000
        assert listing.industry in sector.industries
        assert 0.74 < listing.volatility / sector.daily_volatility < 1.26
        assert listing.beta == sector.beta


def test_companies_have_names_of_their_own() -> None:
    names = [listing.name for listing in generate_listings(100, RandomSource("s"), MARKET)]
    assert len(set(names)) == len(names)
