"""Structured logs: a JSON object a line, or plain lines on a terminal; each names its request."""

import logging
import re
from contextvars import ContextVar
from typing import Any

request_id: ContextVar[str] = ContextVar("request_id", default="-")


class RequestFilter(logging.Filter):
    """Stamp every record with the id of the request, socket or task it was written for.

    Of a request that Django adds to a record stay the method and the path: what follows may be a
    key that somebody sent where it does not belong. One in the path is struck out.
    """

    def filter(self, record: logging.LogRecord) -> bool:
        record.request_id = request_id.get()
        if record.name == "django.security.DisallowedHost":
            record.exc_info = None  # anybody may send it, and there is nothing to trace
        if request := record.__dict__.pop("request", None):
            record.method = getattr(request, "method", None)
            record.path = _without_secrets(str(getattr(request, "path", "")))
        message = record.getMessage()
        if (shown := _without_secrets(message)) != message:
            record.msg, record.args = shown, ()
        return True


# A key, a token or a ticket of ours, or the secret of a webhook, however it is escaped.
_SECRET = re.compile(r"(wss_|wsession_|wticket_|whsec_)[A-Za-z0-9_\-+/=%]+")


def _without_secrets(text: str) -> str:
    return _SECRET.sub(r"\1***", text)


def configuration(*, level: str, readable: bool) -> dict[str, Any]:
    """Return the `LOGGING` dictionary: everything of `level` and above goes to standard output."""
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "filters": {"request": {"()": RequestFilter}},
        "formatters": {
            "json": {
                "()": "pythonjsonlogger.json.JsonFormatter",
                "format": "%(asctime)s %(levelname)s %(name)s %(request_id)s %(message)s",
                "rename_fields": {"asctime": "time", "levelname": "level", "name": "logger"},
            },
            "readable": {
                "format": "%(asctime)s %(levelname)-7s %(name)s [%(request_id)s] %(message)s",
                "datefmt": "%H:%M:%S",
            },
        },
        "handlers": {
            "stdout": {
                "class": "logging.StreamHandler",
                "stream": "ext://sys.stdout",
                "filters": ["request"],
                "formatter": "readable" if readable else "json",
            }
        },
        "root": {"level": level, "handlers": ["stdout"]},
        "loggers": {
            # Django would otherwise add its own console and mail handlers.
            "django": {"level": level, "handlers": [], "propagate": True},
            # Three lines a tick that say nothing the floor does not say better.
            "celery.beat": {"level": "WARNING"},
            "celery.worker.strategy": {"level": "WARNING"},
            "celery.app.trace": {"level": "WARNING"},
        },
    }
