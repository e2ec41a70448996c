"""Who sees what: the table the customer signs."""

from datetime import date, time

import pytest
from django.contrib.auth.models import AnonymousUser

from clinic import advertising, booking, caring, consulting, exempting, publishing, waitlisting
from clinic.models import (
    Appointment,
    AppointmentType,
    Approval,
    Consent,
    Exemption,
    Media,
    MenuItem,
    Page,
    Patient,
    Practitioner,
    Redirect,
    Roster,
    RosterException,
    Slot,
    Snippet,
    WaitlistEntry,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def people(make_doctor, make_patient, manager, reception, auditor):
    return {
        "boss": manager,
        "desk": reception,
        "auditor": auditor,
        "ada": make_doctor("ada").user,
        "bob": make_doctor("bob").user,
        "carl": make_patient("carl").user,
        "dora": make_patient("dora").user,
        "eve": make_patient("eve").user,
    }


@pytest.fixture
def visits(people, make_slot, settle, fees, short_visit):
    """Carl has paid to see Ada; Dora holds a time of Bob's; Eve does nothing."""
    for weekday, name in enumerate(["ada", "bob"]):
        Roster.objects.add(
            practitioner=people[name].practitioner,
            appointment_type=short_visit,
            weekday=weekday,
            starts=time(9),
            ends=time(10),
            time_zone="Australia/Sydney",
            from_on=date(2026, 1, 1),
            by=None,
        )
    for patient, doctor in [("carl", "ada"), ("dora", "bob")]:
        booking.hold(
            make_slot(of=people[doctor].practitioner),
            patient=people[patient].patient,
            by=people[patient],
            consents=[Consent.Kind.FEES],
        )
    settle(Appointment.objects.get(patient=people["carl"].patient))


NOBODY: set[str] = set()
BOTH = {"carl", "dora"}
ALL = {"carl", "dora", "eve"}


def names(users) -> set[str]:
    return {user.given_name.lower() for user in users}


@pytest.mark.parametrize(
    ("name", "sees"),
    [
        ("boss", BOTH),
        ("desk", BOTH),
        ("auditor", BOTH),
        ("ada", {"carl"}),
        ("bob", {"dora"}),
        ("carl", {"carl"}),
        ("dora", {"dora"}),
        ("eve", NOBODY),
    ],
)
def test_appointments(people, visits, name, sees):
    assert names(row.patient.user for row in Appointment.objects.visible_to(people[name])) == sees


@pytest.mark.parametrize(
    ("name", "sees"),
    [
        ("boss", ALL),
        ("desk", ALL),
        ("auditor", ALL),
        ("ada", {"carl"}),
        ("bob", NOBODY),  # nobody is in care before the visit is paid for
        ("carl", {"carl"}),
        ("dora", {"dora"}),
        ("eve", {"eve"}),
    ],
)
def test_patients_and_their_consents(people, visits, name, sees):
    assert names(row.user for row in Patient.objects.visible_to(people[name])) == sees
    assert names(row.patient.user for row in Consent.objects.visible_to(people[name])) == sees & BOTH


@pytest.mark.parametrize(
    ("name", "sees"),
    [
        ("boss", {"ada", "bob"}),
        ("desk", {"ada", "bob"}),
        ("auditor", {"ada", "bob"}),
        ("ada", {"ada"}),
        ("bob", {"bob"}),
        ("carl", NOBODY),
    ],
)
def test_rosters(people, visits, name, sees):
    assert names(row.practitioner.user for row in Roster.objects.visible_to(people[name])) == sees


@pytest.mark.parametrize(
    ("name", "sees"),
    [
        ("boss", {"ada", "bob", "all"}),
        ("desk", {"ada", "bob", "all"}),
        ("auditor", {"ada", "bob", "all"}),
        ("ada", {"ada", "all"}),
        ("bob", {"bob", "all"}),
    ],
)
def test_leave_and_holidays(people, name, sees):
    day = date(2026, 3, 9)
    RosterException.objects.add(kind="holiday", from_on=day, until_on=day, name="all", by=None)
    for whose in ("ada", "bob"):
        RosterException.objects.add(
            kind="leave",
            practitioner=people[whose].practitioner,
            time_zone="Australia/Sydney",
            from_on=day,
            until_on=day,
            name=whose,
            by=None,
        )

    assert {row.name for row in RosterException.objects.visible_to(people[name])} == sees


@pytest.mark.parametrize(
    ("name", "sees"),
    [
        ("boss", BOTH),
        ("desk", BOTH),
        ("auditor", BOTH),
        ("ada", NOBODY),
        ("carl", {"carl"}),
        ("eve", NOBODY),
    ],
)
def test_the_waiting_list(people, short_visit, name, sees):
    wish = waitlisting.Wish(date(2026, 1, 1), date(2036, 1, 1))
    for whose in ("carl", "dora"):
        waitlisting.ask(people[whose].patient, wish=wish, kind=short_visit, by=people[whose])

    assert names(row.patient.user for row in WaitlistEntry.objects.visible_to(people[name])) == sees


@pytest.mark.parametrize("name", ["boss", "desk", "auditor", "ada", "bob", "carl", "eve"])
def test_times_and_kinds_are_offered_to_all(people, visits, name):
    assert Slot.objects.visible_to(people[name]).count() == 2
    assert AppointmentType.objects.visible_to(people[name]).count() == 1


@pytest.mark.parametrize(("name", "sees"), [("boss", 3), ("ada", 3), ("carl", 0)])
def test_practitioners(people, visits, name, sees):
    assert Practitioner.objects.visible_to(people[name]).count() == sees


@pytest.fixture
def approvals(people):
    """Ada holds an authority of her own, and a SAS approval for Carl."""
    common = {
        "practitioner": people["ada"].practitioner,
        "tga_category": 4,
        "dose_form": "oil",
        "indication": "Chronic pain",
        "from_on": date(2026, 1, 1),
        "until_on": date(2027, 1, 1),
        "by": people["ada"],
    }
    Approval.objects.add(pathway="ap", reference="AP-1", **common)
    Approval.objects.add(pathway="sas_b", reference="SAS-1", patient=people["carl"].patient, **common)


@pytest.mark.parametrize(
    ("name", "sees"),
    [
        ("boss", {"AP-1"}),  # whom the TGA authorised, not what a patient has
        ("desk", NOBODY),
        ("auditor", {"AP-1", "SAS-1"}),
        ("ada", {"AP-1", "SAS-1"}),
        ("bob", NOBODY),
        ("carl", NOBODY),
    ],
)
def test_approvals(people, approvals, name, sees):
    assert {row.reference for row in Approval.objects.visible_to(people[name])} == sees


@pytest.mark.parametrize(
    "kind", ["allergy", "condition", "medicine", "alert", "none_known", "identity_check"]
)
@pytest.mark.parametrize(
    ("name", "sees"),
    [
        ("boss", False),
        ("desk", False),
        ("auditor", True),
        ("ada", True),
        ("bob", False),
        ("carl", False),
    ],
)
def test_what_is_known_of_a_patients_care(people, visits, kind, name, sees):
    patient, by = people["carl"].patient, people["ada"]
    fact = {
        "allergy": lambda: caring.add_allergy(patient, substance="Penicillin", by=by),
        "condition": lambda: caring.add_condition(patient, name="Asthma", by=by),
        "medicine": lambda: caring.add_medicine(patient, name="Sertraline", by=by),
        "alert": lambda: caring.raise_alert(patient, text="Interpreter.", by=by),
        "none_known": lambda: caring.state_none_known(patient, kind="allergies", by=by),
        "identity_check": lambda: consulting.identify(patient, document="Passport", by=by),
    }[kind]()

    assert type(fact).objects.visible_to(people[name]).exists() is sees


@pytest.fixture
def site(manager):
    """A live page of the public site, one of the portal, and a draft; a live snippet and a draft."""
    for title, is_for, is_live in [
        ("Fees", "public", True),
        ("Rights", "portal", True),
        ("New", "public", False),
    ]:
        page = Page(title=title, slug=title.lower(), is_for=is_for)
        publishing.begin(page, by=manager)
        if is_live:
            publishing.publish(page, by=manager)
    for name, is_live in [("Emergency", True), ("Offer", False)]:
        snippet = Snippet(name=name, html="<p>Hello</p>")
        publishing.begin(snippet, by=manager)
        if is_live:
            publishing.publish(snippet, by=manager)
    MenuItem.objects.add(by=manager, label="Fees", page=Page.objects.get(slug="fees"))
    Media.objects.add(by=manager, name="Desk", alt="A desk.", sizes=[{"width": 1}])


STAFF = {"Fees", "Rights", "New", "Emergency", "Offer", "Desk"}


@pytest.mark.parametrize(
    ("name", "sees"),
    [
        ("boss", STAFF),
        ("desk", STAFF),
        ("auditor", STAFF),
        ("ada", STAFF),
        ("carl", {"Fees", "Rights", "Emergency"}),
        (None, {"Fees", "Emergency"}),
    ],
)
def test_pages_and_what_is_on_them(people, site, name, sees):
    person = people[name] if name else AnonymousUser()
    is_staff = name in {"boss", "desk", "auditor", "ada"}

    seen = [str(row) for model in (Page, Snippet, Media) for row in model.objects.visible_to(person)]
    assert set(seen) == sees
    assert MenuItem.objects.visible_to(person).exists() is is_staff
    assert Redirect.objects.visible_to(person).count() == 0


@pytest.mark.parametrize(
    ("name", "sees"), [("boss", 1), ("auditor", 1), ("desk", 0), ("ada", 0), ("carl", 0)]
)
def test_exemptions_from_the_guard(people, site, manager, name, sees):
    page = Page.objects.get(slug="new")
    found = [advertising.Found("hemp", "Title", 1)]
    exempting.ask(page, publishing.newest(page), found, reason="Facts.", by=manager)

    assert Exemption.objects.visible_to(people[name]).count() == sees
