"""The record of the market: what the machine decided, written for reading and never edited.

Money is whole cents, quantities whole shares. Big tables are append-only and carry their tick; no
foreign key points at them, so that old days can be dropped.
"""

from __future__ import annotations

from typing import Any, ClassVar

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import BrinIndex
from django.db import models
from django.db.models import F, Func, Q, QuerySet, Sum
from django.db.models.functions import Coalesce

from market.engine.sessions import stands_still


class World(models.Model):
    """The one row that says where the world stands; the floor claims a tick by updating it."""

    # `stands_still`, for the statement that claims a tick.
    RUNS_TICKS = "NOT is_paused OR steps_left > 0"

    id = models.SmallIntegerField(primary_key=True, default=1, editable=False)
    epoch = models.PositiveIntegerField(default=1)
    tick = models.BigIntegerField(default=0)
    digest = models.CharField(max_length=64)
    seed = models.CharField(max_length=64, help_text="Secret while the epoch lasts.")
    engine_version = models.PositiveIntegerField()
    is_paused = models.BooleanField(default=False)
    steps_left = models.PositiveIntegerField(default=0)
    is_open = models.BooleanField(default=False)
    regime = models.CharField(max_length=16, default="normal")
    interest_bps = models.IntegerField()
    inflation_bps = models.IntegerField()
    gdp_growth_bps = models.IntegerField()
    index = models.BigIntegerField(default=0, help_text="Hundredths of a point.")
    previous_close_index = models.BigIntegerField(default=0, help_text="Hundredths of a point.")
    active_events = models.JSONField(
        default=list, help_text="[number, ticks remaining] of each market event that is not over."
    )
    dollar_volume_day = models.BigIntegerField(
        default=0, help_text="Cents, over the last day of ticks."
    )
    founded_at = models.DateTimeField(auto_now_add=True)
    claimed_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name_plural = "world"
        constraints: ClassVar = [
            models.CheckConstraint(name="there_is_one_world", condition=Q(id=1)),
            models.CheckConstraint(name="world_tick_counts_up", condition=Q(tick__gte=0)),
        ]

    def __str__(self) -> str:
        return f"tick {self.tick} of epoch {self.epoch}"

    @property
    def stands_still(self) -> bool:
        """Whether no tick runs until an operator resumes the world or orders a step."""
        return stands_still(self.is_paused, self.steps_left)


class Company(models.Model):
    """A listed company and its market at the last tick.

    `bids` and `asks` are [price, quantity, orders] rows.
    """

    symbol = models.CharField(max_length=12, primary_key=True)
    name = models.CharField(max_length=80)
    sector = models.CharField(max_length=20)
    industry = models.CharField(max_length=40)
    shares_issued = models.BigIntegerField()
    volatility = models.FloatField(help_text="Daily, of log returns.")
    beta = models.FloatField()
    price = models.BigIntegerField()
    previous_price = models.BigIntegerField()
    previous_close = models.BigIntegerField()
    last = models.BigIntegerField(null=True)
    bid = models.BigIntegerField(null=True)
    ask = models.BigIntegerField(null=True)
    day_open = models.BigIntegerField()
    day_high = models.BigIntegerField()
    day_low = models.BigIntegerField()
    day_volume = models.BigIntegerField(default=0)
    day_ago_volume = models.BigIntegerField(default=0, help_text="Shares in the last 630 ticks.")
    split_power = models.SmallIntegerField(
        default=0, help_text="Its shares have been split by ten to this power."
    )
    is_trading = models.BooleanField(default=False)
    reopens_tick = models.BigIntegerField(
        null=True, help_text="Of a halt: the tick whose auction resumes trading."
    )
    halt_reason = models.CharField(max_length=24, blank=True, default="")
    low_band = models.BigIntegerField(default=0, help_text="Zero: there are no bands.")
    high_band = models.BigIntegerField(default=0)
    band_override_bps = models.IntegerField(
        default=0, help_text="How far from their centre an operator has set the bands; or zero."
    )
    restricted_through = models.BigIntegerField(
        default=-1, help_text="The last trading day on which shorts are restricted."
    )
    shorted = models.BigIntegerField(default=0)
    shorts_offered = models.BigIntegerField(default=0)
    short_interest = models.SmallIntegerField(
        null=True, help_text="Of the last close but one, in thousandths of the shares."
    )
    sentiment = models.FloatField(default=0)
    bids = models.JSONField(default=list)
    asks = models.JSONField(default=list)

    class Meta:
        verbose_name_plural = "companies"
        constraints: ClassVar = [
            models.CheckConstraint(name="price_is_positive", condition=Q(price__gt=0)),
            models.CheckConstraint(
                name="book_is_not_crossed",
                condition=Q(bid=None) | Q(ask=None) | Q(bid__lt=F("ask")),
            ),
        ]

    def __str__(self) -> str:
        return self.symbol

    @property
    def market_cap(self) -> int:
        return self.price * self.shares_issued

    @property
    def is_halted(self) -> bool:
        return self.reopens_tick is not None


