"""Registering: an identity, a first key, and the input that brings the agent into the world."""

from __future__ import annotations

import base64
import secrets
from collections.abc import Iterable
from typing import NamedTuple

from django.db import IntegrityError, transaction

from agents.engine.registry import AgentState
from agents.models import Agent, Input, Source
from agents.services.callbacks import check_callback_url
from agents.services.keys import create_key
from agents.services.sealing import seal
from market.engine.accounts import SYSTEM_ACCOUNTS

REGISTER = "REGISTER"
RESERVED_NAMES = frozenset(SYSTEM_ACCOUNTS.values())


class NameTaken(Exception):
    """Another agent, or the exchange itself, has the name."""


class Registration(NamedTuple):
    """A new agent, and its secrets, which are shown this once."""

    agent: Agent
    api_key: str
    webhook_secret: str


def register(*, name: str, role: str, callback_url: str = "") -> Registration:
    """Register an agent; its capital follows with the next tick.

    Raises NameTaken and BadCallbackUrl.
    """
    if callback_url:
        check_callback_url(callback_url)
    if name.lower() in RESERVED_NAMES:
        raise NameTaken
    webhook_secret = new_webhook_secret()
    try:
        with transaction.atomic():
            agent = Agent.objects.create(
                name=name, role=role, callback_url=callback_url, webhook_secret=seal(webhook_secret)
            )
            _, secret = create_key(agent)
            Input.objects.create(
                account=agent.id,
                type=REGISTER,
                parameters={"agent": str(agent.public_id), "name": name, "role": role},
                source=Source.API,
            )
    except IntegrityError:  # the only constraint that a caller can break
        raise NameTaken from None
    return Registration(agent, secret, webhook_secret)


def admit_house(members: Iterable[AgentState]) -> None:
    """Give the house agents of a new world their rows: nobody has a key to them."""
    Agent.objects.bulk_create(
        Agent(
            id=member.account,
            public_id=member.id,
            name=member.name,
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
