"""What a case's own evidence proves: judged anew from the copies that the case holds, before the
charge, at the verdict and on appeal.

It shares no code with what raised the suspicion, so that a fault of one is not believed by the
other. What the accused has cited in its answer is weighed here.
"""

from __future__ import annotations

from collections.abc import Mapping

from sec.engine.findings import NOTHING, Evidence, Finding, Verify
from sec.engine.proofs.bribery import verify_bribery
from sec.engine.proofs.coordination import verify_coordination
from sec.engine.proofs.insider_trading import verify_insider
from sec.engine.proofs.pump_and_dump import verify_pump
from sec.engine.proofs.spoofing import verify_spoofing
from sec.engine.proofs.wash_trading import verify_wash
from sec.engine.rules import (
    BRIBERY,
    COORDINATION,
    INSIDER_TRADING,
    PUMP_AND_DUMP,
    SPOOFING,
    WASH_TRADING,
)

VERIFIERS: Mapping[str, Verify] = {
    WASH_TRADING: verify_wash,
    SPOOFING: verify_spoofing,
    PUMP_AND_DUMP: verify_pump,
    INSIDER_TRADING: verify_insider,
    COORDINATION: verify_coordination,
    BRIBERY: verify_bribery,
}


def verify(crime: str, evidence: Evidence, account: int, cited: frozenset[str]) -> Finding:
    """Return what a case's evidence proves against one accused."""
    verifier = VERIFIERS.get(crime)
    return verifier(evidence, account, cited) if verifier else NOTHING
