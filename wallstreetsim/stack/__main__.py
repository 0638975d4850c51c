"""`python -m wallstreetsim.stack` runs all; with the word `running` it asks if it does."""

import sys

from django.core.exceptions import ImproperlyConfigured

from wallstreetsim.stack import StackError


def main(words: list[str]) -> None:
    from wallstreetsim import settings  # where a bad environment shows
    from wallstreetsim.stack import launch, probes

    if words != ["running"]:
        launch.run()
    else:
        database = None if settings.EMBEDDED_POSTGRES else settings.DATABASES["default"]
        probes.check_running(settings.PLACES, database)


if __name__ == "__main__":
    try:
        main(sys.argv[1:])
    except OSError as error:
        where = f"cannot use {error.filename}: " if error.filename else ""
        sys.exit(f"wallstreetsim: {where}{error.strerror or error}")
    except (StackError, ImproperlyConfigured) as error:
        sys.exit(f"wallstreetsim: {error}")
