import pytest
from django.urls import reverse

from billing import charging
from billing.models import Payment
from clinic import consenting, expiring
from clinic.models import Appointment, Consent

pytestmark = pytest.mark.django_db


@pytest.fixture
def browser(client, patient):
    client.force_login(patient.user)
    return client


def address(name: str, appointment: Appointment) -> str:
    return reverse(name, args=[appointment.pk])


def yes(held) -> dict[str, str]:
    """What the page sends when somebody agrees to what is lacking."""
    texts = consenting.lacking(held.patient, policy=held.policy)
    return {"agree": "on", "read": consenting.mark(texts)}


class TestPay:
    def test_leads_to_the_payment_page(self, browser, held, simulated_stripe):
        answer = browser.post(address("appointment-pay", held), yes(held))

        payment = Payment.objects.get()
        assert answer.url == payment.url
        assert payment.success_url == f"http://testserver{address('appointment-paid', held)}"
        assert payment.cancel_url == f"http://testserver{address('appointment', held)}"

    def test_first_the_patient_agrees_to_what_the_practice_booked(self, browser, held, simulated_stripe):
        without = browser.post(address("appointment-pay", held))
        before = (without.status_code, Payment.objects.count(), Consent.objects.count())

        answer = browser.post(address("appointment-pay", held), yes(held))

        assert before == (400, 0, 0)
        assert "Please read the three points and tick the box to go on." in without.content.decode()
        assert answer.url == Payment.objects.get().url
        assert set(Consent.objects.values_list("kind", "recorded_by")) == {
            (kind, held.patient.user.pk) for kind in ("telehealth", "fees", "privacy")
        }

    def test_asks_for_no_more_than_is_lacking(self, browser, held, patient, simulated_stripe):
        consenting.agree(patient, kinds=["telehealth", "privacy"], by=patient.user)

        page = browser.get(address("appointment", held)).content.decode()
        answer = browser.post(address("appointment-pay", held))

        assert page.count('<details class="consent">') == 1
        assert "I have read and agree to this" in page
        assert "Please read this point and tick the box to go on." in answer.content.decode()

    def test_asks_nothing_of_those_who_agreed_when_they_booked(
        self, browser, held, patient, simulated_stripe
    ):
        consenting.agree(patient, kinds=consenting.BEFORE_BOOKING, by=patient.user)

        page = browser.get(address("appointment", held)).content.decode()
        browser.post(address("appointment-pay", held))

        assert 'name="agree"' not in page
        assert (Payment.objects.count(), Consent.objects.count()) == (1, 3)

    def test_tells_when_there_is_nothing_to_pay(self, browser, confirmed):
        here = address("appointment", confirmed)

        answer = browser.post(
            address("appointment-pay", confirmed),
            headers={"Referer": f"http://testserver{here}"},
            follow=True,
        )

        assert "This appointment is confirmed. There is nothing to pay for it now." in answer.content.decode()

    def test_takes_no_get(self, browser, held):
        assert browser.get(address("appointment-pay", held)).status_code == 405


class TestPaid:
    def test_waits_for_the_worker(self, browser, held, patient, simulated_stripe):
        browser.post(address("appointment-pay", held), yes(held))
        payment = Payment.objects.get()
        back = simulated_stripe.press(payment.url, "pay")

        waiting = browser.get(back.removeprefix("http://testserver"))
        before = browser.get(address("appointment-status", held)).json()
        charging.follow(payment.session_id)
        after = browser.get(address("appointment-status", held)).json()
        arrived = browser.get(address("appointment-paid", held), follow=True)

        assert "We are confirming your payment" in waiting.content.decode()
        assert (before, after) == ({"status": "held"}, {"status": "confirmed"})
        assert "your appointment is confirmed" in arrived.content.decode()

    def test_shows_what_became_of_it_otherwise(self, browser, held):
        expiring.expire_holds(now=held.held_until)

        answer = browser.get(address("appointment-paid", held), follow=True)

        assert "This time is no longer held" in answer.content.decode()
