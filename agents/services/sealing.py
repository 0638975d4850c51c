"""Secrets that must be read again, such as those that sign webhooks: sealed with a key that the
database does not hold, so that a stolen row alone is worth nothing.
"""

from __future__ import annotations

import base64
import hashlib
from functools import cache, lru_cache

from cryptography.fernet import Fernet, InvalidToken
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

REMEMBERED = 8_192  # secrets, opened


class CannotOpen(Exception):
    """What is sealed was sealed with another key."""


def seal(secret: str) -> str:
    """Return a secret as it is kept in the database."""
    return _box(settings.WEBHOOK_KEY).encrypt(secret.encode()).decode()


def open_sealed(sealed: str) -> str:
    """Return the secret that was sealed. Raises CannotOpen."""
    return _open(sealed, settings.WEBHOOK_KEY)


@lru_cache(REMEMBERED)
def _open(sealed: str, key: str) -> str:
    try:
        return _box(key).decrypt(sealed.encode()).decode()
    except InvalidToken:
        raise CannotOpen("a webhook secret was sealed with another WSS_WEBHOOK_KEY") from None


@cache
def _box(key: str) -> Fernet:
    if not key:
        raise ImproperlyConfigured("WSS_WEBHOOK_KEY is not set: it seals the webhooks' secrets")
    return Fernet(base64.urlsafe_b64encode(hashlib.sha256(key.encode()).digest()))