class Account(models.Model):
    """Who owns cash and shares: an agent's account bears the agent's number, the first few are
    the exchange's own.
    """

    id = models.BigIntegerField(primary_key=True)
    name = models.CharField(max_length=50)
    kind = models.CharField(max_length=8)
    leverage = models.PositiveSmallIntegerField()
    fee_bps = models.PositiveSmallIntegerField()
    cash = models.BigIntegerField()
    endowment = models.BigIntegerField(default=0)
    long_value = models.BigIntegerField(default=0)
    short_value = models.BigIntegerField(default=0)
    reserved = models.BigIntegerField(default=0)
    realised = models.BigIntegerField(default=0)
    equity = models.BigIntegerField(default=0)
    equity_day_ago = models.BigIntegerField(default=0)
    close_equity = models.BigIntegerField(default=0)
    transfers = models.BigIntegerField(default=0)
    trade_count = models.BigIntegerField(default=0)
    peak_equity = models.BigIntegerField(default=0)
    debt = models.BigIntegerField(default=0, help_text="Of fines that are not paid.")
    call_deadline = models.BigIntegerField(
        null=True, help_text="The tick by which a margin call is to be cured."
    )
    long_margin = models.BigIntegerField(
        default=0, help_text="The value of long positions, each times its company's margin rate."
    )
    short_margin = models.BigIntegerField(
        default=0, help_text="The value of short positions, each times its company's margin rate."
    )
    reserved_margin = models.BigIntegerField(
        default=0, help_text="What open orders reserve, each times its company's margin rate."
    )
    opened_tick = models.BigIntegerField(default=0)

    def __str__(self) -> str:
        return self.name


class Holding(models.Model):
    """Shares of one company in one account; `cost` is what they were bought for."""

    account = models.ForeignKey(
        Account, on_delete=models.DO_NOTHING, db_constraint=False, db_index=False
    )
    symbol = models.CharField(max_length=12)
    quantity = models.BigIntegerField()
    cost = models.BigIntegerField()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(name="one_holding_a_company", fields=["account", "symbol"])
        ]

    def __str__(self) -> str:
        return f"{self.quantity} {self.symbol}"


class OrderQuerySet(models.QuerySet["Order"]):
    def not_final(self) -> OrderQuerySet:
        return self.filter(tick_closed=None)


