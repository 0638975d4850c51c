"""A courier's process that delivers what is due, and is killed from outside."""

from __future__ import annotations

import time
from importlib import import_module
from typing import Any

import django


def main() -> None:
    django.setup()
    from wallstreetsim.api.courier import the_courier

    # Whoever kills it may take its time: what hangs is not given up before.
    exchange: Any = import_module("webhooks.courier.exchange")
    exchange.EXCHANGE_SECONDS = 600.0
    the_courier().deliver()
    time.sleep(600)


if __name__ == "__main__":
    main()
