"""The bots' equity over a match, as a picture. Needs matplotlib."""

from __future__ import annotations

from pathlib import Path

import matplotlib

from wallstreetsim.lab.arena.match import Match

matplotlib.use("Agg")

from matplotlib import pyplot


def draw(match: Match, path: Path) -> None:
    """Draw each bot's gain in percent, tick by tick; the file's ending says which format."""
    figure, axes = pyplot.subplots(figsize=(10, 5))
    for career in match.careers:
        start = career.endowment or 1
        gains = [100 * (equity / start - 1) for equity in career.equity]
        axes.plot(range(1, len(gains) + 1), gains, linewidth=1.0, label=career.bot.name)
    axes.axhline(0, color="grey", linewidth=0.5)
    axes.set(title=f"{match.ticks} ticks, seed {match.seed}", xlabel="tick", ylabel="gain, %")
    axes.legend()
    figure.tight_layout()
    figure.savefig(path)
    pyplot.close(figure)
