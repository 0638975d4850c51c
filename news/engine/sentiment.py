"""How good or bad news a sentence is.

Source: Hutto and Gilbert, VADER (ICWSM 2014), which knows negation and intensifiers, with a lexicon
of our own for what words mean on an exchange (as Loughran and McDonald, Journal of Finance 2011,
found that everyday lists misjudge filings).
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from vaderSentiment.vaderSentiment import SentimentIntensityAnalyzer

# From -4, the worst, to 4, the best.
_WORDS = {
    # results and business
    **dict.fromkeys(("beat", "beats", "outperform", "outperforms", "outperformed"), 2.3),
    **dict.fromkeys(("miss", "misses", "missed", "shortfall", "underperform"), -2.3),
    **dict.fromkeys(("growth", "growing", "grows", "expansion", "expands"), 2.2),
    **dict.fromkeys(("profit", "profits", "profitable", "dividend", "buyback"), 2.1),
    **dict.fromkeys(("loss", "losses", "deficit", "writedown", "write-down"), -2.2),
    **dict.fromkeys(("record", "records", "milestone", "breakthrough"), 2.2),
    **dict.fromkeys(("contract", "contracts", "partnership", "deal"), 1.5),
    **dict.fromkeys(("layoffs", "layoff", "recall", "recalls", "outage", "strike"), -2.2),
    **dict.fromkeys(("upgrade", "upgrades", "upgraded", "overweight"), 2.3),
    **dict.fromkeys(("downgrade", "downgrades", "downgraded", "underweight"), -2.3),
    **dict.fromkeys(("approval", "approved", "approves", "cleared"), 2.6),
    **dict.fromkeys(("rejection", "rejected", "rejects", "denied"), -2.5),
    **dict.fromkeys(("merger", "takeover", "acquisition", "buyout", "bid"), 1.9),
    **dict.fromkeys(("undervalued", "cheap", "bargain"), 1.9),
    **dict.fromkeys(("overvalued", "overpriced", "expensive"), -1.9),
    # prices
    **dict.fromkeys(("rally", "rallies", "rallying", "surge", "surges", "surging"), 2.6),
    **dict.fromkeys(("soar", "soars", "soaring", "skyrocket", "moon", "mooning"), 3.0),
    **dict.fromkeys(("rise", "rises", "rising", "gain", "gains", "climb", "climbs"), 1.8),
    **dict.fromkeys(("rebound", "rebounds", "recovery", "recovers", "breakout"), 2.0),
    **dict.fromkeys(("bullish", "bull", "upside", "outpace", "outpaces"), 2.2),
    **dict.fromkeys(("crash", "crashes", "crashing", "collapse", "collapses"), -3.2),
    **dict.fromkeys(("plunge", "plunges", "plunging", "plummet", "plummets"), -3.0),
    **dict.fromkeys(("tumble", "tumbles", "slump", "slumps", "selloff", "sell-off"), -2.5),
    **dict.fromkeys(("fall", "falls", "falling", "drop", "drops", "slide", "slides"), -1.9),
    **dict.fromkeys(("tank", "tanks", "tanking", "sink", "sinks", "dump", "dumping"), -2.5),
    **dict.fromkeys(("bearish", "bear", "downside", "weakness", "volatile"), -2.0),
    # law and ruin
    **dict.fromkeys(("fraud", "fraudulent", "embezzlement", "ponzi"), -3.6),
    **dict.fromkeys(("scandal", "scandals", "bribery", "laundering"), -3.0),
    **dict.fromkeys(("investigation", "investigated", "probe", "subpoena"), -2.4),
    **dict.fromkeys(("lawsuit", "lawsuits", "sued", "indicted", "indictment"), -2.6),
    **dict.fromkeys(("bankrupt", "bankruptcy", "insolvent", "insolvency"), -3.7),
    **dict.fromkeys(("default", "defaults", "defaulted", "delisting", "delisted"), -3.2),
    **dict.fromkeys(("resigns", "resign", "resigned", "ousted", "fired"), -2.0),
    **dict.fromkeys(("hack", "hacked", "breach", "leak", "ransomware"), -2.4),
    **dict.fromkeys(("restatement", "restates", "misstated", "accounting"), -1.3),
    **dict.fromkeys(("wins", "win", "won"), 2.2),
}

# Feelings in everyday speech, plain terms on an exchange or parts of companies' names.
_PLAIN = (
    "alder amber ape apes apex asset assets aurora bond bonds brands capital care cedar commission"
    " coral crest crude diamond diamonds energy equity exchange falcon feature fed foods gold"
    " grand gross harbor health holdings horizon interest interests iris jade like long luck lucky"
    " meme mine mining monarch nova option options pulse prime rocket secure securities security"
    " shares share short shorts stake stakes solace summit thistle tempest titan trust united"
    " value values vice violet vital yield yields zenith"
).split()


def _analyzer() -> Any:
    analyzer: Any = SentimentIntensityAnalyzer()
    for word in _PLAIN:
        analyzer.lexicon.pop(word, None)
    analyzer.lexicon.update(_WORDS)
    return analyzer


_ANALYZER = _analyzer()


def sentiment(text: str, names: Iterable[str] = ()) -> float:
    """Return from -1, the worst news, to 1, the best, to four decimals; 0 for neutral words.

    `names` are left out: what a company is called is no news of it.
    """
    for name in names:
        text = _without(text, name)
    return float(_ANALYZER.polarity_scores(text)["compound"])


def _without(text: str, name: str) -> str:
    """Return the text with a placeholder, which means nothing, for each use of a name."""
    lowered, sought = text.lower(), name.lower()
    if not sought or len(lowered) != len(text):
        return text
    at = lowered.find(sought)
    while at >= 0:
        end = at + len(sought)
        starts = at == 0 or not text[at - 1].isalnum()
        ends = end == len(text) or not text[end].isalnum()
        if starts and ends:
            text = f"{text[:at]}it{text[end:]}"
            lowered, end = text.lower(), at + 2
        at = lowered.find(sought, end)
    return text
