"""`python -m wallstreetsim`, or `wallstreetsim` where it is installed: the management commands, of
which scenario, arena, sweep and realism need no server.
"""

import os
import sys

from django.core.exceptions import ImproperlyConfigured
from django.core.management import execute_from_command_line


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "wallstreetsim.settings")
    try:
        execute_from_command_line(sys.argv)
    except ImproperlyConfigured as error:  # the environment is bad, which is no fault to trace
        sys.exit(f"wallstreetsim: {error}")


if __name__ == "__main__":
    main()
