"""What proves bribery: a bribe that was given, or one that was kept."""

from __future__ import annotations

from sec.engine.findings import NOTHING, Evidence, Finding
from sec.engine.records import DETECTED, KEPT, REPORTED


def verify_bribery(evidence: Evidence, account: int, cited: frozenset[str]) -> Finding:
    """Prove that an account has given a bribe, or kept one."""
    involved = [
        payment
        for payment in evidence.payments.values()
        if (payment.giver == account and payment.kind in (KEPT, DETECTED, REPORTED))
        or (payment.taker == account and payment.kind == KEPT)
    ]
    if not involved:
        return NOTHING
    cents = sum(payment.cents for payment in involved)
    return Finding(1.0, cents, cents, tuple(payment.id for payment in involved))
