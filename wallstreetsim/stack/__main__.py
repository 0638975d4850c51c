"""`python -m wallstreetsim.stack` runs all; with a word it looks after what runs.

`running` asks if it does; `control WORD…` hands the words on to supervisorctl: `control stop
exchange:floor`.
"""

import os
import sys

from django.core.exceptions import ImproperlyConfigured

from wallstreetsim.stack import StackError


def main(words: list[str]) -> None:
    from wallstreetsim import settings  # where a bad environment shows
    from wallstreetsim.stack import launch, probes

    match words:
        case []:
            launch.run()
        case ["running"]:
            database = None if settings.EMBEDDED_POSTGRES else settings.DATABASES["default"]
            probes.check_running(settings.PLACES, database)
        case ["control", *rest]:
            socket = f"unix://{settings.PLACES.supervisor_socket}"
            control = [sys.executable, "-m", "supervisor.supervisorctl", "-s", socket]
            os.execv(control[0], [*control, *rest])
        case _:
            raise StackError("give no word at all, `running`, or `control` and more")


if __name__ == "__main__":
    try:
        main(sys.argv[1:])
    except OSError as error:
        where = f"cannot use {error.filename}: " if error.filename else ""
        sys.exit(f"wallstreetsim: {where}{error.strerror or error}")
    except (StackError, ImproperlyConfigured) as error:
        sys.exit(f"wallstreetsim: {error}")
