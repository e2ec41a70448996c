"""People come, change and go as the rules say."""

import pytest
from allauth.account.models import EmailAddress
from django_otp import user_has_device

from clinic import accounts, enrolling
from clinic.models import AuditEvent, Consent, Patient, Practitioner, Role, User
from config.base import Refused
from messaging import mailing
from messaging.models import Letter


@pytest.fixture
def second_manager(make_user):
    return make_user("manager", "second")


@pytest.fixture
def written(make_user, second_manager):
    """A doctor's registration, as the second manager typed it."""
    return Practitioner.objects.add(user=make_user("doctor"), ahpra_number="MED0000932846", by=second_manager)


class TestRegister:
    def test_makes_a_patient_with_a_record(self, db):
        user = enrolling.register(
            "Mia@Example.com", password="long-enough-to-keep", given_name="Mia", family_name="Banks"
        )

        assert (user.role, user.email, user.check_password("long-enough-to-keep")) == (
            Role.PATIENT,
            "mia@example.com",
            True,
        )
        assert Patient.objects.get().history.get().history_user == user
        assert Consent.objects.get().recorded_by == user

    def test_refuses_the_same_form_twice_and_writes_nothing(self, manager):
        with pytest.raises(enrolling.TwiceAtOnce):
            enrolling.register("Manager@example.com", password="x" * 12, given_name="", family_name="Banks")

        assert (User.objects.count(), Patient.objects.count()) == (1, 0)


class TestInvite:
    def test_makes_an_account_and_owes_the_link(self, manager):
        user = enrolling.invite(
            "New.Doctor@example.com", role=Role.DOCTOR, given_name="Ann", family_name="Lee", by=manager
        )

        letter = Letter.objects.get()
        assert (user.role, user.email, user.has_usable_password()) == (
            Role.DOCTOR,
            "new.doctor@example.com",
            False,
        )
        assert EmailAddress.objects.get(user=user).verified
        assert (letter.template, letter.to, letter.is_confidential) == (
            "account/mail/invitation",
            user.email,
            True,
        )

    def test_the_link_chooses_a_password(self, manager, client):
        user = enrolling.invite(
            "new@example.com", role=Role.AUDITOR, given_name="Ann", family_name="Lee", by=manager
        )
        link = mailing.render(Letter.objects.get()).body.partition("8000")[2].split()[0]

        form = client.get(link, follow=True).request["PATH_INFO"]
        client.post(form, {"password1": "chosen-by-the-invited", "password2": "chosen-by-the-invited"})

        user.refresh_from_db()
        assert user.check_password("chosen-by-the-invited")

    @pytest.mark.parametrize("role", ["reception", "doctor", "auditor", "patient"])
    def test_is_a_managers_to_do(self, make_user, role):
        with pytest.raises(enrolling.NotAllowed):
            enrolling.invite(
                "new@example.com", role="manager", given_name="", family_name="Lee", by=make_user(role)
            )

        assert User.objects.filter(email="new@example.com").count() == 0

    def test_refuses_a_known_address_and_patients(self, manager):
        for email, role, refusal in [
            (manager.email.upper(), Role.DOCTOR, enrolling.AddressTaken),
            ("new@example.com", Role.PATIENT, enrolling.StaysPatient),
        ]:
            with pytest.raises(refusal):
                enrolling.invite(email, role=role, given_name="", family_name="Lee", by=manager)

        assert Letter.objects.count() == 0


class TestChangeRole:
    def test_lets_staff_work_in_another_role_and_keeps_why(self, manager, reception):
        enrolling.change_role(reception, Role.AUDITOR, by=manager, why="Moves to the audit.")

        version = reception.history.first()
        assert (version.role, version.history_user, version.history_change_reason) == (
            Role.AUDITOR,
            manager,
            "Moves to the audit.",
        )

    @pytest.mark.parametrize(
        ("who", "role", "by", "refusal"),
        [
            ("manager", Role.AUDITOR, "manager", enrolling.NotYourself),
            ("manager", Role.AUDITOR, "reception", enrolling.NotAllowed),
            ("patient", Role.MANAGER, "manager", enrolling.StaysPatient),
            ("reception", Role.PATIENT, "manager", enrolling.StaysPatient),
        ],
    )
    def test_refuses(self, make_user, who, role, by, refusal):
        people = {name: make_user(name) for name in ("manager", "reception", "patient")}

        with pytest.raises(refusal):
            enrolling.change_role(people[who], role, by=people[by], why="Because.")

        people[who].refresh_from_db()
        assert people[who].role == who


