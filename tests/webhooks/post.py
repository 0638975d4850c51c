"""A small world with a courier: agents of the cast, and where they listen."""

from __future__ import annotations

from collections.abc import Callable

from django.db import connection

from agents.models import Agent
from agents.services.encryption import encrypt
from agents.services.registration import change_callback_url, new_webhook_secret
from tests.floor.hall import Hall
from tests.stack.running import eventually
from tests.webhooks.receivers import Receiver
from wallstreetsim.api.courier import intake
from wallstreetsim.floor.shell import Committed
from webhooks.courier import Courier
from webhooks.models import Delivery, DueBriefing, Endpoint


class Post:
    """The hall of a floor, and one courier."""

    def __init__(self, *cast: str) -> None:
        self.hall = Hall(*cast)
        self.secrets = {name: new_webhook_secret() for name in cast}
        for name, agent in self.hall.agents.items():
            agent.webhook_secret = encrypt(self.secrets[name])
            agent.save(update_fields=["webhook_secret"])
        self.courier = Courier(intake())
        # Tries are repeated when a test delivers, and not by a timer while it does something else.
        self.courier._deliver_in = lambda seconds: None  # type: ignore[method-assign]

    def close(self) -> None:
        self.settle()
        self.courier.close()

    def agent(self, name: str) -> Agent:
        return Agent.objects.get(id=self.hall.agents[name].id)

    def endpoint(self, name: str) -> Endpoint:
        return Endpoint.objects.get(agent=self.hall.agents[name].id)

    def tries(self, name: str) -> list[Delivery]:
        """Return the tries so far, the oldest first."""
        return list(Delivery.objects.filter(endpoint=self.hall.agents[name].id).order_by("sent_at"))

    def connect(self, name: str, receiver: Receiver) -> None:
        """Give an agent its URL, and have it pinged."""
        change_callback_url(self.agent(name), receiver.url)
        self.deliver()

    def tick(self, script: str = "") -> Committed:
        """Run a tick, and have it delivered to the end."""
        committed = self.hall.tick(script)
        self.deliver()
        return committed

    def deliver(self) -> None:
        """Deliver what is due, and wait until what came of it is written."""
        self.courier.deliver()
        self.settle()

    def settle(self) -> None:
        eventually(lambda: not self.courier.has_requests_in_flight(), pause=0.01)

    def end_waits(self) -> None:
        """Let every wait of an endpoint be over."""
        Endpoint.objects.update(waits_until=None)

    def is_due(self, name: str) -> bool:
        endpoint = self.endpoint(name)
        due = DueBriefing.objects.filter(endpoint=endpoint).first()
        return due is not None and endpoint.briefed_tick < due.tick

    @staticmethod
    def count_queries(act: Callable[[], object]) -> int:
        statements: list[str] = []

        def note(execute, sql, params, many, context):  # type: ignore[no-untyped-def]
            statements.append(sql)
            return execute(sql, params, many, context)

        with connection.execute_wrapper(note):
            act()
        return len(statements)
