"""Old days: exported for those who want them, then sealed: their orders, trades, ledger entries,
inputs, pages and fine candles are dropped, and a balance of what they moved stays, from which the
audit starts.
"""

from __future__ import annotations

import gzip
import hashlib
import hmac
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import orjson
from django.db import connection, models, transaction

from agents.models import Agent
from market import record, tape
from market.engine.accounts import TREASURY
from market.engine.candles import INDEX
from market.engine.values import Tick
from market.models import Candle, Checkpoint, LedgerEntry, Order, SealedDay, Trade, World
from news.models import Article
from sec.models import Violation
from wallstreetsim.machine.rules import RULES, Rules

BULK_KINDS = ("interest", "borrow_fee")  # of entries; what other rows are held against stays
PACKED = (
    "agents_message",
    "market_candle",
    "market_equitypoint",
    "news_article",
    "news_researchalert",
    "news_researchsignal",
)
OWNERS = {"account_id", "buyer_id", "seller_id", "debit_id", "credit_id", "account"}
AT_A_TIME = 2_000  # rows


class CannotSeal(Exception):
    """The day cannot be exported or sealed, for the reason given."""


class Exported(NamedTuple):
    """One file of an export."""

    name: str
    rows: int
    sha256: str


class Table(NamedTuple):
    """What a file of an export is made from: a day's rows, all columns but these."""

    name: str
    rows: Callable[[Tick, Tick], models.QuerySet[Any]]
    without: frozenset[str]


def _of_ticks(model: type[models.Model], field: str) -> Callable[[Tick, Tick], Any]:
    def rows(first: Tick, last: Tick) -> models.QuerySet[Any]:
        found = model._default_manager.filter(**{f"{field}__gte": first, f"{field}__lte": last})
        return found.order_by(field, "pk")

    return rows


TABLES = (
    Table("orders", _of_ticks(Order, "tick_submitted"), frozenset()),
    Table("trades", _of_ticks(Trade, "tick"), frozenset()),
    Table("ledger", _of_ticks(LedgerEntry, "tick"), frozenset({"id"})),
    Table("candles", _of_ticks(Candle, "tick"), frozenset({"id"})),
    Table("news", _of_ticks(Article, "tick"), frozenset({"words", "mark_reason"})),
    Table("cases", _of_ticks(Violation, "charged_tick"), frozenset({"id", "answer"})),
)


def ticks_of(day: int, rules: Rules = RULES) -> tuple[Tick, Tick]:
    """Return the first and the last tick of a day; the first day begins with tick 1."""
    length = rules.market.session.day_ticks
    return max(1, day * length), (day + 1) * length - 1


def pseudonym(seed: str, epoch: int, account: int) -> str:
    """Return what stands for an account in an epoch's exports, keyed by the world's seed: a secret
    that is not replaced while the world lasts, as one of the site may have to be.
    """
    key = f"exports of epoch {epoch}\0{seed}".encode()
    return hmac.digest(key, str(account).encode(), "sha256").hex()[:16]


# Export


def export(day: int, directory: Path, *, rules: Rules = RULES) -> Path:
    """Write a day that is over to a folder of its own; return the folder, whose manifest says what
    is in it. Owners are hidden until the epoch ends. Raises CannotSeal.
    """
    first, last = ticks_of(day, rules)
    with transaction.atomic(durable=True), connection.cursor() as cursor:
        cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        row = World.objects.get()
        _check_over(row, day, last)
        if last <= sealed_tick():
            raise CannotSeal(f"day {day} is sealed: its rows are no more")
        folder = directory / f"epoch-{row.epoch}-day-{day}"
        unfinished = folder.with_name(f"{folder.name}.unfinished")
        unfinished.mkdir(parents=True, exist_ok=True)
        name_of = partial(pseudonym, row.seed, row.epoch)
        files = [_write_table(unfinished, table, name_of, first, last) for table in TABLES]
    manifest = {
        "epoch": row.epoch,
        "day": day,
        "firstTick": first,
        "lastTick": last,
        "writtenAt": datetime.now(UTC).isoformat(timespec="seconds"),
        "owners": "hidden: the same 16 digits stand for the same account throughout an epoch",
        "files": [file._asdict() for file in files],
        "dictionary": {table.name: dictionary_of(table) for table in TABLES},
    }
    (unfinished / "manifest.json").write_bytes(orjson.dumps(manifest, option=orjson.OPT_INDENT_2))
    sums = "".join(f"{file.sha256}  {file.name}\n" for file in files)
    (unfinished / "SHA256SUMS").write_text(sums)
    unfinished.rename(folder)
    return folder


def reveal_owners(epoch: int, directory: Path) -> Path:
    """Write who stands behind the pseudonyms of an epoch that has ended. Raises CannotSeal."""
    row = World.objects.get()
    if epoch >= row.epoch:
        raise CannotSeal(f"epoch {epoch} has not ended: its owners stay hidden")
    file = directory / f"epoch-{epoch}-owners.ndjson"
    lines = [
        orjson.dumps({"owner": pseudonym(row.seed, epoch, id), "id": str(public_id), "name": name})
        for id, public_id, name in Agent.objects.order_by("id").values_list(
            "id", "public_id", "name"
        )
    ]
    file.write_bytes(b"".join(line + b"\n" for line in lines))
    return file


