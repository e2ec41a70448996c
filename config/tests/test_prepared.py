import pytest
from django.contrib.auth import get_user_model
from django.contrib.sessions.models import Session
from django.db.models import Value

from config.base import uuid7
from config.prepared import CannotPrepare, Prepared

pytestmark = pytest.mark.django_db


def named(*, pk=None, lengths=0):
    users = get_user_model().objects.annotate(one=Value(1) + Value(lengths))
    return (users.filter(pk=pk) if pk else users).order_by("email").values_list("email", "role", "one", "pk")


class TestPrepared:
    @pytest.fixture
    def people(self, make_user):
        return make_user("doctor"), make_user("patient")

    def test_finds_what_the_queryset_finds_for_each_value(self, people):
        prepared = Prepared(named)

        for person in people:
            assert prepared.rows(pk=person.pk) == list(named(pk=person.pk))

    def test_writes_one_statement_for_each_set_of_names(self, people):
        prepared = Prepared(named)

        for person in people:
            prepared.rows(pk=person.pk)
        found = [prepared.rows(pk=people[0].pk, lengths=3), prepared.rows(lengths=2)]

        assert [[row[2] for row in rows] for rows in found] == [[4], [3, 3]]
        assert len(prepared.known) == 3

    def test_finds_nothing_where_nothing_is(self, people):
        assert Prepared(named).rows(pk=uuid7()) == []

    @pytest.mark.parametrize(
        "make",
        [
            lambda number: get_user_model().objects.annotate(one=Value(number + 1)).values_list("one"),
            lambda number: get_user_model().objects.values_list("pk")[:number],
            lambda number: get_user_model().objects.values_list("pk"),
            lambda number: Session.objects.none().values_list("pk"),
        ],
        ids=["reckons with it", "cuts by it", "leaves it out", "finds nothing ever"],
    )
    def test_refuses_a_queryset_that_does_not_pass_its_values_on(self, make):
        with pytest.raises(CannotPrepare):
            Prepared(make).rows(number=5)
