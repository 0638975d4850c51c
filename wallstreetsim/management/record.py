"""Commands that work on the record of an exchange that runs."""

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from wallstreetsim.stack import StackError, probes


class RecordCommand(BaseCommand):
    """A command that needs the database, and reports in one line that it is unavailable."""

    def execute(self, *args: Any, **options: Any) -> str | None:
        database = None if settings.EMBEDDED_POSTGRES else settings.DATABASES["default"]
        try:
            probes.check_running(settings.PLACES, database)
        except StackError as absence:
            raise CommandError(str(absence)) from None
        return super().execute(*args, **options)
