import threading
from datetime import timedelta

import pytest
from django.db import connection, transaction
from django.utils import timezone
from django_eventstream import send_event
from django_eventstream.models import Event

from messaging import streaming, tasks


@pytest.mark.django_db
class TestPush:
    def test_asks_as_often_for_one_person_as_for_three(self, make_user, django_assert_num_queries):
        people = [make_user("patient", name) for name in ("ann", "ben", "cat")]
        with django_assert_num_queries(3):  # numbers, rows, notification
            streaming.push(people[:1], "note", {"n": 1})

        with django_assert_num_queries(3):
            streaming.push(people, "note", {"n": 2})

    def test_to_nobody_is_nothing(self, django_assert_num_queries):
        with django_assert_num_queries(0):
            streaming.push([], "note", {})

    def test_tells_a_person_named_twice_once(self, patient):
        streaming.push([patient, patient.pk], "note", {})

        assert streaming.last_event_id(patient) == 1

    def test_always_takes_people_in_the_same_order(self, make_user):
        people = [make_user("patient", f"patient{letter}") for letter in "abcdefgh"]

        streaming.push(people[::-1], "note", {})

        told = Event.objects.filter(type="note").order_by("pk").values_list("channel", flat=True)
        assert list(told) == sorted(streaming.channel_of(person) for person in people)

    def test_the_librarys_own_way_to_send_goes_the_same_way(self, patient):
        send_event(streaming.channel_of(patient), "note", {"n": 1})
        streaming.push([patient], "note", {"n": 1})

        rows = Event.objects.filter(eid__gt=0).order_by("eid").values_list("eid", "type", "data")
        assert list(rows) == [(1, "note", '"{\\"n\\": 1}"'), (2, "note", '"{\\"n\\": 1}"')]


@pytest.mark.django_db
class TestTrim:
    def test_forgets_what_is_older_than_a_day(self, patient):
        streaming.push([patient], "note", {"n": 1})
        Event.objects.update(created=timezone.now() - timedelta(hours=25))
        streaming.push([patient], "note", {"n": 2})

        forgotten = tasks.trim_events()

        assert forgotten == 2  # the event, and the library's own one from which it counts
        assert list(Event.objects.values_list("eid", flat=True)) == [2]


@pytest.mark.django_db
def test_people_read_their_own_channel_and_no_other(patient, stranger, manager):
    manager_of_channels, channel = streaming.ChannelManager(), streaming.channel_of(patient)

    may = [manager_of_channels.can_read_channel(user, channel) for user in (patient, stranger, manager, None)]
    patient.is_active = False

    assert may == [True, False, False, False]
    assert not manager_of_channels.can_read_channel(patient, channel)


@pytest.mark.django_db(transaction=True)
def test_people_told_together_in_any_order_do_not_block_each_other(make_user):
    people = [make_user("patient", name) for name in ("ann", "ben", "cat")]
    together, failed = threading.Barrier(2), []

    def tell(order):
        try:
            together.wait()
            for n in range(20):
                with transaction.atomic():
                    streaming.push(order, "note", {"n": n})
        except Exception as error:
            failed.append(error)
        finally:
            connection.close()

    tellers = [threading.Thread(target=tell, args=[order]) for order in (people, people[::-1])]
    for teller in tellers:
        teller.start()
    for teller in tellers:
        teller.join()

    assert failed == []
    assert [streaming.last_event_id(person) for person in people] == [40, 40, 40]