class Order(models.Model):
    """An order as the last tick that touched it left it."""

    number = models.BigIntegerField(primary_key=True)
    id = models.UUIDField(help_text="Of the input that placed it.")
    account = models.ForeignKey(
        Account, on_delete=models.DO_NOTHING, db_constraint=False, db_index=False
    )
    symbol = models.CharField(max_length=12)
    side = models.CharField(max_length=4)
    intent = models.CharField(max_length=5)
    kind = models.CharField(max_length=10)
    time_in_force = models.CharField(max_length=3)
    post_only = models.BooleanField(default=False)
    self_trade = models.CharField(max_length=13, default="allow")
    quantity = models.BigIntegerField()
    limit = models.BigIntegerField(null=True)
    stop = models.BigIntegerField(null=True)
    filled = models.BigIntegerField()
    value = models.BigIntegerField(help_text="Σ quantity × price of its fills, in cents.")
    status = models.CharField(max_length=9)
    reason_code = models.CharField(max_length=24, blank=True, help_text="Why it ended unfilled.")
    note = models.CharField(max_length=200, blank=True, help_text="What the code does not say.")
    triggered_by = models.CharField(max_length=5, blank=True, default="")
    tick_submitted = models.BigIntegerField()
    tick_closed = models.BigIntegerField(null=True)
    client_id = models.CharField(max_length=48, null=True)

    objects = OrderQuerySet.as_manager()

    class Meta:
        indexes: ClassVar = [
            models.Index(name="open_orders", fields=["account"], condition=Q(tick_closed=None)),
            # For the operator's search. Ids rise with time, each source's by itself.
            BrinIndex(
                name="orders_by_id",
                fields=["id"],
                opclasses=["uuid_minmax_multi_ops"],
                autosummarize=True,
            ),
        ]
        constraints: ClassVar = [
            models.CheckConstraint(
                name="filled_within_quantity", condition=Q(filled__gte=0, filled__lte=F("quantity"))
            ),
        ]

    def __str__(self) -> str:
        return f"{self.intent} {self.quantity} {self.symbol} ({self.status})"


class Trade(models.Model):
    """One execution. The fee is in cents, paid by the taker, whose side is the `aggressor`; an
    auction has neither.
    """

    number = models.BigIntegerField(primary_key=True)
    id = models.UUIDField()
    tick = models.BigIntegerField()
    symbol = models.CharField(max_length=12)
    price = models.BigIntegerField()
    quantity = models.BigIntegerField()
    buyer = models.ForeignKey(
        Account,
        on_delete=models.DO_NOTHING,
        db_constraint=False,
        db_index=False,
        related_name="bought",
    )
    seller = models.ForeignKey(
        Account,
        on_delete=models.DO_NOTHING,
        db_constraint=False,
        db_index=False,
        related_name="sold",
    )
    buy_order = models.UUIDField()
    sell_order = models.UUIDField()
    aggressor = models.CharField(max_length=4, null=True)
    fee = models.BigIntegerField()

    class Meta:
        indexes: ClassVar = [
            BrinIndex(name="trades_by_tick", fields=["tick"]),
        ]
        constraints: ClassVar = [
            models.CheckConstraint(
                name="trade_is_positive", condition=Q(price__gt=0, quantity__gt=0, fee__gte=0)
            ),
            models.CheckConstraint(
                name="only_a_taker_pays_a_fee", condition=Q(aggressor__isnull=False) | Q(fee=0)
            ),
        ]

    def __str__(self) -> str:
        return f"{self.quantity} {self.symbol} @ {self.price}"


class Unnested(Func):
    """Each element of a column of arrays, as a row."""

    function = "unnest"
    set_returning = True


class PageQuerySet(models.QuerySet[Any]):
    def numbers(self, of: str) -> QuerySet[Any, int]:
        """Return the numbers of the orders, or of the trades, on these pages, newest first."""
        output_field = models.BigIntegerField()
        return self.order_by("-tick").values_list(
            Unnested(of, output_field=output_field), flat=True
        )

    def count_of(self, of: str) -> int:
        """Return how many orders, or trades, are on these pages."""
        total = Sum(Func(of, function="cardinality"), output_field=models.BigIntegerField())
        return int(self.aggregate(total=Coalesce(total, 0))["total"])


class BlotterPage(models.Model):
    """What a tick added to an account's orders and to its trades, by number, newest first. A quote
    of the market maker's is added when it is first filled; a trade of an account with itself stands
    here twice.

    This and `SalesPage` are what finds orders and trades: an index of theirs would have an entry
    for each, in a busy tick ten times as many as there are pages.
    """

    pk = models.CompositePrimaryKey("account_id", "tick")
    account = models.ForeignKey(
        Account, on_delete=models.DO_NOTHING, db_constraint=False, db_index=False
    )
    tick = models.BigIntegerField()
    orders = ArrayField(models.BigIntegerField())
    trades = ArrayField(models.BigIntegerField())

    objects = PageQuerySet.as_manager()

    def __str__(self) -> str:
        return f"account {self.account_id} at {self.tick}"


