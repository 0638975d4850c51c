"""Registering: an identity, a first key, and the input that brings the agent into the world."""

from __future__ import annotations

import base64
import secrets
from collections.abc import Iterable
from datetime import timedelta
from typing import NamedTuple

from django.conf import settings
from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from agents.engine.agent_state import AgentState
from agents.engine.names import folded, is_reserved
from agents.engine.rules import CEO
from agents.models import Agent, Input, Source
from agents.services.callbacks import check_callback_url
from agents.services.encryption import encrypt
from agents.services.keys import create_key
from agents.services.site_state import admit
from market.models import Company

REGISTER = "REGISTER"
A_DAY = timedelta(days=1)


class NameTaken(Exception):
    """Another agent, or the exchange itself, has the name, or one that looks like it."""


class NoOffice(Exception):
    """Every company has a CEO, or one registered from the same address is in office."""


class EndowmentSpent(Exception):
    """What an address is given a day is used up, for so many seconds."""

    def __init__(self, seconds: float) -> None:
        super().__init__(seconds)
        self.seconds = seconds


class Registration(NamedTuple):
    """A new agent, and its secrets, which are shown this once."""

    agent: Agent
    api_key: str
    webhook_secret: str


def register(
    *,
    name: str,
    role: str,
    callback_url: str = "",
    origin: str = "",
    invitation: str = "",
    request_id: str = "",
) -> Registration:
    """Register an agent; its capital follows with the next tick. `origin` says, by a keyed hash,
    which address asks; "" is bound by no limit of an address.

    Raises NameTaken, NoOffice, EndowmentSpent, BadCallbackUrl, RegistrationClosed and NotInvited.
    """
    if callback_url:
        check_callback_url(callback_url)
    if is_reserved(name, Company.objects.values_list("symbol", flat=True)):
        raise NameTaken
    webhook_secret = new_webhook_secret()
    try:
        with transaction.atomic():
            used = admit(invitation)
            if origin:
                _check_endowment(role, origin)
            if role == CEO:
                _check_office(origin)
            agent = Agent.objects.create(
                name=name,
                folded_name=folded(name),
                role=role,
                origin=origin,
                callback_url=callback_url,
                webhook_secret=encrypt(webhook_secret),
            )
            _, secret = create_key(agent)
            parameters = {"agent": str(agent.public_id), "name": name, "role": role}
            if origin:
                parameters["origin"] = origin
            Input.objects.create(
                account=agent.id,
                type=REGISTER,
                parameters=parameters,
                source=Source.API,
                request_id=request_id,
            )
            if used is not None:
                used.agent = agent
                used.save(update_fields=["agent"])
    except IntegrityError:  # the only constraint that a caller can break
        raise NameTaken from None
    return Registration(agent, secret, webhook_secret)


def _check_endowment(role: str, origin: str) -> None:
    """Raise EndowmentSpent when an address has been given as much as it may be in a day."""
    _wait_for_others(f"origin {origin}")
    rules, now = settings.RULES.agents, timezone.now()
    recent = Agent.objects.filter(origin=origin, created_at__gt=now - A_DAY).order_by("-created_at")
    given, wanted = 0, rules.role(role).capital_cents
    for other, created_at in recent.values_list("role", "created_at"):
        given += rules.role(other).capital_cents
        if given + wanted > rules.address_endowment_cents:
            raise EndowmentSpent((created_at + A_DAY - now).total_seconds())


def _check_office(origin: str) -> None:
    """Raise NoOffice when there is no company for another CEO."""
    _wait_for_others("office")
    in_office = Agent.objects.filter(role=CEO).exclude(company="")
    waiting = Input.objects.waiting().filter(type=REGISTER, parameters__role=CEO)
    if in_office.count() + waiting.count() >= Company.objects.count():
        raise NoOffice
    if origin:
        if in_office.filter(origin=origin).exists():
            raise NoOffice
        if waiting.filter(parameters__origin=origin).exists():
            raise NoOffice


def _wait_for_others(what: str) -> None:
    """Wait until no other transaction is at work on the same; ours ends the wait of others."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [what])


def admit_house(members: Iterable[AgentState]) -> None:
    """Give the house agents of a new world their rows: nobody has a key to them."""
    Agent.objects.bulk_create(
        Agent(
            id=member.account,
            public_id=member.id,
            name=member.name,
            folded_name=folded(member.name),
            role=member.role,
            reputation=member.reputation,
            is_house=True,
        )
        for member in members
    )


def change_callback_url(agent: Agent, url: str) -> None:
    """Set where an agent's briefings go; "" for nowhere. Raises BadCallbackUrl."""
    if url:
        check_callback_url(url)
    if url == agent.callback_url:
        return
    agent.callback_url = url
    agent.save(update_fields=["callback_url"])


def new_webhook_secret() -> str:
    """Return a secret as Standard Webhooks has it: 32 random bytes."""
    return "whsec_" + base64.b64encode(secrets.token_bytes(32)).decode()
