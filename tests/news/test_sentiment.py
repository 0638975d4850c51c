"""How good or bad news a sentence is."""

import pytest

from market.engine.listings import _FIRST, _LAST, FIXED_LISTINGS
from news.engine.sentiment import sentiment


def test_crimes_are_very_bad_news() -> None:
    assert sentiment("CEO fraud scandal investigation") <= -0.6


def test_an_intensifier_makes_good_news_better() -> None:
    assert sentiment("very strong growth") >= 0.5
    assert sentiment("very strong growth") > sentiment("strong growth")


def test_a_negation_turns_bad_news_into_good() -> None:
    assert sentiment("not a crash") > 0
    assert sentiment("a crash") < -0.5


def test_a_plain_statement_is_no_news() -> None:
    assert sentiment("The company held a meeting yesterday") == 0


@pytest.mark.parametrize(
    ("better", "worse"),
    [
        ("earnings beat expectations", "earnings miss expectations"),
        ("analysts upgrade the stock", "analysts downgrade the stock"),
        ("the drug won approval", "the drug faces rejection"),
        ("shares surge on buyout", "shares plunge on lawsuit"),
        ("the company is not bankrupt", "the company is bankrupt"),
    ],
)
def test_the_exchange_s_words_mean_what_they_mean_there(better: str, worse: str) -> None:
    assert sentiment(better) > 0.0 > sentiment(worse)


def test_what_companies_are_called_is_no_news() -> None:
    endings = [ending for endings in _LAST.values() for ending in endings]
    names = [f"{first} {ending}" for first in _FIRST for ending in endings]
    names += [name for _, name, *_ in FIXED_LISTINGS]
    assert [n for n in names if sentiment(f"{n} shares", names=(n,))] == []


def test_only_whole_names_are_left_out() -> None:
    assert sentiment("Gain Corp fraud", names=("Gain",)) == sentiment("it Corp fraud")
    assert sentiment("gains", names=("gain",)) > 0


@pytest.mark.parametrize(
    "text", ["", " ", "e" + "\u0301" * 279, "\u0130" * 280, "but " * 70, "😀" * 70]
)
def test_no_text_makes_it_fail(text: str) -> None:
    assert -1.0 <= sentiment(text, names=("but",)) <= 1.0