def dictionary_of(table: Table) -> dict[str, str]:
    """Return what each column of a file is."""
    return {
        _shown(field): str(field.help_text) or _UNITS.get(type(field).__name__, "")
        for field in _columns(table)
    }


_UNITS = {
    "BigIntegerField": "A whole number; money is cents, quantities are shares.",
    "ForeignKey": "Whose it is, by pseudonym.",
    "UUIDField": "An id.",
    "FloatField": "A fraction.",
    "CharField": "Words.",
}


def _columns(table: Table) -> list[Any]:
    fields = table.rows(0, 0).model._meta.concrete_fields
    return [field for field in fields if field.name not in table.without]


def _shown(field: Any) -> str:
    return str(field.attname).removesuffix("_id") if field.attname in OWNERS else field.attname


def _write_table(
    folder: Path, table: Table, name_of: Callable[[int], str], first: Tick, last: Tick
) -> Exported:
    file = folder / f"{table.name}.ndjson.gz"
    fields = _columns(table)
    names = [field.attname for field in fields]
    count = 0
    with file.open("wb") as raw, gzip.GzipFile("", "wb", 6, raw, mtime=0) as out:
        rows = table.rows(first, last).values_list(*names)
        for row in rows.iterator(AT_A_TIME):
            line = {
                _shown(field): _hidden(name_of, field, value)
                for field, value in zip(fields, row, strict=True)
            }
            out.write(orjson.dumps(line, option=orjson.OPT_APPEND_NEWLINE))
            count += 1
    with file.open("rb") as written:
        return Exported(file.name, count, hashlib.file_digest(written, "sha256").hexdigest())


def _hidden(name_of: Callable[[int], str], field: Any, value: Any) -> Any:
    if field.attname in OWNERS and value is not None:
        return name_of(value)
    return value


# Sealing


def sealed_tick() -> Tick:
    """Return the last tick whose rows have been dropped; 0 if none have."""
    last: Tick | None = SealedDay.objects.aggregate(last=models.Max("last_tick"))["last"]
    return last or 0


def seal(day: int, *, rules: Rules = RULES) -> SealedDay:
    """Drop what is to go of all days up to this one; what it moved is added to the sealed balances.
    All of it, or nothing. Raises CannotSeal.
    """
    _, last = ticks_of(day, rules)
    with transaction.atomic(durable=True), connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended('seal', 0))")
        row = World.objects.get()
        _check_over(row, day, last)
        if last <= sealed_tick():
            raise CannotSeal(f"day {day} is sealed already")
        needed = [row.tick - tape.KEPT_TICKS]
        needed += Checkpoint.objects.filter(epoch=row.epoch).values_list("tick", flat=True)
        if last > min(needed):
            raise CannotSeal(f"day {day} is needed yet: checkpoints go back to tick {min(needed)}")
        wanted: dict[str, Any] = {
            "tick": last,
            "kinds": list(BULK_KINDS),
            "coarse": Candle.COARSE,
            "index": INDEX,
            "sampling": record.EQUITY_POINT_TICKS,
        }
        for statement in _SEAL:
            cursor.execute(statement, wanted)
        counts: Mapping[str, int] = {
            "trades": _count(cursor, "sealed_trades"),
            "entries": _count(cursor, "sealed_entries"),
            "orders": _drop(cursor, "DELETE FROM market_order WHERE tick_closed <= %s", last),
        }
        inputs = _drop_inputs(last)
        return SealedDay.objects.create(day=day, last_tick=last, inputs=inputs, **counts)


def _check_over(row: World, day: int, last: Tick) -> None:
    if day < 0 or row.tick < last:
        raise CannotSeal(f"day {day} is not over: the world is at tick {row.tick}")


def _count(cursor: Any, table: str) -> int:
    cursor.execute(f"SELECT count(*) FROM {table}")
    return int(cursor.fetchone()[0])


def _drop(cursor: Any, statement: str, tick: Tick) -> int:
    cursor.execute(statement, [tick])
    return int(cursor.rowcount)


