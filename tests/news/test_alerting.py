"""Which alerts are sent, in which order that happens, and Discord's form of them."""

from __future__ import annotations

import json
from typing import Any

import pytest

from news.research.alerting import Admission, AlertFilter, AlertManager
from news.research.embeds import LONGEST_DESCRIPTION, LONGEST_TITLE, MOST_FIELDS, embed, payload
from news.research.events import Alert


def alert(title: str = "APEX falls 3.2%", *, weight: float = 1.0, **other: Any) -> Alert:
    fields: dict[str, Any] = {
        "tick": 1,
        "kind": "selloff",
        "source": "selloff",
        "symbol": "APEX",
        "description": "It falls.",
        "colour": 0xFF0000,
        "fields": (("Move", "-3.2 %"),),
    }
    return Alert(**(fields | other), title=title, weight=weight)


@pytest.fixture
def filter() -> AlertFilter:
    return AlertFilter(repeat_ticks=300, per_tick=10)


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("APEX falls 3.2%", "APEX falls 4.75%"),
        ("APEX trades 4.2x its usual volume", "APEX trades 11x its usual volume"),
        ("APEX at $1,204.50", "APEX at $98"),
        ("APEX moves -3 bps", "APEX moves +14 bps"),
    ],
)
def test_an_alert_whose_numbers_alone_differ_repeats_the_first(
    filter: AlertFilter, first: str, second: str
) -> None:
    assert filter.admit(1, [alert(first)]).sent == (alert(first),)
    assert filter.admit(300, [alert(second)]) == Admission((), (alert(second),), 0)


@pytest.mark.parametrize(
    "other",
    [
        alert(kind="rally"),
        alert(symbol="NEXUS"),
        alert(symbol=None),
        alert(source="gap"),
        alert("APEX rises 3.2%"),
    ],
)
def test_another_type_symbol_source_or_title_is_another_alert(
    filter: AlertFilter, other: Alert
) -> None:
    filter.admit(1, [alert()])
    assert filter.admit(2, [other]).sent == (other,)


def test_digits_of_a_name_are_no_numbers(filter: AlertFilter) -> None:
    filter.admit(1, [alert("3M falls")])
    assert filter.admit(2, [alert("4M falls")]).sent


def test_it_may_be_sent_again_after_three_hundred_ticks_of_the_last_that_was(
    filter: AlertFilter,
) -> None:
    sent = [tick for tick in range(1, 1_000, 10) if filter.admit(tick, [alert()]).sent]
    assert sent == [1, 301, 601, 901]


def test_two_in_one_tick_are_one(filter: AlertFilter) -> None:
    small, large = alert("APEX falls 1%", weight=1), alert("APEX falls 2%", weight=2)
    assert filter.admit(1, [small, large]) == Admission((large,), (small,), 0)


def test_a_tick_sends_ten_the_biggest_first_and_counts_the_rest(filter: AlertFilter) -> None:
    crash = [alert(symbol=f"S{n}", weight=n % 50) for n in range(100)]
    admission = filter.admit(1, crash)
    weights = [one.weight for one in admission.sent]
    assert weights == [49, 49, 48, 48, 47, 47, 46, 46, 45, 45]
    assert admission.omitted == 90 and admission.repeated == ()


def test_what_was_left_out_may_come_in_the_next_tick(filter: AlertFilter) -> None:
    crash = [alert(symbol=f"S{n}", weight=n) for n in range(15)]
    first, second = filter.admit(1, crash), filter.admit(2, crash)
    assert len(first.sent) == 10 and len(second.sent) == 5
    assert set(first.sent) | set(second.sent) == set(crash)


def test_its_memory_outlives_a_process(filter: AlertFilter) -> None:
    filter.admit(7, [alert(), alert(symbol=None)])
    other = AlertFilter(repeat_ticks=300, per_tick=10)
    other.load(json.loads(json.dumps(filter.dump())))
    assert other.dump() == filter.dump()
    assert other.admit(306, [alert()]).repeated and other.admit(307, [alert()]).sent


def test_its_memory_ends(filter: AlertFilter) -> None:
    for tick in range(2_000):
        filter.admit(tick, [alert(symbol=f"S{tick}")])
    assert len(filter.dump()) == 300


