"""What house agents say: templates, which `fill` fills in."""

from __future__ import annotations

GREETINGS = (
    "What do you make of {symbol} at this price?",
    "Anyone moving size in {symbol} today?",
    "I see more sellers than buyers in {symbol}. And you?",
    "Good morning. How is the book treating you?",
    "{symbol} looks tired to me. Do you still hold it?",
    "Is it only me, or is {symbol} unusually quiet?",
)
ANSWERS = (
    "I keep my views to myself, but thank you for asking.",
    "Hard to say. I would wait for the close.",
    "I hold a little, and I am in no hurry.",
    "Ask me again when the news is out.",
    "More buyers than sellers, from where I sit.",
)
PROPOSALS = (
    "Let us not trade against each other for a while.",
    "Two pairs of eyes see more than one: shall we compare notes?",
    "I propose that we keep out of each other's way.",
)
REASONS = ("It was good while it lasted.", "I need a free hand.", "Nothing personal.")
GOOD_RUMORS = (
    "Word is that {name} is about to report very strong growth and record profit",
    "People close to {name} speak of an excellent quarter, far better than expected",
    "{name} is said to have won a great contract: analysts are very optimistic",
    "I hear of a takeover offer for {name} at a handsome premium, shareholders will be delighted",
)
BAD_RUMORS = (
    "Word is that {name} hides terrible losses and will miss its targets badly",
    "People close to {name} speak of fraud, and of an investigation to come",
    "{name} is said to lose its largest customer: a disaster for its profits",
    "I hear of a scandal at {name}: the board is in panic, and the bank may refuse new loans",
)
BRIBE_REQUESTS = (
    "For your trouble. I trust that you have better things to look at.",
    "A small token, with no questions asked.",
)
TIPS = (
    "Volume in {symbol} came out of nothing, and the price did not explain it.",
    "Orders in {symbol} were shown and taken back before anybody could trade with them.",
    "{symbol} was bought up quickly and then sold to those who had followed.",
)


def fill(texts: tuple[str, ...], u: float, *, symbol: str = "", name: str = "") -> str:
    """Return the text at quantile `u` about a company."""
    return texts[int(u * len(texts))].format(symbol=symbol, name=name)
