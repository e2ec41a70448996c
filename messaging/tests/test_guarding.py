"""What the database refuses about conversations, past every rule of ours."""

from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone

from messaging.models import Message

pytestmark = pytest.mark.django_db


def write(room, by, **fields):
    with transaction.atomic():
        return Message.objects.create(
            room=room, sequence=room.messages.last_sequence() + 1, recorded_by=by, text="Hello", **fields
        )


def test_members_write_and_the_system_always(room, patient):
    room.change(by=None, closed_at=timezone.now())
    write(room, None)
    room.change(by=None, closed_at=None, closes_at=timezone.now() + timedelta(minutes=1))
    write(room, patient)

    assert room.messages.count() == 2


@pytest.mark.parametrize("over", [{"closed_at": timedelta(0)}, {"closes_at": timedelta(0)}])
def test_nobody_writes_after_the_end(room, patient, over):
    room.change(by=None, **{name: timezone.now() + late for name, late in over.items()})

    with pytest.raises(IntegrityError, match="this conversation is over"):
        write(room, patient)


def test_nobody_writes_who_is_not_or_no_longer_in_it(room, doctor, stranger):
    room.members.get(user=doctor).change(by=None, left_at=timezone.now())

    for person in (doctor, stranger):
        with pytest.raises(IntegrityError, match="is not in this conversation"):
            write(room, person)