class TestDeactivate:
    def test_ends_the_running_session_and_activate_opens_again(self, manager, reception, staff_client):
        browser = staff_client(reception)
        before = browser.get("/admin/").status_code

        enrolling.deactivate(reception, by=manager, why="Left the practice.")
        during = browser.get("/admin/").status_code
        enrolling.activate(reception, by=manager, why="Came back.")

        assert (before, during) == (200, 302)
        assert [v.is_active for v in reception.history.all()] == [True, False, True]

    def test_nobody_closes_their_own_account(self, manager):
        with pytest.raises(enrolling.NotYourself):
            enrolling.deactivate(manager, by=manager, why="Holiday.")


class TestResetSecondFactor:
    def test_forgets_app_and_codes_and_closes_the_admin(self, manager, reception, staff_client):
        browser = staff_client(reception)
        accounts.renew_recovery_codes(reception)

        enrolling.reset_second_factor(reception, by=manager, why="Phone lost; seen in person.")

        assert not user_has_device(reception)
        assert browser.get("/admin/").status_code == 302
        event = AuditEvent.objects.get(action="second_factor", by=manager)
        assert (event.record_id, event.why) == (reception.pk, "Reset: Phone lost; seen in person.")
        told = Letter.objects.filter(template="account/mail/second_factor_changed").order_by(
            "created_at", "pk"
        )
        assert [letter.to for letter in told] == [reception.email] * 2
        assert [letter.context["what"].partition(",")[0] for letter in told] == [
            "New recovery codes were made",
            "A practice manager took it back; at your next sign-in you set up a new one.",
        ]

    def test_nobody_resets_their_own(self, manager):
        with pytest.raises(enrolling.NotYourself):
            enrolling.reset_second_factor(manager, by=manager, why="Lost.")


class TestVerifyPractitioner:
    def test_takes_a_manager_who_did_not_write_it(self, written, manager):
        enrolling.verify_practitioner(written, by=manager)

        assert (written.verified_by, written.verified_at is None) == (manager, False)

    def test_refuses_whoever_wrote_the_details(self, written, second_manager):
        with pytest.raises(enrolling.SecondPersonNeeded):
            enrolling.verify_practitioner(written, by=second_manager)

    def test_refuses_whoever_changed_the_details(self, written, manager):
        written.change(by=manager, hpii="8003619900015717")

        with pytest.raises(enrolling.SecondPersonNeeded):
            enrolling.verify_practitioner(written, by=manager)

    @pytest.mark.parametrize("role", ["reception", "auditor"])
    def test_is_a_managers_to_do(self, written, make_user, role):
        with pytest.raises(enrolling.NotAllowed):
            enrolling.verify_practitioner(written, by=make_user(role))

    def test_refuses_oneself(self, written, manager):
        written.change(by=None, user=manager)

        with pytest.raises(enrolling.NotYourself):
            enrolling.verify_practitioner(written, by=manager)


class TestChangeDetails:
    @pytest.mark.parametrize(
        ("changed", "stays"), [(["about"], True), (["about", "ahpra_number"], False), (["hpii"], False)]
    )
    def test_asks_for_another_look_at_other_numbers(self, written, manager, changed, stays):
        enrolling.verify_practitioner(written, by=manager)

        enrolling.change_details(written, changed=changed, by=manager)

        written.refresh_from_db()
        assert (written.verified_at is not None, written.verified_by is not None) == (stays, stays)

    def test_says_who_and_why(self, written, manager):
        written.about = "Listens."

        enrolling.change_details(written, changed=["about"], by=manager, why="She asked for it.")

        version = written.history.first()
        assert (version.about, version.history_user, version.history_change_reason) == (
            "Listens.",
            manager,
            "She asked for it.",
        )


class TestRevealIdentifiers:
    def test_is_noted_with_the_reason(self, make_user):
        doctor = make_user("doctor")
        patient = Patient.objects.add(user=make_user("patient"), by=None)

        enrolling.reveal_identifiers(patient, by=doctor, why="Telephone script.")

        event = AuditEvent.objects.get(action="read")
        assert (event.by, event.patient_id, event.why) == (
            doctor,
            patient.pk,
            "Identifiers revealed: Telephone script.",
        )

    def test_is_not_for_the_desk(self, make_user, reception):
        patient = Patient.objects.add(user=make_user("patient"), by=None)

        with pytest.raises(Refused):
            enrolling.reveal_identifiers(patient, by=reception, why="Curious.")
