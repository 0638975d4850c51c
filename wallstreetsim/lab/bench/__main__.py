"""`python -m wallstreetsim.lab.bench [NAME …]` measures, prints one table and writes bench.json."""

from __future__ import annotations

import json
import os
import sys
import tempfile
from importlib import import_module
from pathlib import Path

from wallstreetsim.stack import compiled

FIGURES = {
    "match_one": "matching",
    "match_100": "matching",
    "tick_quiet": "ticks",
    "tick_1000": "ticks",
    "tick_1000_watched": "watched",
    "tick_10000": "ticks",
    "tick_10000_desk": "research",
    "research_entry": "research",
    "research_day": "research",
    "tick_10000_agents": "ticks",
    "tick_mixed": "ticks",
    "tick_social": "ticks",
    "tick_liquidation": "ticks",
    "sec_10000": "surveillance",
    "sec_day_6": "surveillance",
    "scenario_speed": "scenarios",
    "scenario_house": "scenarios",
    "gym_steps": "learning",
    "prices_100": "living",
    "house_24": "living",
    "house_1000": "living",
    "news_busy": "news",
    "actions_post": "actions",
    "actions_post_8": "actions",
    "feed_200": "feeds",
    "feed_1000": "feeds",
    "feed_two_processes": "feeds",
    "recovery": "recovery",
    "feed_memory": "recovery",
    "webhooks_1000": "webhooks",
    "webhooks_hanging": "webhooks",
    "cold_start": "starting",
}


def main(names: list[str]) -> None:
    unknown = [name for name in names if name not in FIGURES]
    if unknown:
        sys.exit(f"bench: there is no figure {unknown[0]}; there are {', '.join(FIGURES)}")
    with tempfile.TemporaryDirectory(prefix="wss-bench-", dir="/tmp") as data:
        os.environ |= {"WSS_DATA_DIR": data, "WSS_LOG_LEVEL": "error"}
        os.environ |= {"SECRET_KEY": "bench", "WSS_WEBHOOK_KEY": "bench"}
        measured = _measure(names or list(FIGURES))
    from wallstreetsim.lab.bench.figures import table

    print(table(measured))
    print(f"The machine ran {'compiled' if compiled.IN_USE else 'from its sources'}.")
    Path("bench.json").write_text(json.dumps({"results": measured}, indent=2) + "\n")


def _measure(names: list[str]) -> list[dict[str, object]]:
    """Start the servers, make the database, and take one figure after another."""
    import django
    from django.conf import settings
    from django.core.management import call_command

    from wallstreetsim.stack.temporary import servers

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "wallstreetsim.settings")
    with servers(settings.PLACES):
        django.setup()
        call_command("migrate", verbosity=0)
        measured = []
        for name in names:
            print(f"{name} …", file=sys.stderr, flush=True)
            module = import_module(f"wallstreetsim.lab.bench.{FIGURES[name]}")
            measured.append(getattr(module, name)().as_json())
        _leave_database()
    return measured


def _leave_database() -> None:
    """Close the pool while the server still runs, so that nobody complains of lost connections."""
    from django.db import connections
    from django.db.backends.postgresql.base import DatabaseWrapper

    wrapper = connections["default"]
    wrapper.close()
    assert isinstance(wrapper, DatabaseWrapper)
    wrapper.close_pool()


if __name__ == "__main__":
    main(sys.argv[1:])