# The order


class Story:
    """Notes what is done, and fails where it is told to."""

    def __init__(self, *, fails: str = "") -> None:
        self.done: list[str] = []
        self.fails = fails
        self.manager = AlertManager(self.act("publish"), self.act("discord"))

    def act(self, name: str) -> Any:
        def act() -> Any:
            self.done.append(name)
            if name == self.fails:
                raise OSError("away")
            return Admission((alert(),), (), 0)

        return act

    def send(self) -> Admission:
        return self.manager.send(self.act("commit"))


def test_an_alert_is_committed_then_published_then_handed_on() -> None:
    story = Story()
    assert story.send().sent == (alert(),)
    assert story.done == ["commit", "publish", "discord"]


def test_what_is_not_committed_is_told_nobody() -> None:
    story = Story(fails="commit")
    with pytest.raises(OSError):
        story.send()
    assert story.done == ["commit"]


@pytest.mark.parametrize("fails", ["publish", "discord"])
def test_what_fails_after_the_commit_loses_nothing_and_is_logged(
    fails: str, caplog: pytest.LogCaptureFixture
) -> None:
    story = Story(fails=fails)
    assert story.send().sent == (alert(),)
    assert story.done == ["commit", "publish", "discord"]
    assert "away" in caplog.text


def test_a_repetition_is_logged_and_discord_not_asked(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO")
    done: list[str] = []
    manager = AlertManager(lambda: done.append("publish"), lambda: done.append("discord"))
    manager.send(lambda: Admission((), (alert(),), 3))
    assert done == ["publish"]
    assert "APEX falls" in caplog.text and "3 alerts" in caplog.text


# Discord's form


def embedded(**other: Any) -> Any:
    fields: dict[str, Any] = {
        "title": "A",
        "description": "B",
        "colour": 0x112233,
        "fields": [("Move", "-3 %")],
        "source": "selloff",
        "timestamp": "2026-01-01T00:00:00+00:00",
    }
    return payload(embed(**(fields | other)))


def test_a_payload_has_one_embed_and_mentions_nobody() -> None:
    body = embedded()
    assert body["allowed_mentions"] == {"parse": []}
    [one] = body["embeds"]
    assert one["color"] == 0x112233 and one["footer"] == {"text": "selloff"}
    assert one["fields"] == [{"name": "Move", "value": "\\-3 %", "inline": True}]


@pytest.mark.parametrize(
    "text", ["@everyone", "**b**", "[a](https://x.example)", "<@1>", "`c`", "||s||", "\\", "# h"]
)
def test_markdown_is_escaped_wherever_an_agent_may_have_written_it(text: str) -> None:
    body = embedded(title=text, description=text, fields=[(text, text)])
    [one] = body["embeds"]
    for shown in (one["title"], one["description"], *one["fields"][0].values()):
        if isinstance(shown, str):
            assert "".join(pair[-1] for pair in _pairs(shown)) == text  # and read as it was
            bare = [pair for pair in _pairs(shown) if len(pair) == 1]
            assert not set("".join(bare)) & set("\\*_~`|>#-[]()<:@")


def _pairs(text: str) -> list[str]:
    """Return the characters of a text, an escaped one with what escapes it."""
    pairs, rest = [], text
    while rest:
        size = 2 if rest[0] == "\\" else 1
        pairs.append(rest[:size])
        rest = rest[size:]
    return pairs


@pytest.mark.parametrize("letter", ["x", "*", "\\"])
def test_what_is_too_long_is_cut_and_never_within_an_escape(letter: str) -> None:
    body = embedded(title=letter * 900, description=letter * 9_000, fields=[("", "")] * 40)
    [one] = body["embeds"]
    assert len(one["title"]) <= LONGEST_TITLE and one["title"].endswith("…")
    assert len(one["description"]) <= LONGEST_DESCRIPTION
    assert all(len(pair) == 2 or pair != "\\" for pair in _pairs(one["title"].rstrip("…")))
    assert len(one["fields"]) == MOST_FIELDS and all(f["value"] for f in one["fields"])
    assert len(json.dumps(body)) < 6_000 * 2
