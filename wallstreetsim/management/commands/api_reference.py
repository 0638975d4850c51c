"""Write docs/api-reference.md from the documents that the exchange serves; --check says whether it
is as it should be.
"""

from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from wallstreetsim.api.reference import reference

PAGE = settings.BASE_DIR / "docs" / "api-reference.md"


class Command(BaseCommand):
    help = __doc__ or ""
    requires_system_checks = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--check", action="store_true", help="change nothing; 1 if it is old")

    def handle(self, *args: Any, **options: Any) -> None:
        page = reference()
        if not options["check"]:
            PAGE.write_text(page)
        elif not PAGE.exists() or PAGE.read_text() != page:
            raise CommandError("docs/api-reference.md is old: run manage.py api_reference")
