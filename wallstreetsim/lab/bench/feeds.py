"""The feed's figures: our hub and sockets, beside a consumer that gets a group message a price."""

from __future__ import annotations

from wallstreetsim.lab.bench.feed import measure_feed, measure_plain_feed
from wallstreetsim.lab.bench.figures import Baseline, Figure


def feed_200() -> Figure:
    return _feed("feed_200", clients=200)


def feed_1000() -> Figure:
    return _feed("feed_1000", clients=1_000)


def feed_two_processes() -> Figure:
    """Measure 1,000 sockets on two web processes; the baseline is all of them on one."""
    two, one = measure_feed(1_000, processes=2), measure_feed(1_000)
    return Figure(
        "feed_two_processes",
        "ms",
        two.delays_ms,
        Baseline("one process", one.delays_ms),
        {"kB a socket": round(two.kilobytes_each, 1), "missed": two.missed},
    )


def _feed(name: str, *, clients: int) -> Figure:
    """Measure from commit to frame, a sample a client and tick."""
    ours, plain = measure_feed(clients), measure_plain_feed(clients)
    return Figure(
        name,
        "ms",
        ours.delays_ms,
        Baseline("a group_send a price", plain.delays_ms),
        {"kB a socket": round(ours.kilobytes_each, 1), "missed": ours.missed},
    )
