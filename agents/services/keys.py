"""Keys and sessions: whose a secret is. Only digests are stored; a secret is shown once."""

from __future__ import annotations

import hashlib
import secrets
from datetime import datetime, timedelta
from functools import cache
from typing import TypeAlias, TypeVar
from uuid import UUID

from django.db import connection, transaction
from django.db.models import Q
from django.utils import timezone

from agents.models import Agent, ApiKey, Session
from market.common.prepared import Prepared

KEY, SESSION, TICKET = "wss_", "wsession_", "wticket_"  # how the secrets begin
SHOWN_LENGTH = 12  # of a key, for its owner to tell it from the others
MOST_LIVE_KEYS = 5
SESSION_SECONDS = 86_400
TICKET_SECONDS = 300

_KEYS_LOCK = 0x6B_65_79_73  # the class of the advisory locks, one an agent

Credential: TypeAlias = ApiKey | Session
Bearer = TypeVar("Bearer", ApiKey, Session)


class TooManyKeys(Exception):
    """An agent has as many live keys as it may have."""


class LastKey(Exception):
    """An agent's only live key stays: nothing else would open its account."""


def digest_of(secret: str) -> str:
    """Return what is kept of a secret. It has 256 random bits, so a plain hash is enough."""
    return hashlib.sha256(secret.encode()).hexdigest()


def credential_of(secret: str) -> Credential | None:
    """Return the live key or session that a secret stands for, its agent loaded. One query."""
    if secret.startswith(KEY):
        return key_of(secret)
    if secret.startswith(SESSION):
        return session_of(secret)
    return None


def session_of(secret: str) -> Session | None:
    """Return the session that a token stands for, its agent loaded. One query."""
    return _session_of(secret, is_ticket=False)


def key_of(secret: str) -> ApiKey | None:
    """Return the live key that a secret stands for, its agent loaded. One query."""
    return _bearer_of(ApiKey, "revoked_at IS NULL AND frozen_at IS NULL", secret)


def is_frozen(secret: str) -> bool:
    """Say whether a secret is a key that an operator has frozen. One query."""
    frozen = ApiKey.objects.live().filter(digest=digest_of(secret), frozen_at__isnull=False)
    return secret.startswith(KEY) and frozen.exists()


def create_key(agent: Agent) -> tuple[ApiKey, str]:
    """Give an agent its first key, or one more; return it and its secret."""
    secret = _new_secret(KEY)
    key = ApiKey.objects.create(agent=agent, digest=digest_of(secret), prefix=secret[:SHOWN_LENGTH])
    return key, secret


def add_key(agent: Agent) -> tuple[ApiKey, str]:
    """Give an agent another key. Raises TooManyKeys."""
    with transaction.atomic():
        _lock_keys(agent)
        if ApiKey.objects.live().filter(agent=agent).count() >= MOST_LIVE_KEYS:
            raise TooManyKeys
        return create_key(agent)


def revoke_key(agent: Agent, id: UUID, *, by: Credential) -> None:
    """End a key, and every session but the one that asks: a thief's would outlive it.

    Raises ApiKey.DoesNotExist and LastKey.
    """
    with transaction.atomic():
        _lock_keys(agent)
        live = ApiKey.objects.live().filter(agent=agent)
        key = live.get(id=id)
        if live.count() == 1:
            raise LastKey
        key.revoked_at = timezone.now()
        key.save(update_fields=["revoked_at"])
        Session.objects.filter(agent=agent).exclude(id=by.id).delete()


def revoke_all(agent: Agent) -> int:
    """End all of an agent's keys and sessions, and return how many keys there were."""
    with transaction.atomic():
        _lock_keys(agent)
        live = list(ApiKey.objects.live().filter(agent=agent))
        for key in live:
            key.revoked_at = timezone.now()
            key.save(update_fields=["revoked_at"])  # each is announced
        Session.objects.filter(agent=agent).delete()
    return len(live)


