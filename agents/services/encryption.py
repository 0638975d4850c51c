"""Encryption of secrets that must be read again, such as those that sign webhooks.

The key is not in the database, so that a stolen row alone is worth nothing.
"""

from __future__ import annotations

import base64
import hashlib
from functools import cache, lru_cache

from cryptography.fernet import Fernet, InvalidToken
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

REMEMBERED = 8_192  # decrypted secrets


class CannotDecrypt(Exception):
    """The secret was encrypted with another key."""


def encrypt(secret: str) -> str:
    """Return a secret as it is kept in the database."""
    return _cipher(settings.WEBHOOK_KEY).encrypt(secret.encode()).decode()


def decrypt(encrypted: str) -> str:
    """Return the secret that was encrypted. Raises CannotDecrypt."""
    return _decrypted(encrypted, settings.WEBHOOK_KEY)


def reencrypt(encrypted: str, *, before: str) -> str:
    """Return a secret that was encrypted with the key `before`, encrypted with today's. One that
    was encrypted with today's already is returned as it is. Raises CannotDecrypt.
    """
    try:
        _decrypted(encrypted, settings.WEBHOOK_KEY)
    except CannotDecrypt:
        return encrypt(_decrypted(encrypted, before))
    return encrypted


@lru_cache(REMEMBERED)
def _decrypted(encrypted: str, key: str) -> str:
    try:
        return _cipher(key).decrypt(encrypted.encode()).decode()
    except InvalidToken:
        raise CannotDecrypt("a webhook secret was encrypted with another WSS_WEBHOOK_KEY") from None


@cache
def _cipher(key: str) -> Fernet:
    if not key:
        raise ImproperlyConfigured("WSS_WEBHOOK_KEY is not set: it encrypts the webhooks' secrets")
    return Fernet(base64.urlsafe_b64encode(hashlib.sha256(key.encode()).digest()))
