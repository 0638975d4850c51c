"""The record of the market, for looking up."""

from __future__ import annotations

from typing import Any

import orjson
from django.contrib import admin
from django.db.models import F, Q, QuerySet
from django.db.models.functions import Length
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.safestring import SafeString

from market import tape
from market.common.read_only import (
    Among,
    BigTableAdmin,
    ReadOnlyAdmin,
    dollars,
    label,
    link,
    links,
)
from market.engine.accounts import MARKET_MAKER, AccountKind
from market.engine.rules import SECTORS
from market.engine.values import Intent, OrderKind, OrderStatus, Side
from market.models import (
    Account,
    Bankruptcy,
    BlotterPage,
    Candle,
    Checkpoint,
    Company,
    Halt,
    Holding,
    LedgerEntry,
    MarketEvent,
    Order,
    PageQuerySet,
    SalesPage,
    Split,
    TapeEntry,
    Trade,
)
from market.wire import average

LONGEST_EVENTS = 200_000  # characters of a tape entry that a page shows


def _on_pages(pages: PageQuerySet, of: str) -> Q:
    return Q(pk__in=pages.numbers(of))


class SectorFilter(Among):
    title, parameter_name = "sector", "sector"
    values = tuple(sector.name for sector in SECTORS)


class AccountKindFilter(Among):
    title, parameter_name, values = "kind", "kind", tuple(AccountKind)


class StatusFilter(Among):
    title, parameter_name, values = "status", "status", tuple(OrderStatus)


class SideFilter(Among):
    title, parameter_name, values = "side", "side", tuple(side.name for side in Side)


class IntentFilter(Among):
    title, parameter_name, values = "intent", "intent", tuple(Intent)


class AggressorFilter(SideFilter):
    title, parameter_name = "aggressor", "aggressor"


class OrderKindFilter(Among):
    title, parameter_name, values = "type", "kind", tuple(OrderKind)


class StreamFilter(admin.SimpleListFilter):
    title, parameter_name = "stream", "of"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("public", "Public"), ("agents", "Of agents")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        match self.value():
            case "public":
                return queryset.filter(stream=tape.PUBLIC_STREAM)
            case "agents":
                return queryset.exclude(stream=tape.PUBLIC_STREAM)
        return queryset


class HaltedFilter(admin.SimpleListFilter):
    title, parameter_name = "halted", "halted"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("yes", "Yes"), ("no", "No")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        match self.value():
            case "yes":
                return queryset.exclude(reopens_tick=None)
            case "no":
                return queryset.filter(reopens_tick=None)
        return queryset


@admin.register(Company)
class CompanyAdmin(ReadOnlyAdmin):
    list_display = (
        *("symbol", "name", "sector", "price", "previous_close", "last", "bid", "ask"),
        *("day_volume", "market_cap", "halted"),
    )
    list_filter = (HaltedFilter, SectorFilter)
    ordering = ("symbol",)
    search_fields = ("symbol", "name")
    money = (
        *("price", "previous_price", "previous_close", "last", "bid", "ask"),
        *("day_open", "day_high", "day_low", "low_band", "high_band"),
    )
    ends = ("reopens_tick",)
    hidden = ("bids", "asks")
    more = ("market_cap", "book", "look_up")

    @admin.display(description="halted", boolean=True)
    def halted(self, company: Company) -> bool:
        return company.is_halted

    @admin.display(description="market cap", ordering=F("price") * F("shares_issued"))
    def market_cap(self, company: Company) -> str:
        return dollars(company.market_cap)

    @admin.display(description="book")
    def book(self, company: Company) -> SafeString:
        """The best ten levels a side, as the last tick left them."""
        sides = (("bid", company.bids), ("ask", company.asks))
        lines = [
            f"{side} {quantity:>9,} @ {price / 100:,.2f}  ({orders})"
            for side, levels in sides
            for price, quantity, orders in levels[:10]
        ]
        return format_html("<pre>{}</pre>", "\n".join(lines) or "empty")

    @admin.display(description="look up")
    def look_up(self, company: Company) -> SafeString:
        return links(
            link("orders", "market_order_changelist", find=company.symbol),
            link("trades", "market_trade_changelist", find=company.symbol),
            link("candles", "market_candle_changelist", find=company.symbol),
            link("holdings", "market_holding_changelist", find=company.symbol),
            link("halts", "market_halt_changelist", find=company.symbol),
            link("events", "market_marketevent_changelist", find=company.symbol),
            link("splits", "market_split_changelist", find=company.symbol),
        )


