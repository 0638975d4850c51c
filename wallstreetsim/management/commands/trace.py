"""Follow a request by its id: the inputs that it became, the tick that took each and its verdict,
the orders and trades that came of it, and the deliveries that told its agent.
"""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import CommandError
from django.db.models import Q

from agents.models import Agent, Input
from market.models import Order, Trade
from wallstreetsim.management.record import RecordCommand
from webhooks.models import Delivery

SHOWN = 20  # trades of an order, and deliveries


class Command(RecordCommand):
    help = __doc__

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("request_id", metavar="REQUEST_ID", help="the answer's X-Request-ID")

    def handle(self, *args: Any, **options: Any) -> None:
        id = options["request_id"]
        inputs = list(Input.objects.filter(request_id=id).select_related("verdict").order_by("id"))
        if not inputs:
            raise CommandError(
                f"No input came of request {id}: it asked for nothing, was refused, or its day has"
                " been dropped. The logs of web name it."
            )
        for row in inputs:
            self._show(row)

    def _show(self, row: Input) -> None:
        account = row.account or 0
        agent = Agent.objects.filter(id=account).first()
        self.stdout.write(
            f"input {row.public_id}  {row.type} of {agent or 'the operator'}"
            f"  {row.received_at:%F %T.%f}  by {row.source}"
        )
        verdict = row.answer
        if verdict is None:
            self.stdout.write(f"  {'set aside' if row.is_quarantined else 'waits for the tick'}")
            return
        said = f": {verdict.message}" if verdict.message else ""
        self.stdout.write(f"  tick {verdict.tick}  {verdict.code}{said}")
        for order in Order.objects.filter(id=row.public_id):
            closed = order.tick_closed or "open"
            self.stdout.write(
                f"  order {order.number}  {order}  filled {order.filled} of {order.quantity},"
                f" ticks {order.tick_submitted} to {closed}"
            )
        of_it = Q(buy_order=row.public_id) | Q(sell_order=row.public_id)
        for trade in Trade.objects.filter(of_it, tick__gte=verdict.tick).order_by("number")[:SHOWN]:
            self.stdout.write(f"  trade {trade.number}  {trade}  tick {trade.tick}")
        told = Delivery.objects.filter(endpoint__agent_id=account, tick__gte=verdict.tick)
        for delivery in told.order_by("sent_at")[:SHOWN]:
            self.stdout.write(
                f"  delivery {delivery.id}  of tick {delivery.tick}  {delivery.outcome}"
            )
