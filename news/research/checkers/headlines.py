"""Breaking news, as the newsroom wrote it; what rumors say is not repeated."""

from __future__ import annotations

from news.research.checkers import writing
from news.research.events import Alert
from news.research.views import DeskView

SOURCE = "news"
KIND = "news"
KINDS = (KIND,)
LONGEST = 200  # characters of a title


def check(desk: DeskView) -> list[Alert]:
    """Return an alert for each breaking article of the tick that is not a rumor."""
    return [
        Alert(
            tick=desk.tick,
            kind=KIND,
            source=SOURCE,
            symbol=article["symbols"][0] if len(article["symbols"]) == 1 else None,
            title=article["headline"][:LONGEST],
            description=article["content"],
            colour=writing.BLUE,
            fields=(("Section", article["section"]),),
            weight=4.0 + 4.0 * abs(article["sentiment"]),
            side=writing.side_of(article["sentiment"]) if article["sentiment"] else None,
        )
        for article in desk.articles
        if article["isBreaking"] and not article["rumor"]
    ]
