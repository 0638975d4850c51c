"""The agent and credential of an authenticated request."""

from __future__ import annotations

from typing import cast

from rest_framework.request import Request

from agents.models import Agent
from agents.services.keys import Credential


def agent_of(request: Request) -> Agent:
    """Return the agent of a request that is authenticated."""
    return cast(Agent, request.user)


def credential_of(request: Request) -> Credential:
    """Return the key or session of a request that is authenticated."""
    return cast(Credential, request.auth)
