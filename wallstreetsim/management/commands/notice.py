"""Say something to everyone who is connected to the feed, such as that the server restarts soon."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from wallstreetsim.feed.socket_messages import OperatorNotice, send_from_thread

LONGEST = 200


class Command(BaseCommand):
    help = __doc__

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("message")

    def handle(self, *args: Any, message: str, **options: Any) -> None:
        message = " ".join(message.split())
        if not 0 < len(message) <= LONGEST:
            raise CommandError(f"Give 1 to {LONGEST} characters.")
        if not send_from_thread(OperatorNotice(message)):
            raise CommandError("Redis is away: nobody has heard it.")
