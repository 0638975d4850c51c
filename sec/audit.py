"""The law's audit: its rows against the ledger, and held against the machine."""

from __future__ import annotations

from collections.abc import Iterator

from django.db.backends.utils import CursorWrapper

from market.common.auditing import Check, Figures, differences, rows_of
from market.engine.accounts import ESCROW
from sec.engine.engine import SecEngine
from sec.models import Bribe, Violation

_ESCROW = f"""
    SELECT cash, bribes, fines FROM market_account,
        (SELECT coalesce(sum(cents), 0) AS bribes FROM sec_bribe WHERE status = 'offered') AS b,
        (SELECT coalesce(sum(escrowed_cents), 0) AS fines FROM sec_violation) AS f
    WHERE market_account.id = {ESCROW} AND cash <> bribes + fines
"""

_DEBTS = """
    SELECT account.id, name, debt, coalesce(owed, 0) FROM market_account AS account
    LEFT JOIN (
        SELECT account, sum(owed_cents) AS owed FROM sec_violation
        WHERE owed_cents > 0 GROUP BY account
    ) AS violation ON violation.account = account.id
    WHERE debt <> coalesce(owed, 0) ORDER BY 1 LIMIT 1000
"""

# What was collected of fines and settlements is in the ledger, less what was given back.
_COLLECTED = """
    SELECT coalesce(account, debit_id), coalesce(collected, 0), coalesce(cents, 0) FROM (
        SELECT account, sum(collected_cents) AS collected FROM sec_violation GROUP BY account
    ) AS violation
    FULL JOIN (
        SELECT debit_id, sum(cents) AS cents FROM (
            SELECT debit_id, cents FROM market_ledgerentry WHERE kind IN ('fine', 'settlement')
            UNION ALL
            SELECT account, -cents FROM sec_penalty WHERE kind IN ('refund', 'refund_forfeited')
        ) AS moved GROUP BY debit_id
    ) AS entry ON entry.debit_id = violation.account
    WHERE coalesce(collected, 0) <> coalesce(cents, 0) ORDER BY 1 LIMIT 1000
"""


def checks(cursor: CursorWrapper, engine: SecEngine | None) -> Iterator[Check]:
    """Yield the checks of the law's rows; against the machine where there is one."""
    yield Check(
        "escrow holds bribes and fines",
        [
            f"account {ESCROW} has {cash} cents; bribes make {bribes}, fines {fines}"
            for cash, bribes, fines in rows_of(cursor, _ESCROW)
        ],
    )
    yield Check(
        "debts are of fines",
        [
            f"account {id} ({name}) owes {debt} cents, its cases say {owed}"
            for id, name, debt, owed in rows_of(cursor, _DEBTS)
        ],
    )
    yield Check(
        "what fines brought is in the ledger",
        [
            f"account {id}: {collected} cents collected, {cents} in the ledger"
            for id, collected, cents in rows_of(cursor, _COLLECTED)
        ],
    )
    if engine is not None:
        for what, recorded, machine in (
            ("case", _recorded_cases(engine), _cases_in(engine)),
            ("bribe", _recorded_bribes(), _bribes_in(engine)),
        ):
            yield Check(f"each {what} is the machine's", [*differences(what, recorded, machine)])


def _recorded_cases(engine: SecEngine) -> Figures:
    """Return the rows of those cases that the machine has not forgotten."""
    rows = Violation.objects.filter(investigation__in=list(engine.book.cases)).values_list(
        *("investigation_id", "account", "status", "fine_cents", "sentence_ticks"),
        *("collected_cents", "escrowed_cents", "owed_cents"),
    )
    return {f"{case} against {account}": tuple(rest) for case, account, *rest in rows}


def _cases_in(engine: SecEngine) -> Figures:
    return {
        f"{case.id} against {one.account}": (
            *(one.status.value, one.fine_cents, one.sentence_ticks),
            *(one.collected_cents, one.escrowed_cents, one.owed_cents),
        )
        for case in engine.book.cases.values()
        for one in case.accused.values()
    }


def _recorded_bribes() -> Figures:
    rows = Bribe.objects.filter(status="offered").values_list("id", "briber", "target", "cents")
    return {str(id): tuple(rest) for id, *rest in rows}


def _bribes_in(engine: SecEngine) -> Figures:
    return {b.id: (b.briber, b.target, b.cents) for b in engine.bribes.offered.values()}
