"""What operators settle of the site: who may register, which keys and addresses are served nothing,
and what everybody is told.
"""

from __future__ import annotations

from argparse import ArgumentParser
from datetime import timedelta
from typing import Any

from django.core.management.base import CommandError
from django.utils import timezone

from agents.models import ApiKey, FrozenAddress, RegistrationMode
from agents.services import site_state
from wallstreetsim.management.record import RecordCommand


class Command(RecordCommand):
    help = __doc__

    def add_arguments(self, parser: ArgumentParser) -> None:
        acts = parser.add_subparsers(dest="act", required=True)
        registration = acts.add_parser("registration", help="who may register")
        registration.add_argument("mode", choices=RegistrationMode.values)
        invite = acts.add_parser("invite", help="make invitations, each for one agent")
        invite.add_argument("--count", type=int, default=1)
        invite.add_argument("--note", default="")
        for act, what in (("freeze", "serve nothing to"), ("thaw", "serve again")):
            parts = acts.add_parser(act, help=f"{what} a key or an address").add_subparsers(
                dest="what", required=True
            )
            key = parts.add_parser("key", help="keys, by how one begins or by their agent's name")
            key.add_argument("reference")
            address = parts.add_parser("address", help="an address, or a network as 192.0.2.0/24")
            address.add_argument("network")
            address.add_argument("--reason", default="")
        acts.add_parser("frozen", help="list what is frozen")
        notice = acts.add_parser("notice", help="tell everybody something; without words, no more")
        notice.add_argument("text", nargs="?", default="")
        notice.add_argument("--in", type=float, dest="minutes", metavar="MINUTES")

    def handle(self, *args: Any, **options: Any) -> None:
        act = options["act"]
        if act == "registration":
            site_state.set_registration(RegistrationMode(options["mode"]))
            self.stdout.write(f"Registration is {options['mode']}.")
        elif act == "invite":
            for _ in range(options["count"]):
                self.stdout.write(site_state.invite(options["note"]))
        elif act == "frozen":
            self._list_frozen()
        elif act == "notice":
            self._tell(options["text"], options["minutes"])
        elif options["what"] == "key":
            self._keys(act, options["reference"])
        else:
            self._address(act, options["network"], options["reason"])

    def _list_frozen(self) -> None:
        keys = ApiKey.objects.live().filter(frozen_at__isnull=False).select_related("agent")
        for key in keys.order_by("frozen_at"):
            self.stdout.write(f"{key}  {key.frozen_at:%F %T}")
        for frozen in FrozenAddress.objects.order_by("network"):
            self.stdout.write(f"{frozen.network}  {frozen.frozen_at:%F %T}  {frozen.reason}")

    def _tell(self, text: str, minutes: float | None) -> None:
        if len(text) > 200:
            raise CommandError("A notice has 200 characters at most.")
        at = None if minutes is None else timezone.now() + timedelta(minutes=minutes)
        site_state.set_notice(text, at)
        self.stdout.write("Everybody is told." if text else "Nothing more is told.")

    def _keys(self, act: str, reference: str) -> None:
        keys = site_state.keys_of(reference)
        if not keys:
            raise CommandError(f"There is no live key {reference}.")
        for key in keys:
            (site_state.freeze_key if act == "freeze" else site_state.thaw_key)(key)
            self.stdout.write(f"{key}: {'frozen' if act == 'freeze' else 'thawed'}.")

    def _address(self, act: str, network: str, reason: str) -> None:
        try:
            if act == "freeze":
                self.stdout.write(f"{site_state.freeze_address(network, reason)} is frozen.")
            elif site_state.thaw_address(network):
                self.stdout.write(f"{network} is served again.")
            else:
                raise CommandError(f"{network} was not frozen.")
        except ValueError:
            raise CommandError(f"{network} is neither an address nor a network.") from None
