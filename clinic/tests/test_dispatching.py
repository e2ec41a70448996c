"""The original on paper: signed in ink, sent, dispensed; and what becomes of a void one."""

from datetime import date, timedelta

import pytest
from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from clinic import consulting, dispatching, prescribing, tasks
from clinic.models import AuditEvent, DispenseNote, Original, Pharmacy
from config.base import IllegalMove
from messaging.models import Letter

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("files")]


@pytest.fixture
def original(issued) -> Original:
    """The original of an issued script whose form was made."""
    tasks.render_prescription(str(issued.pk))
    return issued.original


@pytest.fixture
def signed(original, doctor) -> Original:
    dispatching.sign(original, by=doctor.user)
    return original


@pytest.fixture
def sent(signed, pharmacy, reception) -> Original:
    dispatching.send(signed, pharmacy=pharmacy, way="post", tracking=" 33XYZ ", by=reception)
    return signed


class TestSign:
    def test_waits_on_the_list_from_the_moment_of_issue(self, issued):
        assert [(o.prescription, o.status) for o in Original.objects.all()] == [(issued, "to_sign")]

    def test_is_noted_by_the_prescriber_with_the_time(self, original, doctor):
        dispatching.sign(original, by=doctor.user)

        assert (original.status, original.signed_by) == ("to_send", doctor.user)
        assert original.signed_at <= timezone.now()

    def test_is_noted_by_nobody_else(self, original, make_doctor, reception, manager):
        for who in (make_doctor("colleague").user, reception, manager):
            with pytest.raises(consulting.NotTheirs):
                dispatching.sign(original, by=who)

    def test_needs_the_form(self, issued, doctor):
        with pytest.raises(dispatching.NotPrinted):
            dispatching.sign(issued.original, by=doctor.user)

    def test_happens_once(self, signed, doctor):
        with pytest.raises(IllegalMove):
            dispatching.sign(signed, by=doctor.user)

    def test_is_refused_for_what_is_void(self, original, issued, doctor):
        prescribing.cancel(issued, by=doctor.user, why="Wrong strength.")

        with pytest.raises(dispatching.Void):
            dispatching.sign(original, by=doctor.user)


class TestSend:
    def test_tells_where_how_when_and_who(self, sent, pharmacy, reception):
        sent.refresh_from_db()
        assert (sent.status, sent.pharmacy, sent.way, sent.tracking, sent.sent_by) == (
            "sent", pharmacy, "post", "33XYZ", reception,
        )  # fmt: skip

    def test_sends_the_patient_a_letter_that_says_nothing(self, sent, patient):
        letter = Letter.objects.get(template="clinic/mail/document_news")

        assert letter.to == patient.user.email
        assert letter.context == {"name": "Patient", "path": "/portal/documents/"}

    def test_comes_after_the_signature(self, original, pharmacy, doctor):
        with pytest.raises(IllegalMove):
            dispatching.send(original, pharmacy=pharmacy, way="post", by=doctor.user)

    def test_is_not_for_a_colleague_or_to_a_pharmacy_out_of_use(self, signed, pharmacy, make_doctor, doctor):
        with pytest.raises(dispatching.NotASender):
            dispatching.send(signed, pharmacy=pharmacy, way="post", by=make_doctor("colleague").user)
        pharmacy.change(by=None, is_offered=False)
        with pytest.raises(dispatching.NotInUse):
            dispatching.send(signed, pharmacy=pharmacy, way="post", by=doctor.user)

        signed.refresh_from_db()
        assert signed.status == "to_send"

    def test_stays_in_the_state_whose_rules_let_it_be_written(self, signed, pharmacy, doctor, reception):
        pharmacy.change(by=None, state="TAS", postcode="7000")

        for way in (
            lambda: dispatching.send(signed, pharmacy=pharmacy, way="post", by=doctor.user),
            lambda: dispatching.choose(signed, pharmacy=pharmacy, by=reception),
        ):
            with pytest.raises(dispatching.WrittenForElsewhere, match=r"Victoria, and .* is in Tasmania"):
                way()
        with pytest.raises(IntegrityError, match="in another state"), transaction.atomic():
            Original.objects.update(pharmacy=pharmacy)

    def test_is_refused_for_what_is_void(self, signed, issued, pharmacy, doctor):
        prescribing.cancel(issued, by=doctor.user, why="Wrong strength.")

        with pytest.raises(dispatching.Void):
            dispatching.send(signed, pharmacy=pharmacy, way="post", by=doctor.user)

    @pytest.mark.parametrize(
        "sql",
        [
            "UPDATE clinic_original SET status = 'sent'",
            "UPDATE clinic_original SET status = 'to_sign'",
            "DELETE FROM clinic_original",
        ],
    )
    def test_cannot_be_told_otherwise_by_sql(self, signed, sql):
        with pytest.raises(IntegrityError), transaction.atomic():
            connection.cursor().execute(sql)


