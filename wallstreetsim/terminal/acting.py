"""What an agent does by forms: each is one request of the API, put to the API's own view.

A script gets the API's answer. A form without scripts is led back to where it stood: with what was
typed in the address where it was refused, or only previewed.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any, NamedTuple
from urllib.parse import urlsplit
from uuid import uuid4

import orjson
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect, QueryDict
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST

from agents.engine.batch import RATIONALE
from agents.models import Agent
from market.engine.parameters import Parameter, ParameterKind, is_uuid
from wallstreetsim.api.envelope import JSON
from wallstreetsim.api.inner_requests import Json, ask
from wallstreetsim.api.views import IDEMPOTENCY_KEY
from wallstreetsim.machine.actions import ACTIONS
from wallstreetsim.terminal.action_forms import FINAL
from wallstreetsim.terminal.frame import framed
from wallstreetsim.terminal.guards import only_logged_in
from wallstreetsim.terminal.reader import back_of, token_of, wants_json

PREVIEW, CONFIRMED = "preview", "confirmed"
OWN_FIELDS = ("csrfmiddlewaretoken", "back", "once", PREVIEW, CONFIRMED)  # not of a form's action

_WHOLE = re.compile(r"-?[0-9]{1,18}", re.ASCII)
_NUMBER = re.compile(r"-?[0-9]{1,18}\.[0-9]{1,18}", re.ASCII)


class Done(NamedTuple):
    """What a request of the API has led to: the status, the envelope, and what is said of it: of
    one field, if it is at fault.
    """

    status: int
    told: Json
    said: str
    is_good: bool
    field: str = ""


@never_cache
@require_POST
@only_logged_in
def act(request: HttpRequest, agent: Agent) -> HttpResponse:
    """Take one action, or say what would become of it: first of one that nothing takes back."""
    is_unconfirmed = request.POST.get("type") in FINAL and CONFIRMED not in request.POST
    is_preview = PREVIEW in request.POST or is_unconfirmed
    fields = {name: str(given) for name, given in request.POST.items()}
    fields = {name: given for name, given in fields.items() if name not in OWN_FIELDS and given}
    if is_preview and not wants_json(request):
        return _back(
            request, {**fields, PREVIEW: "1"}, f"#{fields['type']}" if is_unconfirmed else ""
        )
    body = {"actions": [action_of(fields)], "dryRun": is_preview}
    once = request.POST.get("once", "") or str(uuid4())
    headers = {} if is_preview else {IDEMPOTENCY_KEY: once}
    status, told = ask(request, "POST", "actions", body, token=token_of(request), headers=headers)
    done = _acted(fields, status, told)
    return _answer(request, done, {} if done.is_good else fields)


def preview_of(request: HttpRequest, fields: Mapping[str, str]) -> Json:
    """Return what the API's dry run says of a form's action: its result, or one that says why there
    is none.
    """
    body = {"actions": [action_of(fields)], "dryRun": True}
    _, told = ask(request, "POST", "actions", body, token=token_of(request))
    if not told["success"]:
        return {"success": False, "message": told["error"], "data": {}}
    result: Json = told["data"]["results"][0]
    return result


def action_of(fields: Mapping[str, str]) -> Json:
    """Return a form's action as the API has it: numbers and flags as such, where they look it. What
    does not is refused there.
    """
    fields = {"type": fields.get("side", ""), **fields}  # of an order, its side is its type
    fields.pop("side", None)
    action = ACTIONS.get(fields["type"])
    parameters = {one.wire: one for one in action.parameters} if action else {}
    return {
        name: _value(parameters[name], text) if name in parameters else text
        for name, text in fields.items()
    }


def _value(parameter: Parameter, text: str) -> object:
    if parameter.kind is ParameterKind.BOOLEAN:
        return {"true": True, "false": False}.get(text, text)
    if parameter.kind in (ParameterKind.INTEGER, ParameterKind.MONEY):
        plain = text.strip().replace(",", "").removeprefix("$")
        if _WHOLE.fullmatch(plain):
            return int(plain)
        return Decimal(plain) if _NUMBER.fullmatch(plain) else text
    if parameter.kind is ParameterKind.TEXT:
        return " ".join(text.split())  # browsers send line breaks, which no text may have
    return text.strip().upper() if parameter.kind is ParameterKind.SYMBOL else text


def _acted(fields: Mapping[str, str], status: int, told: Json) -> Done:
    if not told["success"]:
        return _refused(status, told)
    result = told["data"]["results"][0]
    if result["success"]:
        return Done(status, told, f"{_words(fields)}: taken for the next tick.", is_good=True)
    field = next(iter(result.get("details", {})), "")
    said = f"{_words(fields)}: {result['message']}"
    return Done(status, told, said, is_good=False, field=field)


def _words(fields: Mapping[str, str]) -> str:
    """Return what a form asked for, in the words of the command line."""
    named = (fields.get(name, "") for name in ("type", "side", "quantity", "symbol", "targetAgent"))
    return " ".join(filter(None, named)).replace("_", " ")[:120]


def _refused(status: int, told: Json) -> Done:
    field = next(iter(told.get("details", {})), "")
    return Done(status, told, told["error"], is_good=False, field=field)


# What is no action of the machine's


@never_cache
@require_POST
@only_logged_in
def socket_ticket(request: HttpRequest, agent: Agent) -> HttpResponse:
    """Give a script of ours a ticket that opens one socket, as this agent's."""
    status, told = ask(request, "POST", "auth/session", token=token_of(request))
    return HttpResponse(orjson.dumps(told), status=status, content_type=JSON)


