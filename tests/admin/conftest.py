"""Django is not set up yet when this is read, so what needs it is imported where it is used."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from django.contrib.auth.models import User

    from tests.floor.hall import Hall


@pytest.fixture(autouse=True)
def passwords_cost_nothing(settings: Any) -> None:
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


@pytest.fixture
def hall(db: None, monkeypatch: pytest.MonkeyPatch) -> Hall:
    """A small world whose floor is never too early."""
    monkeypatch.setattr("wallstreetsim.floor.shell.SHORTEST_INTERVAL", 0.0)
    from tests.floor.hall import Hall

    return Hall("ann", "bob")


@pytest.fixture
def make_user(db: None) -> object:
    from django.contrib.auth.models import Permission, User

    def make(*permissions: str, name: str = "olive") -> User:
        user = User.objects.create_user(name, password="secret", is_staff=True)
        user.user_permissions.set(Permission.objects.filter(codename__in=permissions))
        return user

    return make
