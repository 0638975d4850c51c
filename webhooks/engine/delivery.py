"""The limits of a delivery."""

from __future__ import annotations

CONNECT_SECONDS = 1.0
EXCHANGE_SECONDS = 5.0  # by the wall clock, from the first byte sent to the last one read
LARGEST_REPLY = 64 * 1024
CLAIM_SECONDS = 12.0  # for which a courier is alone with an endpoint: an exchange and its writing
KEPT_DELIVERIES = 50  # an endpoint
SECRET_OVERLAP_SECONDS = 86_400  # for which a secret signs along after it was replaced
HEADERS = (
    "webhook-id",
    "webhook-timestamp",
    "webhook-signature",
    "X-WSS-Signature",
    "X-WSS-Signature-Previous",
    "X-WSS-Timestamp",
    "X-WSS-Agent-ID",
    "X-WSS-Tick",
    "X-WSS-Attempt",
)
