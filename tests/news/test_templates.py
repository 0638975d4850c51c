"""Every wording is good English whatever is put in, and holds no number of its own."""

import re
from string import Formatter

import pytest

from market.engine.rules import EVENT_KINDS, MarketRules
from news.engine import grammar
from news.engine.templates import AGENTS, ALL, ECONOMY, EVENTS, PRICES, RUMORS, VALUATIONS


def texts() -> list[tuple[str, str]]:
    return [(kind, text) for kind, options in ALL.items() for pair in options for text in pair]


def test_there_are_wordings_enough() -> None:
    def count(table: dict[str, tuple[tuple[str, str], ...]]) -> int:
        return sum(len(options) for options in table.values())

    assert count(EVENTS) >= 40
    assert all(len(options) >= 3 for options in EVENTS.values())
    assert len(PRICES) >= 15 and count(PRICES) >= 30
    assert len(AGENTS) >= 15 and count(AGENTS) >= 30
    assert count(ECONOMY) >= 6
    assert all(len(options) >= 2 for options in {**ECONOMY, **RUMORS}.values())


def test_every_kind_of_event_has_its_own() -> None:
    for kind in EVENT_KINDS:
        names = [name for name in EVENTS if name.startswith(kind.name)]
        assert names, kind.name
        assert len(names) > 1 or not kind.both_signs


def test_no_wording_is_used_twice() -> None:
    headlines = [headline for options in ALL.values() for headline, _ in options]
    assert len(set(headlines)) == len(headlines)


@pytest.mark.parametrize("pattern", [r"\d", r"  ", r"\ba \{(?!.*_s)", r"\ban? \{company", r" [.,]"])
def test_no_wording_holds_a_number_or_risks_its_grammar(pattern: str) -> None:
    everything = [*texts(), *(("", one) for options in VALUATIONS.values() for one in options)]
    assert [one for one in everything if re.search(pattern, one[1])] == []


def test_headlines_and_summaries_stay_short_with_the_longest_names() -> None:
    longest = {
        "sentence": "the sentence is 20,000 ticks",
        "moves": ", ".join(["QUANTUM +12.3%"] * 10),
    }
    longest |= {"names": "Long Company Name, Long Company Name, Long Company Name and 97 others"}
    longest |= {"resumption": "The exchange will announce when trading resumes."}
    longest |= {"about": " The case concerns trading in Long Company Name."}
    longest |= {"halted": " Trading is halted until tick 1,000,000."}
    longest |= {
        "valuation": "It is reckoned worth an 8.0% rise, and the shares stand at $123,456.78."
    }
    for kind, options in ALL.items():
        for headline, summary in options:
            for text, most in ((headline, 14), (summary, 49)):
                fields = {name for _, name, _, _ in Formatter().parse(text) if name}
                values = {name: longest.get(name, "Three Word Name") for name in fields}
                for name in fields & {"move", "impact", "price", "index", "multiple", "into", "of"}:
                    values[name] = "$1,234.5 million"
                for name in fields & {"agent", "partner", "betrayer", "betrayed", "target"}:
                    values[name] = "name"
                words = text.format_map(values).split()
                assert len(words) <= most, (kind, " ".join(words))


@pytest.mark.parametrize(
    ("phrase", "said"),
    [
        ("8.1% rise", "an 8.1% rise"),
        ("11% rise", "an 11% rise"),
        ("110.0%", "a 110.0%"),
        ("18.0%", "an 18.0%"),
        ("1.8%", "a 1.8%"),
        ("0.80%", "a 0.80%"),
        ("80,000 shares", "an 80,000 shares"),
        ("$8.00", "an $8.00"),
        ("hedge fund manager", "a hedge fund manager"),
        ("influencer", "an influencer"),
        ("SEC investigator", "an SEC investigator"),
        ("unit", "a unit"),
        ("euro", "a euro"),
        ("hour", "an hour"),
    ],
)
def test_a_and_an_follow_the_sound(phrase: str, said: str) -> None:
    assert grammar.indefinite(phrase) == said


def test_plurals_possessives_and_lists() -> None:
    assert grammar.counted(1, "share") == "1 share"
    assert grammar.counted(2_000, "share") == "2,000 shares"
    assert grammar.counted(0, "company", "companies") == "0 companies"
    assert grammar.possessive("Apex Technologies") == "Apex Technologies'"
    assert grammar.possessive("Nova Health") == "Nova Health's"
    assert grammar.listed([]) == ""
    assert grammar.listed(["A"]) == "A"
    assert grammar.listed(["A", "B"]) == "A and B"
    assert grammar.listed(["A", "B", "C"]) == "A, B and C"


@pytest.mark.parametrize(
    ("cents", "text"),
    [
        (0, "$0.00"),
        (5, "$0.05"),
        (-123_456, "-$1,234.56"),
        (99_999_999, "$999,999.99"),
        (100_000_000, "$1.0 million"),
        (99_994_999_999, "$999.9 million"),
        (99_995_000_000, "$1.0 billion"),
        (123_456_789_000, "$1.2 billion"),
        (250_000_000_000_000, "$2.5 trillion"),
    ],
)
def test_money(cents: int, text: str) -> None:
    assert grammar.dollars(cents) == text


def test_percents_keep_two_digits_and_their_sign() -> None:
    pairs = [(0.1234, "12.3%"), (-0.1234, "12.3%"), (0.00987, "0.99%"), (0.00996, "1.0%")]
    assert [grammar.percent(fraction) for fraction, _ in pairs] == [text for _, text in pairs]
    assert grammar.signed_percent(0.05) == "+5.0%"
    assert grammar.signed_percent(-0.05) == "-5.0%"
    assert grammar.signed_percent(-0.00001) == "0.00%"
    assert grammar.rate(-25) == "-0.25%"
    assert grammar.rate(505) == "5.05%"


def test_a_name_that_would_fill_a_headline_gives_way_to_its_symbol() -> None:
    assert grammar.short_name("Apex Technologies", "APEX") == "Apex Technologies"
    assert grammar.short_name("The Very Long Company Name", "VERY") == "VERY"
    assert grammar.short_name("X" * 41, "X") == "X"
    assert grammar.short_name("", "X") == "X"


def test_every_sector_and_role_can_be_said() -> None:
    assert {grammar.role_name(r) for r in ("ceo", "sec_investigator", "retail_trader")} == {
        "chief executive",
        "SEC investigator",
        "retail trader",
    }
    assert len(MarketRules().sectors) == 10
