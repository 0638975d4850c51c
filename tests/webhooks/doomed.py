"""A courier's process that delivers what is due, and is killed from outside."""

from __future__ import annotations

import time

import django


def main() -> None:
    django.setup()
    from wallstreetsim.api.courier import the_courier

    the_courier().deliver()
    time.sleep(60)


if __name__ == "__main__":
    main()