def _drop_inputs(last: Tick) -> int:
    """Drop what agents asked for; who registered and what operators did stays, and so does what
    placed an order that was open then.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            "WITH gone AS ("
            "  DELETE FROM agents_input USING agents_verdict AS verdict"
            "  WHERE verdict.input_id = agents_input.id AND tick <= %s AND type <> 'REGISTER'"
            "    AND source <> 'operator'"
            "    AND public_id NOT IN (SELECT id FROM sealed_kept_orders)"
            "  RETURNING agents_input.id"
            ") DELETE FROM agents_verdict USING gone WHERE input_id = gone.id",
            [last],
        )
        return int(cursor.rowcount)


# An order that was open at the end of the day stays, with all of its trades; what stays is on its
# page. Agents' equity is drawn against the index, whose candles of the ticks of equity points stay.
# What is dropped is counted by itself, so the balances are those of the rows that are gone.
_SEAL = (
    """CREATE TEMPORARY TABLE sealed_kept_orders ON COMMIT DROP AS
        SELECT id, number FROM market_order
        WHERE tick_submitted <= %(tick)s AND (tick_closed IS NULL OR tick_closed > %(tick)s)""",
    "ANALYZE sealed_kept_orders",
    """CREATE TEMPORARY TABLE sealed_trades ON COMMIT DROP AS
        SELECT trade.* FROM market_trade AS trade WHERE tick <= %(tick)s
            AND NOT EXISTS (SELECT FROM sealed_kept_orders WHERE id = buy_order)
            AND NOT EXISTS (SELECT FROM sealed_kept_orders WHERE id = sell_order)""",
    """DELETE FROM market_candle
        WHERE tick <= %(tick)s AND interval < %(coarse)s
            AND NOT (symbol = %(index)s AND interval = 1 AND tick %% %(sampling)s = 0)""",
    """CREATE TEMPORARY TABLE sealed_entries ON COMMIT DROP AS
        SELECT * FROM market_ledgerentry WHERE tick <= %(tick)s AND kind = ANY(%(kinds)s)""",
    f"""INSERT INTO market_sealedbalance (account, symbol, amount)
        SELECT account, symbol, sum(amount) FROM (
            SELECT side.account, side.symbol, side.amount FROM sealed_trades AS trade,
                LATERAL (VALUES
                    (buyer_id, '', -price * quantity),
                    (seller_id, '', price * quantity),
                    (CASE aggressor WHEN 'BUY' THEN buyer_id ELSE seller_id END, '', -fee),
                    ({TREASURY}, '', fee),
                    (buyer_id, trade.symbol, quantity),
                    (seller_id, trade.symbol, -quantity)
                ) AS side(account, symbol, amount)
            UNION ALL
            SELECT side.account, side.symbol, side.amount FROM sealed_entries AS entry,
                LATERAL (VALUES
                    (debit_id, '', -cents),
                    (credit_id, '', cents),
                    (debit_id, coalesce(entry.symbol, ''), -shares),
                    (credit_id, coalesce(entry.symbol, ''), shares)
                ) AS side(account, symbol, amount)
            WHERE side.account IS NOT NULL
        ) AS moved GROUP BY account, symbol HAVING sum(amount) <> 0
        ON CONFLICT (account, symbol) DO UPDATE
            SET amount = market_sealedbalance.amount + EXCLUDED.amount""",
    """DELETE FROM market_trade USING sealed_trades
        WHERE market_trade.number = sealed_trades.number""",
    """DELETE FROM market_ledgerentry USING sealed_entries
        WHERE market_ledgerentry.id = sealed_entries.id""",
    """UPDATE market_blotterpage SET
        orders = ARRAY(
            SELECT number FROM unnest(orders) WITH ORDINALITY AS one(number, place)
            WHERE number IN (SELECT number FROM sealed_kept_orders) ORDER BY place),
        trades = ARRAY(
            SELECT number FROM unnest(trades) WITH ORDINALITY AS one(number, place)
            WHERE number IN (SELECT number FROM market_trade WHERE tick <= %(tick)s)
            ORDER BY place)
        WHERE tick <= %(tick)s""",
    """UPDATE market_salespage SET trades = ARRAY(
            SELECT number FROM unnest(trades) WITH ORDINALITY AS one(number, place)
            WHERE number IN (SELECT number FROM market_trade WHERE tick <= %(tick)s)
            ORDER BY place)
        WHERE tick <= %(tick)s""",
    "DELETE FROM market_blotterpage WHERE tick <= %(tick)s AND orders = '{}' AND trades = '{}'",
    "DELETE FROM market_salespage WHERE tick <= %(tick)s AND trades = '{}'",
)


# By a setting


def seal_what_is_old(*, after_days: int, directory: Path, rules: Rules = RULES) -> Iterator[int]:
    """Export and seal each day that ended so many days ago; yield each."""
    row = World.objects.first()
    if row is None or not after_days:
        return
    length = rules.market.session.day_ticks
    days = range((sealed_tick() + 1) // length, row.tick // length - after_days)
    for day in days:
        if not (directory / f"epoch-{row.epoch}-day-{day}").exists():
            export(day, directory, rules=rules)
        seal(day, rules=rules)
        yield day
    if days:
        pack_indexes()


def pack_indexes() -> None:
    """Write the indexes of what grows for ever anew, while the floor goes on. Of fifty candles of a
    day one stays, and keeps a page that was full: by number they would fill four times what they
    need. What comes in any order, as words of articles, agents' points and messages, and companies'
    alerts, leaves pages half full.
    """
    with connection.cursor() as cursor:
        for table in PACKED:
            cursor.execute(f"REINDEX TABLE CONCURRENTLY {table}")
