"""What operators have settled of the site, as every process knows it without asking.

A web process reads it with each look at the database (`database_health.watch`); whoever changes it
in this process notes it at once.
"""

from __future__ import annotations

import ipaddress
import secrets
from collections.abc import Iterable
from datetime import datetime
from typing import Any, NamedTuple, TypeAlias

import psycopg
from django.db import connection, transaction
from django.utils import timezone

from agents.models import (
    Agent,
    ApiKey,
    FrozenAddress,
    Invitation,
    RegistrationMode,
    Session,
    SiteState,
)
from agents.services.keys import digest_of

INVITATION = "winvite_"
Network: TypeAlias = ipaddress.IPv4Network | ipaddress.IPv6Network

READ = """
    SELECT coalesce(max(registration), 'open'), coalesce(max(notice), ''), max(notice_ends_at),
        coalesce((SELECT array_agg(network ORDER BY network) FROM agents_frozenaddress), '{}')
    FROM agents_sitestate
"""


class Notice(NamedTuple):
    """What everybody is told, and when what it tells of happens."""

    text: str
    ends_at: datetime | None

    def as_wire(self) -> dict[str, str | None]:
        return {"text": self.text, "endsAt": self.ends_at.isoformat() if self.ends_at else None}


class _Known:
    """What this process knows."""

    notice: Notice | None = None
    frozen: tuple[Network, ...] = ()


def current_notice() -> Notice | None:
    """Return what everybody is told now. No query."""
    return _Known.notice


def is_frozen(address: str) -> bool:
    """Say whether nothing is served to an address, as `address_of` returns it. No query."""
    if not _Known.frozen:
        return False
    try:
        asked = ipaddress.ip_network(address)
    except ValueError:
        return False
    return any(
        isinstance(asked, type(frozen)) and asked.subnet_of(frozen)  # type: ignore[arg-type]
        for frozen in _Known.frozen
    )


def look(watched: psycopg.Connection[Any]) -> None:
    """Read the site's state over this connection, and know it from now on."""
    row = watched.execute(READ).fetchone()
    assert row is not None
    _note(*row)


def read() -> Notice | None:
    """Read the site's state in one query, know it from now on, and return the notice."""
    with connection.cursor() as cursor:
        cursor.execute(READ)
        _note(*cursor.fetchone())
    return _Known.notice


def _note(registration: str, text: str, ends_at: datetime | None, frozen: Iterable[str]) -> None:
    _Known.notice = Notice(text, ends_at) if text else None
    _Known.frozen = tuple(ipaddress.ip_network(network) for network in frozen)


# Who may register


class RegistrationClosed(Exception):
    """Nobody may register now."""


class NotInvited(Exception):
    """Only who is invited may register, and there is no such invitation that is not used."""


def admit(invitation: str) -> Invitation | None:
    """Return the invitation that a registration will use up, None where none is needed; in the
    transaction of the registration. Raises RegistrationClosed and NotInvited.
    """
    mode = registration_mode()
    if mode == RegistrationMode.CLOSED:
        raise RegistrationClosed
    if mode != RegistrationMode.INVITED:
        return None
    unused = Invitation.objects.filter(digest=digest_of(invitation), agent=None)
    found = unused.select_for_update().first()
    if found is None:
        raise NotInvited
    return found


def registration_mode() -> str:
    """Return who may register. One query."""
    mode = SiteState.objects.values_list("registration", flat=True).first()
    return mode or RegistrationMode.OPEN


def invite(note: str = "") -> str:
    """Return a new invitation for one agent: it is shown this once."""
    secret = INVITATION + secrets.token_urlsafe(24)
    Invitation.objects.create(digest=digest_of(secret), note=note)
    return secret


# What operators do


def set_registration(mode: RegistrationMode) -> None:
    SiteState.objects.update_or_create(id=1, defaults={"registration": mode})


def set_notice(text: str, ends_at: datetime | None) -> None:
    """Tell everybody something, "" for nothing more."""
    SiteState.objects.update_or_create(
        id=1, defaults={"notice": text, "notice_ends_at": ends_at if text else None}
    )
    read()


def freeze_address(network: str, reason: str) -> FrozenAddress:
    """Serve an address or a network nothing. Raises ValueError if it is neither."""
    known = str(ipaddress.ip_network(network, strict=False))
    frozen, _ = FrozenAddress.objects.update_or_create(network=known, defaults={"reason": reason})
    read()
    return frozen


def thaw_address(network: str) -> bool:
    """Serve an address or a network again; say whether it was frozen. Raises ValueError."""
    known = str(ipaddress.ip_network(network, strict=False))
    deleted, _ = FrozenAddress.objects.filter(network=known).delete()
    read()
    return bool(deleted)


def freeze_key(key: ApiKey) -> None:
    """Let a key open nothing until it is thawed; its agent's sessions end, its sockets close."""
    with transaction.atomic():
        key.frozen_at = timezone.now()
        key.save(update_fields=["frozen_at"])
        Session.objects.filter(agent=key.agent_id).delete()


def thaw_key(key: ApiKey) -> None:
    key.frozen_at = None
    key.save(update_fields=["frozen_at"])


def keys_of(reference: str) -> list[ApiKey]:
    """Return the live keys that begin so, or that are the named agent's."""
    live = ApiKey.objects.live().select_related("agent")
    if reference.startswith("wss_"):
        return list(live.filter(prefix=reference[:12]))
    return list(live.filter(agent__in=Agent.objects.filter(name=reference)))
