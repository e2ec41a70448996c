"""More time to pay for what is held: nobody loses it because they read or type slowly (WCAG 2.2.1)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db import transaction

from clinic import booking
from config.base import Refused

if TYPE_CHECKING:
    from clinic.models import Appointment, User


class ExtendedAlready(Refused):
    def __init__(self) -> None:
        super().__init__(
            "The time to pay has started anew once already. Please pay before it runs out; after that you can"
            " choose a time again."
        )


@transaction.atomic
def give_more_time(appointment: Appointment, *, by: User) -> None:
    """Let the hold start anew: once, as when the payment page is opened.

    :raises ExtendedAlready: it has started anew before
    :raises booking.NotHeld: it is not waiting for payment
    :raises booking.HoldOver: the hold has run out
    """
    if appointment.lock().extended_at and appointment.status == appointment.Status.HELD:
        raise ExtendedAlready
    booking.extend(appointment, by=by, why="The patient asked for more time.")
