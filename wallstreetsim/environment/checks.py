"""What a process refuses to run with."""

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

LOOPBACK = {"127.0.0.1", "::1", "localhost"}
LOCAL_HOSTS = {"localhost", "127.0.0.1", "[::1]"}


def check_settings() -> None:
    """Raise ImproperlyConfigured for what must not be open to anybody: no key to sign with, or
    Django's debug pages where others than this machine can see them.
    """
    if not settings.SECRET_KEY:
        raise ImproperlyConfigured("SECRET_KEY is empty: sessions could be forged.")
    is_local = settings.BIND in LOOPBACK and set(settings.ALLOWED_HOSTS) <= LOCAL_HOSTS
    is_ours = settings.EMBEDDED_POSTGRES and settings.EMBEDDED_REDIS
    if settings.DEBUG and not (is_local and is_ours):
        raise ImproperlyConfigured(
            "DEBUG shows settings and code to whoever meets an error: it is for an exchange that"
            " only this machine reaches, with stores of its own."
        )
