"""The Celery application: beat fires the tick, floor runs it, courier carries what leaves us."""

import os
from typing import Any

from celery import Celery
from celery.signals import setup_logging

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "wallstreetsim.settings")

app = Celery("wallstreetsim")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()


@setup_logging.connect
def keep_our_logging(**_: Any) -> None:
    """Leave logging to Django: Celery sets up its own unless somebody answers this signal."""
