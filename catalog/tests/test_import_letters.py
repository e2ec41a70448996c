"""Whoever brought a list in is written to when a worker is done with it; they went on to other things."""

import pytest

from catalog import applying, reading, receiving, reviewing
from catalog.models import Import
from catalog.tests import imports
from config.base import Refused
from messaging.models import Letter

pytestmark = pytest.mark.django_db


def told():
    letters = Letter.objects.filter(template="catalog/mail/import_finished").order_by("created_at", "pk")
    return [(letter.to, letter.context["became"]) for letter in letters]


def sent_in(sample, sender) -> Import:
    return receiving.send_in("alma", data=sample("alma"), file_name="alma.xlsx", by=sender).run


def test_when_it_was_read(sample, manager):
    run = sent_in(sample, manager)

    reading.read(run, by=None)

    assert told() == [(manager.email, "was read and waits for you")]
    assert Letter.objects.get().context["path"] == f"/admin/catalog/import/{run.pk}/change/"


def test_when_it_is_in_the_catalogue(sample, manager, reviewer):
    run = imports.reviewed("alma", sample("alma"), by=manager)
    reviewing.approve(run, by=reviewer)

    for _ in range(2):
        applying.work_off(run)

    assert told() == [
        (manager.email, "was read and waits for you"),
        (manager.email, "is in the catalogue now"),
    ]


def test_when_it_could_not_be_read(sample, manager):
    run = receiving.receive("alma", data=b"no workbook", file_name="alma.xlsx", by=manager).run

    with pytest.raises(Refused):
        reading.read(run, by=None)

    assert told() == [(manager.email, "could not be worked on")]


def test_nobody_when_they_watch_it_or_came_by_a_terminal(sample, manager):
    reading.read(sent_in(sample, None), by=None)
    watched = receiving.receive("medreleaf", data=sample("medreleaf"), file_name="m.xlsx", by=manager).run
    reading.read(watched, by=manager)

    assert told() == []
