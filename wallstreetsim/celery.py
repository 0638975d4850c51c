"""The Celery application: beat fires the tick, floor runs it, courier carries what leaves us."""

import os
import signal
from types import FrameType
from typing import Any

import kombu
from celery import Celery
from celery.app import amqp
from celery.apps.beat import Beat
from celery.beat import Service
from celery.signals import setup_logging

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "wallstreetsim.settings")

DELIVER = "wallstreetsim.deliver"
RESEARCH = "wallstreetsim.research"
ANNOUNCE = "news.announce_alerts"
DELIVER_SECONDS = 2  # between two looks for what a lost message has left


class Connection(kombu.Connection):
    """A broker connection that is tried again every second, not more and more rarely."""

    def ensure_connection(self, *args: Any, **options: Any) -> Any:
        every_second = {"interval_start": 1, "interval_step": 0, "interval_max": 1}
        return super().ensure_connection(*args, **(every_second | options))


class AMQP(amqp.AMQP):
    Connection = Connection


class EndingBeat(Beat):
    """Beat that writes its schedule down after it has let go of what it was doing. Celery's does
    so in the signal's handler: in the midst of a statement it would wait for ever for the
    connection, which that statement holds.
    """

    def install_sync_handler(self, service: Service) -> None:
        """Have SIGTERM and SIGINT end the service, which writes the schedule down as it ends."""

        def end(number: int, frame: FrameType | None) -> None:
            for each in (signal.SIGTERM, signal.SIGINT):  # nothing interrupts the writing
                signal.signal(each, signal.SIG_IGN)
            service.stop()  # should a destructor swallow the exception
            raise SystemExit

        for each in (signal.SIGTERM, signal.SIGINT):
            signal.signal(each, end)


class Application(Celery):
    @property
    def Beat(self) -> Any:
        return self.subclass_with_self(EndingBeat)


app = Application("wallstreetsim", amqp=AMQP)
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()


@setup_logging.connect
def keep_our_logging(**_: Any) -> None:
    """Leave logging to Django: Celery sets up its own unless somebody answers this signal."""


def send_research() -> None:
    """Have a courier's research desk read the tape. Raises what kombu does without Redis."""
    app.send_task(RESEARCH, expires=DELIVER_SECONDS, retry=False)


def send_announce() -> None:
    """Have a courier send alerts to Discord. Raises what kombu does without Redis."""
    app.send_task(ANNOUNCE, expires=DELIVER_SECONDS, retry=False)


def send_deliver(**_: Any) -> None:
    """Have a courier look for what is due. Raises what kombu does without Redis."""
    app.send_task(DELIVER, expires=DELIVER_SECONDS, retry=False)