class TestChoose:
    def test_names_where_the_patient_wants_it(self, original, pharmacy, reception):
        dispatching.choose(original, pharmacy=pharmacy, by=reception)

        assert (Original.objects.get().pharmacy, original.status) == (pharmacy, "to_sign")

    def test_is_over_once_it_is_sent(self, sent, pharmacy, reception):
        with pytest.raises(dispatching.AlreadySent):
            dispatching.choose(sent, pharmacy=pharmacy, by=reception)


class TestAfterwards:
    def test_what_the_pharmacy_says_is_kept_for_good(self, sent, reception, pharmacy):
        today = timezone.localdate()
        dispatching.note(sent, caller="Kim", text="First supply dispensed.", dispensed_on=today, by=reception)

        found = DispenseNote.objects.get()
        assert (found.pharmacy, found.caller, found.dispensed_on) == (pharmacy, "Kim", today)
        with pytest.raises(IntegrityError), transaction.atomic():
            DispenseNote.objects.update(text="Nothing.")

    @pytest.mark.parametrize(
        ("told", "refusal"),
        [
            ({"caller": " "}, dispatching.NothingSaid),
            ({"text": ""}, dispatching.NothingSaid),
            ({"dispensed_on": date(2020, 1, 1)}, dispatching.NotDispensedYet),
            ({"dispensed_on": timezone.localdate() + timedelta(days=3)}, dispatching.NotDispensedYet),
        ],
    )
    def test_half_a_note_is_refused(self, sent, reception, told, refusal):
        with pytest.raises(refusal):
            dispatching.note(sent, **{"caller": "Kim", "text": "Dispensed.", "by": reception} | told)

        assert not DispenseNote.objects.exists()

    def test_no_pharmacy_knows_of_what_was_not_sent(self, signed, reception):
        with pytest.raises(dispatching.NotSent):
            dispatching.note(signed, caller="Kim", text="Dispensed.", by=reception)
        with pytest.raises(dispatching.NotSent):
            dispatching.tell_pharmacy(signed, by=reception)

    def test_a_void_one_that_is_out_there_waits_for_a_call(self, sent, issued, doctor, reception):
        before = Original.objects.gone_in_vain().count()
        prescribing.cancel(issued, by=doctor.user, why="Wrong strength.")
        waiting = [*Original.objects.gone_in_vain()]

        dispatching.tell_pharmacy(sent, by=reception)

        assert (before, waiting, Original.objects.gone_in_vain().count()) == (0, [sent], 0)


class TestWhoSees:
    def test_the_desk_and_the_prescriber_and_the_patient(
        self, original, doctor, make_doctor, patient, make_patient, reception, manager, auditor
    ):
        seen = {
            who.email: Original.objects.visible_to(who).count()
            for who in (
                doctor.user, reception, manager, auditor, patient.user,
                make_doctor("stranger").user, make_patient("neighbour").user,
            )
        }  # fmt: skip

        assert [*seen.values()] == [1, 1, 1, 1, 1, 0, 0]

    def test_every_step_is_in_the_trail_of_the_patient(self, sent, patient):
        events = AuditEvent.objects.filter(record_type="clinic.original", patient_id=patient.pk)

        assert [event.action for event in events.order_by("at", "pk")] == ["create", "sign", "email"]
        assert Pharmacy.objects.count() == 1