def _form(method: str, path: str, done: str, *names: str) -> Callable[..., HttpResponse]:
    """Return the view of a form that asks this of the API; `names` are the fields it has."""

    def asked(request: HttpRequest, agent: Agent) -> HttpResponse:
        body = {name: request.POST.get(name, "").strip() for name in names} if names else None
        status, told = ask(request, method, path, body, token=token_of(request))
        if not told["success"]:
            return _answer(request, _refused(status, told), body or {})
        return _answer(request, Done(status, told, done, is_good=True), {})

    return never_cache(require_POST(only_logged_in(asked)))


read_all = _form("POST", "agents/me/messages/read", "All messages are marked as read.")
ping = _form("POST", "agents/me/webhook/test", "A ping is being sent.")
set_callback = _form("PATCH", "agents/me", "The callback URL is saved.", "callbackUrl")


@never_cache
@require_POST
@only_logged_in
def make_key(request: HttpRequest, agent: Agent) -> HttpResponse:
    """Make another key, and show it this once."""
    status, told = ask(request, "POST", "auth/keys", token=token_of(request))
    if not told["success"]:
        return _answer(request, _refused(status, told), {})
    context = {"agent": agent, "tab": "account", "made": told["data"]}
    return framed(request, "me/key.html", "", lambda _: context, status=status, is_kept=False)


@never_cache
@require_POST
@only_logged_in
def revoke_key(request: HttpRequest, agent: Agent) -> HttpResponse:
    """Revoke a key, and every session but the one that asks."""
    id = request.POST.get("keyId", "")
    if not is_uuid(id):
        raise Http404
    status, told = ask(request, "DELETE", f"auth/keys/{id}", token=token_of(request))
    if not told["success"]:
        return _answer(request, _refused(status, told), {})
    said = "The key is revoked, and every session but this one is over."
    return _answer(request, Done(status, told, said, is_good=True), {})


# Answers


def _answer(request: HttpRequest, done: Done, fields: Mapping[str, str]) -> HttpResponse:
    if wants_json(request):
        return HttpResponse(orjson.dumps(done.told), status=done.status, content_type=JSON)
    say = messages.success if done.is_good else messages.error
    say(request, done.said, extra_tags=done.field)
    return _back(request, fields)


def _back(request: HttpRequest, fields: Mapping[str, Any], part: str = "") -> HttpResponse:
    """Lead a form back to where it stood, with what was typed if it is to be shown again, or to a
    part of its page.
    """
    place = urlsplit(back_of(request))
    query = QueryDict(place.query, mutable=True)
    for name in [*query]:
        if name in FORM_FIELDS:
            del query[name]
    named_by_path = place.path.rpartition("/")[2]  # as a company's page has its symbol
    query.update({name: given for name, given in fields.items() if given != named_by_path})
    asked = f"?{query.urlencode()}" if query else ""
    return HttpResponseRedirect(f"{place.path}{asked}{part}")


FORM_FIELDS = {
    "type",
    "side",
    PREVIEW,
    RATIONALE.wire,
    *(parameter.wire for action in ACTIONS.values() for parameter in action.parameters),
}