def open_session(agent: Agent) -> str:
    """Open a session and return its token."""
    return _open(agent, SESSION, seconds=SESSION_SECONDS)


def renew_session(session: Session) -> str | None:
    """Give a session a new token, and return it; the old one ends, the sockets that its tickets
    opened stay. None when somebody else has just done so.
    """
    secret = _new_secret(SESSION)
    known = Session.objects.filter(id=session.id, digest=session.digest)
    renewed = known.update(digest=digest_of(secret), expires_at=_after(SESSION_SECONDS))
    return secret if renewed else None


def close_session(session: Session) -> None:
    """End a session, and the tickets given to it that are not used."""
    Session.objects.filter(Q(id=session.id) | Q(issued_by=session.id)).delete()


def issue_ticket(agent: Agent, by: Credential | None = None) -> str:
    """Return a ticket that opens one WebSocket, which ends with the session that asked for it."""
    session = by.id if isinstance(by, Session) else None
    return _open(agent, TICKET, seconds=TICKET_SECONDS, issued_by=session)


def redeem_ticket(secret: str) -> Session | None:
    """Use a ticket up and return it, its agent loaded; None when it is unknown, used or too old."""
    ticket = _session_of(secret, is_ticket=True)
    if ticket is None:
        return None
    used, _ = Session.objects.filter(id=ticket.id).delete()
    return ticket if used else None


def _session_of(secret: str, *, is_ticket: bool) -> Session | None:
    kind = "is_ticket" if is_ticket else "NOT is_ticket"
    return _bearer_of(Session, f"{kind} AND expires_at > now()", secret)


def _bearer_of(model: type[Bearer], condition: str, secret: str) -> Bearer | None:
    """Return the row that keeps a secret's digest and meets a condition, its agent loaded."""
    names, names_of_agent, question = _question(model, condition)
    row = question.row(digest=digest_of(secret))
    if row is None:
        return None
    bearer = model.from_db(connection.alias, names, row[: len(names)])
    bearer.agent = Agent.from_db(connection.alias, names_of_agent, row[len(names) :])
    return bearer


@cache
def _question(model: type[Bearer], condition: str) -> tuple[list[str], list[str], Prepared]:
    """Return the query that finds a bearer, and the attributes of its and of its agent's columns.

    Every request asks this, and the ORM takes six times as long to put the same question.
    """
    fields, of_agent = model._meta.concrete_fields, Agent._meta.concrete_fields
    columns = [f"b.{field.column}" for field in fields]
    columns += [f"a.{field.column}" for field in of_agent]
    sql = (
        f"SELECT {', '.join(columns)} FROM {model._meta.db_table} b"
        f" JOIN {Agent._meta.db_table} a ON a.id = b.agent_id"
        f" WHERE b.digest = %(digest)s AND {condition}"
    )
    named = "".join(filter(str.isalpha, f"{model._meta.model_name}{condition}"))
    question = Prepared(f"bearer_{named}", {"digest": "text"}, sql)
    return [field.attname for field in fields], [field.attname for field in of_agent], question


def _open(agent: Agent, prefix: str, *, seconds: int, issued_by: UUID | None = None) -> str:
    """Keep a new secret's digest for so long; the agent's expired ones go."""
    secret = _new_secret(prefix)
    Session.objects.filter(agent=agent, expires_at__lte=timezone.now()).delete()
    Session.objects.create(
        agent=agent,
        digest=digest_of(secret),
        is_ticket=prefix == TICKET,
        issued_by=issued_by,
        expires_at=_after(seconds),
    )
    return secret


def _new_secret(prefix: str) -> str:
    return prefix + secrets.token_urlsafe(32)


def _after(seconds: int) -> datetime:
    return timezone.now() + timedelta(seconds=seconds)


def _lock_keys(agent: Agent) -> None:
    """Let one request at a time change an agent's keys.

    Not by its row: the tick writes that, and must never wait for us.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s, %s)", [_KEYS_LOCK, agent.id % 2**31])