@admin.register(Account)
class AccountAdmin(ReadOnlyAdmin):
    list_display = ("id", "name", "kind", "cash", "equity", "leverage", "fee_bps", "opened_tick")
    list_display_links = ("id", "name")
    list_filter = (AccountKindFilter,)
    ordering = ("id",)
    search_fields = ("name", "=id")
    money = (
        *("cash", "endowment", "long_value", "short_value", "reserved", "realised"),
        *("equity", "equity_day_ago", "close_equity", "peak_equity"),
    )
    more = ("look_up",)

    @admin.display(description="look up")
    def look_up(self, account: Account) -> SafeString:
        return account_links(account.id)


@admin.register(Holding)
class HoldingAdmin(BigTableAdmin):
    list_display = ("account", "symbol", "quantity", "cost", "average_cost")
    list_select_related = ("account",)
    search_help_text = "A symbol, an account's name, or account:1000."
    ordering = ("account_id", "symbol")
    money = ("cost",)
    more = ("average_cost",)
    finds_symbol = "symbol"
    finds_account = ("account",)

    @admin.display(description="average cost")
    def average_cost(self, holding: Holding) -> str:
        return average_price(holding.cost, holding.quantity)


@admin.register(Order)
class OrderAdmin(BigTableAdmin):
    list_display = (
        *("number", "tick_submitted", "account", "intent", "symbol", "quantity", "kind", "limit"),
        *("stop", "filled", "average_price", "state", "tick_closed"),
    )
    list_filter = (StatusFilter, IntentFilter, OrderKindFilter)
    list_select_related = ("account",)
    search_help_text = "An id, a number, a symbol, an account's name, account:1000 or tick:9."
    money = ("limit", "stop", "value")
    hidden = ("status", "reason_code")
    more = ("state", "average_price")
    finds_uuid = "id"
    finds_number = "number"
    finds_symbol = "symbol"
    finds_tick = "tick_submitted"

    def _of_any(self, accounts: list[int]) -> Q | None:
        return _on_pages(BlotterPage.objects.filter(account__in=accounts), "orders")

    @admin.display(description="status")
    def state(self, order: Order) -> str:
        code = order.reason_code
        return f"{label(order.status)} ({code})" if code else label(order.status)

    @admin.display(description="average price")
    def average_price(self, order: Order) -> str:
        return average_price(order.value, order.filled)


@admin.register(Trade)
class TradeAdmin(BigTableAdmin):
    list_display = (
        *("number", "tick", "symbol", "quantity", "price", "buyer", "seller", "aggressor", "fee"),
    )
    list_filter = (AggressorFilter,)
    list_select_related = ("buyer", "seller")
    search_help_text = "A number, a symbol, an account's name, account:1000 or tick:9."
    money = ("price", "fee")
    hidden = ("buy_order", "sell_order")
    more = ("value", "orders")
    finds_number = "number"
    finds_symbol = "symbol"
    finds_tick = "tick"
    finds_account = ("buyer", "seller")

    def _of_company(self, symbol: str) -> Q:
        return _on_pages(SalesPage.objects.filter(symbol=symbol), "trades")

    def _of_any(self, accounts: list[int]) -> Q | None:
        if MARKET_MAKER in accounts:  # it is in most trades, so a scan soon finds its latest
            return super()._of_any(accounts)
        return _on_pages(BlotterPage.objects.filter(account__in=accounts), "trades")

    @admin.display(description="value")
    def value(self, trade: Trade) -> str:
        return dollars(trade.price * trade.quantity)

    @admin.display(description="orders")
    def orders(self, trade: Trade) -> SafeString:
        return links(
            link(f"buy {trade.buy_order}", "market_order_changelist", find=trade.buy_order),
            link(f"sell {trade.sell_order}", "market_order_changelist", find=trade.sell_order),
        )


@admin.register(LedgerEntry)
class LedgerEntryAdmin(BigTableAdmin):
    list_display = ("id", "tick", "kind", "debit", "credit", "amount", "shares", "symbol")
    list_select_related = ("debit", "credit")
    search_help_text = "A symbol, an account's name, account:1000 or tick:9."
    hidden = ("cents",)
    more = ("amount",)
    finds_symbol = "symbol"
    finds_tick = "tick"
    finds_account = ("debit", "credit")

    @admin.display(description="amount")
    def amount(self, entry: LedgerEntry) -> str:
        return dollars(entry.cents)


@admin.register(Candle)
class CandleAdmin(BigTableAdmin):
    list_display = ("symbol", "interval", "tick", "open", "high", "low", "close", "volume")
    search_help_text = "A symbol or tick:9."
    money = ("open", "high", "low", "close")
    finds_symbol = "symbol"
    finds_tick = "tick"