class SalesPage(models.Model):
    """What a tick added to a company's trades, by number, newest first."""

    pk = models.CompositePrimaryKey("symbol", "tick")
    symbol = models.CharField(max_length=12)
    tick = models.BigIntegerField()
    trades = ArrayField(models.BigIntegerField())

    objects = PageQuerySet.as_manager()

    def __str__(self) -> str:
        return f"{self.symbol} at {self.tick}"


class LedgerEntry(models.Model):
    """Cash or shares moved outside a trade; shares issued have no debit."""

    tick = models.BigIntegerField()
    kind = models.CharField(max_length=20)
    debit = models.ForeignKey(
        Account,
        on_delete=models.DO_NOTHING,
        db_constraint=False,
        db_index=False,
        null=True,
        related_name="debits",
    )
    credit = models.ForeignKey(
        Account,
        on_delete=models.DO_NOTHING,
        db_constraint=False,
        db_index=False,
        related_name="credits",
    )
    cents = models.BigIntegerField(default=0)
    symbol = models.CharField(max_length=12, null=True)
    shares = models.BigIntegerField(default=0)

    class Meta:
        verbose_name_plural = "ledger entries"

    def __str__(self) -> str:
        return (
            f"{self.kind} of {self.cents} cents"
            if not self.symbol
            else f"{self.kind} of {self.shares} {self.symbol}"
        )


class Candle(models.Model):
    """A finished candle; `tick` is its last one. One of the index has INDEX for a symbol, and
    hundredths of a point.
    """

    COARSE = 60  # ticks: those of companies of a shorter interval go with their day

    symbol = models.CharField(max_length=12)
    interval = models.PositiveSmallIntegerField()
    tick = models.BigIntegerField()
    split_power = models.SmallIntegerField(default=0, help_text="The company's when it ended.")
    open = models.BigIntegerField()
    high = models.BigIntegerField()
    low = models.BigIntegerField()
    close = models.BigIntegerField()
    volume = models.BigIntegerField()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(name="one_candle_a_tick", fields=["symbol", "interval", "tick"])
        ]

    def __str__(self) -> str:
        return f"{self.symbol} {self.interval} at {self.tick}"


class Halt(models.Model):
    """A halt, a short-sale restriction or an operator's bands, as it began: of one company, or of
    all (no symbol).
    """

    tick = models.BigIntegerField()
    symbol = models.CharField(max_length=12, null=True)
    reason = models.CharField(max_length=24)
    until = models.BigIntegerField(null=True, help_text="The tick whose auction resumes trading.")
    note = models.CharField(max_length=200, blank=True, help_text="An operator's reason.")
    band_bps = models.IntegerField(
        null=True, help_text="How far from their centre an operator has set the bands."
    )

    class Meta:
        indexes: ClassVar = [BrinIndex(name="halts_by_tick", fields=["tick"])]

    def __str__(self) -> str:
        return f"{self.reason} of {self.symbol or 'the market'} at {self.tick}"


class Split(models.Model):
    """`into` shares for `of` old ones; `shares` are issued since."""

    tick = models.BigIntegerField()
    symbol = models.CharField(max_length=12)
    into = models.PositiveSmallIntegerField()
    of = models.PositiveSmallIntegerField()
    shares = models.BigIntegerField()
    after_trade = models.BigIntegerField(
        null=True,
        help_text=(
            "The last trade in old shares. Null: from when it did not restate what was filled."
        ),
    )

    def __str__(self) -> str:
        return f"{self.symbol} {self.into}:{self.of} at {self.tick}"


