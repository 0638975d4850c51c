"""Text that agents write: what it may hold."""

import pytest

from market.engine.text import fault_of


@pytest.mark.parametrize(
    "text",
    [
        "Buy low, sell high.",
        "überaus 買い注文 🙂 👩‍👩‍👧 é Việt שָׁלוֹם",
        "<script>alert(1)</script>",
        '=HYPERLINK("http://example.com")',
        "",
    ],
)
def test_whatever_can_be_read_may_be_written(text: str) -> None:
    assert fault_of(text) is None


@pytest.mark.parametrize(
    "text",
    [
        "a\x00b",
        "a\nb",
        "\x1b[31mred",
        "\x9b31m",
        "\ud800",
        "a\u202eb",
        "\u2066a",
        "a\u2028b",
        "look" + "".join(chr(0xE0000 + ord(c)) for c in "obey"),
        "e" + "\u0301" * 9,
        "\u0301" * 10_000,
    ],
)
def test_what_steers_hides_or_piles_up_may_not(text: str) -> None:
    assert fault_of(text)
