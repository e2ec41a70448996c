"""Lets the first manager into a new clinic; everybody else is invited by a manager."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.core.validators import validate_email

from clinic import enrolling
from clinic.models import Role, User
from config.base import Refused


class Command(BaseCommand):
    help = "Make the account of a new clinic's first manager and send them a link to choose a password."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("email", help="where the link is sent, and what they sign in with")
        parser.add_argument("--given-name", required=True)
        parser.add_argument("--family-name", required=True)

    def handle(self, *args: Any, email: str, given_name: str, family_name: str, **options: Any) -> None:
        if User.objects.filter(role=Role.MANAGER).exists():
            raise CommandError("There is a manager already. Ask them to invite you from the list of people.")
        try:
            validate_email(email)
            user = enrolling.invite(
                email, role=Role.MANAGER, given_name=given_name, family_name=family_name, by=None
            )
        except ValidationError:
            raise CommandError(f"{email} is not an e-mail address. Please check it.") from None
        except Refused as no:
            raise CommandError(str(no)) from None
        self.stdout.write(f"The worker sends {user.email} a link to choose a password.")
