"""A trade with oneself stands on its account's page once for each of its two orders."""

from __future__ import annotations

from typing import ClassVar

from django.db import migrations

_STAND_TWICE = """
    UPDATE market_blotterpage AS page
    SET trades = (SELECT array_agg(number ORDER BY number DESC)
                  FROM unnest(page.trades || own.numbers) AS number)
    FROM (SELECT buyer_id, tick, array_agg(number) AS numbers FROM market_trade
          WHERE buyer_id = seller_id GROUP BY buyer_id, tick) AS own
    WHERE page.account_id = own.buyer_id AND page.tick = own.tick
"""
_STAND_ONCE = """
    UPDATE market_blotterpage AS page
    SET trades = (SELECT array_agg(DISTINCT number ORDER BY number DESC)
                  FROM unnest(page.trades) AS number)
    FROM (SELECT DISTINCT buyer_id, tick FROM market_trade WHERE buyer_id = seller_id) AS own
    WHERE page.account_id = own.buyer_id AND page.tick = own.tick
"""


class Migration(migrations.Migration):
    dependencies: ClassVar = [("market", "0007_pages_find_orders_and_trades")]
    operations: ClassVar = [migrations.RunSQL(_STAND_TWICE, _STAND_ONCE)]
