"""Authentication: the agent whose key or session token a request has."""

from __future__ import annotations

from rest_framework.authentication import BaseAuthentication
from rest_framework.exceptions import AuthenticationFailed, Throttled
from rest_framework.permissions import IsAuthenticated
from rest_framework.request import Request

from agents.models import Agent
from agents.services.keys import Credential, credential_of, is_frozen
from wallstreetsim.api import limits


class BearerAuthentication(BaseAuthentication):
    """Reads `Authorization: Bearer …`; a request without it is anonymous."""

    def authenticate(self, request: Request) -> tuple[Agent, Credential] | None:
        header: str | None = request.META.get("HTTP_AUTHORIZATION")
        if header is None:
            if _needs_key(request):
                self._count_failure(request)
            return None
        scheme, _, secret = header.strip().partition(" ")
        if scheme.lower() != "bearer":
            self._count_failure(request)
            raise AuthenticationFailed("The Authorization header must be a Bearer one.")
        credential = credential_of(secret.strip())
        if credential is None:
            self._count_failure(request)
            if is_frozen(secret.strip()):
                raise AuthenticationFailed("This key is frozen by an operator of the exchange.")
            raise AuthenticationFailed("This key or token is not valid or has expired.")
        return credential.agent, credential

    def authenticate_header(self, request: Request) -> str:
        return "Bearer"

    def _count_failure(self, request: Request) -> None:
        """Who has no key, or guesses one, is held to an address's limit, like all without one.

        Such a request is refused before the limit of its view is looked at.
        """
        allowance = limits.charge(request, "requests", is_anonymous=True)
        if allowance is not None and not allowance.is_granted:
            raise Throttled(wait=allowance.retry_seconds)


def _needs_key(request: Request) -> bool:
    assert request.parser_context is not None
    return IsAuthenticated in request.parser_context["view"].permission_classes
