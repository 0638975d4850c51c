"""Signatures of a delivery: Standard Webhooks 1.0, and the same secret's over the body alone."""

from __future__ import annotations

import base64
import hmac
from collections.abc import Sequence

SECRET_PREFIX = "whsec_"


def secret_bytes(secret: str) -> bytes:
    """Return the bytes that a `whsec_…` secret stands for. Raises ValueError."""
    if not secret.startswith(SECRET_PREFIX):
        raise ValueError(f"a webhook secret begins with {SECRET_PREFIX}")
    return base64.b64decode(secret.removeprefix(SECRET_PREFIX), validate=True)


def signature_headers(
    body: bytes, *, id: str, timestamp: int, secrets: Sequence[bytes]
) -> dict[str, str]:
    """Return the headers that sign a body: by each of `secrets`, the newest first.

    Source: Standard Webhooks 1.0.0, "Signature scheme" and "Rotation".
    """
    signed = f"{id}.{timestamp}.".encode() + body
    newest, *older = secrets
    headers = {
        "webhook-id": id,
        "webhook-timestamp": str(timestamp),
        "webhook-signature": " ".join(f"v1,{_base64(secret, signed)}" for secret in secrets),
        "X-WSS-Signature": f"sha256={hmac.digest(newest, body, 'sha256').hex()}",
    }
    if older:
        old = hmac.digest(older[0], body, "sha256").hex()
        headers["X-WSS-Signature-Previous"] = f"sha256={old}"
    return headers


def _base64(secret: bytes, message: bytes) -> str:
    return base64.b64encode(hmac.digest(secret, message, "sha256")).decode()