class MarketEvent(models.Model):
    """Something that happened to a company, a sector or the whole market."""

    number = models.BigIntegerField(help_text="The machine's, by which World says what is active.")
    tick = models.BigIntegerField()
    kind = models.CharField(max_length=24)
    symbol = models.CharField(max_length=12, null=True)
    sector = models.CharField(max_length=20, null=True)
    impact = models.FloatField(help_text="A fraction of the price.")
    duration = models.BigIntegerField(help_text="Ticks.")

    class Meta:
        indexes: ClassVar = [
            BrinIndex(name="events_by_tick", fields=["tick"]),
            models.Index(fields=["number"], name="events_by_number"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} of {self.symbol or self.sector or 'the market'} at {self.tick}"


class Bankruptcy(models.Model):
    """The end of an account that came to owe more than it had; `final` is what it fell short by,
    negative.
    """

    tick = models.BigIntegerField()
    account = models.ForeignKey(
        Account, on_delete=models.DO_NOTHING, db_constraint=False, db_index=False
    )
    peak = models.BigIntegerField()
    final = models.BigIntegerField()
    cause = models.CharField(max_length=16)

    class Meta:
        verbose_name_plural = "bankruptcies"

    def __str__(self) -> str:
        return f"account {self.account_id} at {self.tick}"


class TapeEntry(models.Model):
    """What one tick had to say on one stream: 0 is public, -1 the research desk's, any other the
    account of an agent.

    `events` is compressed JSON, a list of {type, channel, data} as the wire shows them.
    """

    epoch = models.PositiveIntegerField()
    stream = models.BigIntegerField()
    seq = models.BigIntegerField()
    tick = models.BigIntegerField()
    claimed_at = models.DateTimeField()
    events = models.BinaryField()

    class Meta:
        verbose_name_plural = "tape entries"
        indexes: ClassVar = [BrinIndex(name="tape_by_tick", fields=["tick"])]
        constraints: ClassVar = [
            models.UniqueConstraint(name="a_stream_counts_up", fields=["stream", "epoch", "seq"])
        ]

    def __str__(self) -> str:
        return f"{self.stream}/{self.seq}"


class Checkpoint(models.Model):
    """The machine's whole state after one tick: compressed JSON, with the checksum of its bytes."""

    epoch = models.PositiveIntegerField()
    tick = models.BigIntegerField()
    digest = models.CharField(max_length=64)
    schema_version = models.PositiveIntegerField()
    engine_version = models.PositiveIntegerField()
    checksum = models.CharField(max_length=64)
    state = models.BinaryField()
    written_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(name="one_checkpoint_a_tick", fields=["epoch", "tick"])
        ]

    def __str__(self) -> str:
        return f"checkpoint at {self.tick}"


class EquityPoint(models.Model):
    """An account's equity at one of the sampled ticks."""

    pk = models.CompositePrimaryKey("account_id", "tick")
    account = models.ForeignKey(
        Account, on_delete=models.DO_NOTHING, db_constraint=False, db_index=False
    )
    tick = models.BigIntegerField()
    equity = models.BigIntegerField()

    def __str__(self) -> str:
        return f"{self.equity} at {self.tick}"


class SealedDay(models.Model):
    """A day whose orders, trades, bulk of entries, inputs and pages have been dropped, and of all
    days before it; how many rows that were.
    """

    day = models.PositiveIntegerField(primary_key=True)
    last_tick = models.BigIntegerField()
    orders = models.BigIntegerField()
    trades = models.BigIntegerField()
    entries = models.BigIntegerField()
    inputs = models.BigIntegerField()
    sealed_at = models.DateTimeField(auto_now_add=True)

    def __str__(self) -> str:
        return f"day {self.day}"


class SealedBalance(models.Model):
    """What the dropped trades and entries have moved into an account: cents, or shares of a
    company.
    """

    account = models.BigIntegerField()
    symbol = models.CharField(max_length=12, blank=True, help_text="None: it is cash.")
    amount = models.BigIntegerField()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(name="one_sealed_balance", fields=["account", "symbol"])
        ]

    def __str__(self) -> str:
        return f"{self.amount} {self.symbol or 'cents'} of {self.account}"
