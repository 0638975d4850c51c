"""The plainest feed that Channels allows, to hold ours against: a group, and a message a price."""

from __future__ import annotations

import os
from typing import Any

import django
from channels.generic.websocket import AsyncJsonWebsocketConsumer
from channels.routing import ProtocolTypeRouter, URLRouter
from django.urls import path

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "wallstreetsim.settings")
django.setup()

GROUP = "prices"


class PlainConsumer(AsyncJsonWebsocketConsumer):
    async def receive_json(self, content: Any, **_: Any) -> None:
        await self.channel_layer.group_add(GROUP, self.channel_name)
        await self.send_json({"type": "subscribed"})

    async def disconnect(self, code: int) -> None:
        await self.channel_layer.group_discard(GROUP, self.channel_name)

    async def price_update(self, event: dict[str, Any]) -> None:
        await self.send_json({"type": "price:update", "tick": event["tick"], "data": event["data"]})


routes: Any = [path("ws", PlainConsumer.as_asgi())]  # type: ignore[arg-type]
application = ProtocolTypeRouter({"websocket": URLRouter(routes)})
