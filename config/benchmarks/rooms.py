"""Rooms with people in them who are signed in, for whatever is done to conversations."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from clinic.models import User

CSRF = "c" * 32


@dataclass
class Person:
    """Somebody with a session, and from which live event on their pages listen."""

    user: str
    session: str
    last_event: int = 0

    @property
    def headers(self) -> str:
        return f"Cookie: sessionid={self.session}; csrftoken={CSRF}\r\nX-CSRFToken: {CSRF}\r\n"


@dataclass
class Talk:
    """A room, its patient and its doctor."""

    room: str
    patient: Person
    doctor: Person

    @property
    def people(self) -> tuple[Person, Person]:
        return self.patient, self.doctor


@dataclass
class House:
    """Every room, and those who have no business in any of them."""

    talks: list[Talk] = field(default_factory=list)
    strangers: list[Person] = field(default_factory=list)


def furnish(rooms_of_doctors: list[int], *, strangers: int = 1) -> House:
    """Open so many rooms of each doctor, each with a patient of its own."""
    from messaging import chatting, streaming  # noqa: PLC0415  Django is up only now

    house = House(strangers=[signed_in(person("stranger", number)) for number in range(strangers)])
    for number, rooms in enumerate(rooms_of_doctors):
        doctor = person("doctor", number, role="doctor")
        talks: list[tuple[str, Person, int]] = []
        for _ in range(rooms):
            patient = person("patient", len(house.talks) + len(talks))
            room = chatting.open_room("Consultation", members=[patient, doctor], by=None)
            talks.append((str(room.pk), signed_in(patient), streaming.last_event_id(patient)))
        on_duty = signed_in(doctor)
        on_duty.last_event = streaming.last_event_id(doctor)
        for room_id, visitor, last_event in talks:
            visitor.last_event = last_event
            house.talks.append(Talk(room_id, visitor, on_duty))
    return house


def person(name: str, number: int, *, role: str = "patient") -> User:
    from clinic.models import User  # noqa: PLC0415

    # Names count from 1000: all are equally long, and no name is the beginning of another.
    return User.objects.create_user(f"{name}-{1000 + number}@example.com", None, role=role)


def signed_in(user: User) -> Person:
    """A session of ``user``; staff have passed their second factor."""
    from django.test import Client  # noqa: PLC0415
    from django_otp import DEVICE_ID_SESSION_KEY  # noqa: PLC0415
    from django_otp.plugins.otp_totp.models import TOTPDevice  # noqa: PLC0415

    browser = Client()
    browser.force_login(user)
    session = browser.session
    if user.is_staff:
        device = TOTPDevice.objects.create(user=user, name="Bench", confirmed=True)
        session[DEVICE_ID_SESSION_KEY] = device.persistent_id
        session["second_factor_at"] = time.time()
        session.save()
    return Person(str(user.pk), str(session.session_key))