@admin.register(Halt)
class HaltAdmin(BigTableAdmin):
    list_display = ("tick", "subject", "reason", "until", "note")
    ends = ("until",)
    search_help_text = "A symbol or tick:9."
    finds_symbol = "symbol"
    finds_tick = "tick"

    @admin.display(description="of")
    def subject(self, halt: Halt) -> str:
        return halt.symbol or "the market"


@admin.register(Split)
class SplitAdmin(BigTableAdmin):
    list_display = ("tick", "symbol", "into", "of", "shares")
    search_help_text = "A symbol or tick:9."
    finds_symbol = "symbol"
    finds_tick = "tick"


@admin.register(MarketEvent)
class MarketEventAdmin(BigTableAdmin):
    list_display = ("tick", "kind", "subject", "percent", "duration")
    search_help_text = "A symbol or tick:9."
    finds_symbol = "symbol"
    finds_tick = "tick"

    @admin.display(description="of")
    def subject(self, event: MarketEvent) -> str:
        return event.symbol or event.sector or "the market"

    @admin.display(description="impact")
    def percent(self, event: MarketEvent) -> str:
        return f"{event.impact:+.2%}"


@admin.register(Bankruptcy)
class BankruptcyAdmin(BigTableAdmin):
    list_display = ("tick", "account", "peak", "final", "cause")
    list_select_related = ("account",)
    search_help_text = "An account's name, account:1000 or tick:9."
    money = ("peak", "final")
    finds_tick = "tick"
    finds_account = ("account",)


@admin.register(TapeEntry)
class TapeEntryAdmin(BigTableAdmin):
    list_display = ("tick", "told", "seq", "epoch", "claimed_at", "compressed_bytes")
    list_filter = (StreamFilter,)
    search_help_text = (
        "tick:9, an agent's name or account:1000; the public stream is account:0, the research"
        " desk's account:-1."
    )
    heavy = ("events",)
    more = ("compressed_bytes", "decoded")
    computed = {"length": Length("events")}
    finds_tick = "tick"
    finds_account = ("stream",)

    @admin.display(description="stream")
    def told(self, entry: TapeEntry) -> str | SafeString:
        if entry.stream == tape.PUBLIC_STREAM:
            return "public"
        if entry.stream == tape.RESEARCH_STREAM:
            return "research"
        return link(f"agent {entry.stream}", "market_account_change", entry.stream)

    @admin.display(description="compressed bytes")
    def compressed_bytes(self, entry: Any) -> int:
        return int(entry.length)

    @admin.display(description="events")
    def decoded(self, row: TapeEntry) -> SafeString:
        (entry,) = tape.read(epoch=row.epoch, stream=row.stream, since=row.seq - 1, limit=1)
        if entry.is_damaged:
            return format_html("<p>{}</p>", "The row is damaged: its events are lost.")
        text = orjson.dumps(entry.read(), option=orjson.OPT_INDENT_2).decode()
        more = f"\n… and {len(text) - LONGEST_EVENTS:,} characters more"
        shown = text if len(text) <= LONGEST_EVENTS else text[:LONGEST_EVENTS] + more
        return format_html("<pre>{}</pre>", shown)


@admin.register(Checkpoint)
class CheckpointAdmin(ReadOnlyAdmin):
    list_display = (
        *("tick", "epoch", "digest", "schema_version", "engine_version", "written_at"),
        "compressed_bytes",
    )
    ordering = ("-epoch", "-tick")
    heavy = ("state",)  # which holds the seed, too
    more = ("compressed_bytes",)
    computed = {"length": Length("state")}

    @admin.display(description="compressed bytes")
    def compressed_bytes(self, checkpoint: Any) -> int:
        return int(checkpoint.length)


def account_links(id: int) -> SafeString:
    """Return the links from an account, or the agent that bears its number, to what it did."""
    return links(
        link("holdings", "market_holding_changelist", find=account(id)),
        link("orders", "market_order_changelist", find=account(id)),
        link("trades", "market_trade_changelist", find=account(id)),
        link("ledger entries", "market_ledgerentry_changelist", find=account(id)),
        link("bankruptcy", "market_bankruptcy_changelist", find=account(id)),
        link("tape", "market_tapeentry_changelist", find=account(id)),
    )


def account(id: int) -> str:
    """Return the search term for an account."""
    return f"account:{id}"


def average_price(value: int, quantity: int) -> str:
    return f"${average(value, quantity):,.4f}" if quantity else "-"
