"""`/asyncapi.json`: the WebSockets, as AsyncAPI describes them, from the tables of their frames."""

from __future__ import annotations

import re
from functools import cache
from typing import Any

import orjson
from django.http import HttpRequest, HttpResponse

from wallstreetsim.api.configuration import CONTRACT_VERSION
from wallstreetsim.api.envelope import JSON, only_read, without_parameters
from wallstreetsim.feed import catalog, channels
from wallstreetsim.feed.catalog import Answer, FrameKind
from wallstreetsim.feed.research import catalog as view_catalog
from wallstreetsim.feed.research.catalog import ViewMessage, ViewSocket

Schema = dict[str, Any]

SAID = {  # by clients
    "authenticate": ("apiKey", "token"),
    "subscribe": ("channels",),
    "unsubscribe": ("channels",),
    "resume": ("epoch", "since"),
    "ping": (),
}
SAID_FIELDS: dict[str, Schema] = {
    "apiKey": {"type": "string", "description": "Your API key; or send a `token`."},
    "token": {
        "type": "string",
        "description": "Instead of a key: the ticket that POST /auth/session calls `sessionToken`."
        " It opens one socket, once.",
    },
    "channels": {"type": "array", "items": {"type": "string"}, "minItems": 1},
    "epoch": {"type": "integer", "description": "As `connected` gave it."},
    "since": {
        "type": "object",
        "description": "The last seq that you have of each stream; leave out `agent` while you"
        " have none.",
        "properties": {name: {"type": "integer"} for name in ("public", "agent", "research")},
        "required": ["public"],
    },
}
_UNFIT = re.compile(r"[^A-Za-z0-9_.-]+")

CHANNELS = (*channels.PUBLIC, catalog.MARKET, catalog.BOOK, catalog.OWN, *catalog.RESEARCH)


@only_read
@without_parameters
def asyncapi(request: HttpRequest) -> HttpResponse:
    """Serve the description of the WebSocket."""
    return HttpResponse(document(), content_type=JSON)


@cache
def document() -> bytes:
    """Return the description, as JSON. Source: AsyncAPI 3.0.0."""
    named = {channel: catalog.frames_of(channel) for channel in CHANNELS}
    messages = {_key(kind): _data_frame(kind) for kind in catalog.FRAMES}
    messages |= {_plain(answer.type): _answer(answer) for answer in catalog.ANSWERS}
    messages |= {name: _said(name, fields) for name, fields in SAID.items()}
    messages |= {_view_key(one.type): _view_message(one) for one in view_catalog.MESSAGES}
    messages |= {_view_key(name): _said(name, f) for name, f in view_catalog.SAID.items()}
    socket = [*(_plain(answer.type) for answer in catalog.ANSWERS), *SAID]
    described = {
        "asyncapi": "3.0.0",
        "info": {"title": "WallStreetSim", "version": CONTRACT_VERSION},
        "channels": {
            "socket": {"address": "/ws", "messages": _references(socket)},
            **{
                name: {"address": name, "messages": _references(map(_key, kinds))}
                for name, kinds in named.items()
            },
            **{socket.name: _view(socket) for socket in view_catalog.SOCKETS},
        },
        "operations": {
            "say": {"action": "receive", "channel": {"$ref": "#/channels/socket"}},
            "hear": {"action": "send", "channel": {"$ref": "#/channels/socket"}},
        },
        "components": {"messages": messages},
    }
    return orjson.dumps(described)


def _view(socket: ViewSocket) -> Schema:
    """Return one of the research desk's sockets, with all that is said on it."""
    told = (one.type for one in view_catalog.MESSAGES if not one.is_item)
    named = map(_view_key, (*socket.items, *told, *view_catalog.SAID))
    parameters: Schema = {name: {} for name in re.findall(r"{(\w+)}", socket.address)}
    return {
        "address": socket.address,
        "summary": socket.says,
        "messages": _references(named),
        **({"parameters": parameters} if parameters else {}),
    }


def _view_key(type: str) -> str:
    """Return what a message of a view is called beside the frames of /ws."""
    return f"view-{type}"


def _view_message(message: ViewMessage) -> Schema:
    names = (*message.fields, *(view_catalog.PLACE if message.is_item else ()))
    properties: Schema = {
        "type": {"const": message.type},
        **{name: dict(_VIEW_FIELDS.get(name, {})) for name in names},
    }
    return _message(message.type, message.says, properties, required=list(properties))


_VIEW_FIELDS: dict[str, Schema] = {
    "timestamp": {"type": "string", "format": "date-time"},
    "stream": {"enum": ["research", "public"]},
    **{name: {"type": "integer"} for name in ("seq", "tick", "prev", "epoch")},
    **{name: {"type": "object"} for name in ("signal", "data", "insight", "narrative", "embed")},
}


def _key(kind: FrameKind) -> str:
    """Return what a frame is called where two channels have one of its type."""
    return _plain(f"{kind.type}-{kind.channels[0]}")


def _plain(name: str) -> str:
    """Return a name as a component may have it."""
    return _UNFIT.sub("-", name).strip("-")


def _references(keys: Any) -> Schema:
    return {key: {"$ref": f"#/components/messages/{key}"} for key in keys}


def _data_frame(kind: FrameKind) -> Schema:
    one: Schema = {"type": "object", "required": list(kind.fields)}
    properties: Schema = {
        "type": {"const": kind.type},
        "channel": {"type": "string"},
        "stream": {"type": "string"},
        "seq": {"type": "integer"},
        "tick": {"type": "integer"},
        "timestamp": {"type": "string", "format": "date-time"},
        **({"partial": {"const": True}} if kind.is_partial else {}),
        "data": {"type": "array", "items": one} if kind.is_list else one,
    }
    return _message(kind.type, kind.says, properties, required=list(properties))


def _answer(answer: Answer) -> Schema:
    properties = {"type": {"const": answer.type}, "id": {}} | {name: {} for name in answer.fields}
    return _message(answer.type, answer.says, properties, required=["type"])


def _said(name: str, fields: tuple[str, ...]) -> Schema:
    properties = {"type": {"const": name}, "id": {"type": ["string", "integer"]}}
    return _message(
        name, "", properties | {field: SAID_FIELDS[field] for field in fields}, required=["type"]
    )


def _message(name: str, summary: str, properties: Schema, *, required: list[str]) -> Schema:
    payload = {"type": "object", "properties": properties, "required": required}
    return {"name": name, "summary": summary, "payload": payload}
