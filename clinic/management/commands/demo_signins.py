"""Print how to sign in to the demo clinic."""

from __future__ import annotations

from io import StringIO
from typing import Any

import segno
from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone
from django_otp.plugins.otp_totp.models import TOTPDevice

from clinic.demo import people
from clinic.models import User


class Command(BaseCommand):
    help = "Print the addresses, people, password and second factor of the demo clinic. Refused elsewhere."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--address", default=settings.BASE_URL, help="where the clinic answers")
        parser.add_argument("--no-qr", action="store_true", help="leave the QR code out")

    def handle(self, *args: Any, address: str, no_qr: bool, **options: Any) -> None:
        if not settings.DEMO:
            raise CommandError("These sign-ins exist in the demo clinic only. This is not one.")
        cast = User.objects.filter(email__endswith=f"@{people.DOMAIN}", emailaddress__verified=True)
        known = cast.filter(email__in=[*(person.email for person in people.STAFF), people.PATIENT])
        if not known:
            raise CommandError("The demo clinic is empty. Load it first with: make manage CMD=seed_demo")
        self.stdout.write(_sheet(address.rstrip("/"), known))
        if not no_qr:
            self.stdout.write(_picture())


def _sheet(address: str, known: Any) -> str:
    rows = [f"  {person.email:<48} {person.get_role_display()}" for person in known.order_by("role", "email")]
    return "\n".join(
        [
            "DEMO ONLY: every reader of the source knows these.",
            f"  Public pages and portal   {address}/",
            f"  Practice desk             {address}/admin/",
            "",
            *rows,
            "",
            f"  Password of all           {people.DEMO_PASSWORD}",
            f"  Code of the staff now     {people.code(at=timezone.now())}   (a new one every 30 seconds)",
            f"  Secret for your app       {_device().config_url.partition('secret=')[2].partition('&')[0]}",
        ]
    )


def _picture() -> str:
    out = StringIO()
    segno.make(_device().config_url, error="l").terminal(out=out, compact=True)
    return out.getvalue()


def _device() -> TOTPDevice:
    """The app that all of the demo's staff share, with a name of its own."""
    return TOTPDevice(user=User(email="staff (demo)"), key=people.DEMO_TOTP_KEY)
