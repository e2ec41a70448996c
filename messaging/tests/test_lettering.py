"""What letters say: the practice's words where it has some, and never a text that cannot be written."""

from __future__ import annotations

from contextlib import nullcontext

import pytest
from django.core import mail
from django.urls import reverse
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase
from hypothesis.stateful import RuleBasedStateMachine, rule, run_state_machine_as_test

from config.base import Refused
from messaging import kinds, lettering, mailing, tasks, trying
from messaging.lettering import Text
from messaging.models import Letter, LetterTemplate

# Of a kind that comes at night, too.
WAITING = "messaging/mail/concern_raised"
OWN = Text("A word from us", "Dear {first_name},\n\nplease look here: {link}\n\n{practice}")


@pytest.fixture
def row(db) -> LetterTemplate:
    return LetterTemplate.objects.get(template=WAITING)


@pytest.fixture
def write(row, manager):
    def do(text: Text = OWN) -> None:
        lettering.rewrite(row, text, saw=lettering.mark(row), by=manager)

    return do


@pytest.fixture
def send(patient):
    """Owe the patient such a letter and send it: what came of it."""

    def do() -> Letter:
        letter = mailing.queue(
            WAITING, recipient=patient, to=patient.email, context={"path": "/portal/rooms/"}
        )
        mailing.send(letter)
        return letter

    return do


@pytest.mark.parametrize("template", sorted(kinds.KINDS))
class TestEveryKind:
    def test_comes_with_a_text_that_may_be_sent(self, template):
        lettering.check(template, lettering.shipped(template))

    def test_its_names_are_made_of_what_its_letters_know(self, template):
        subject, body = lettering.example(template, lettering.shipped(template))

        assert "{" not in subject + body
        assert bool(subject) is not lettering.is_sms(template)

    def test_has_a_row_after_migrate(self, template, db):
        assert LetterTemplate.objects.filter(template=template, is_own=False, version=0).exists()


class TestCheck:
    @pytest.mark.parametrize(
        ("text", "says"),
        [
            (OWN._replace(body="{link} {dose}"), "Nothing is known as {dose}. There are: "),
            (OWN._replace(subject="{% now %} {x y}"), "Nothing is known as {% now %}"),
            (OWN._replace(body="{ link } {link}"), "Nothing is known as { link }."),
            (OWN._replace(body="Hello"), "{link} must stand in it: the link to the page."),
            (OWN._replace(subject=" "), "Write a subject, in one line."),
            (OWN._replace(subject="One\nTwo"), "Write a subject, in one line."),
            (OWN._replace(body=" \n "), "must stand in it"),
            (OWN._replace(body="{link}\0"), "cannot be sent"),
            (OWN._replace(body="{link}" + "x" * 5000), "a text 5000"),
        ],
    )
    def test_says_what_is_wrong(self, text, says):
        with pytest.raises(lettering.CannotBeWritten) as no:
            lettering.check(WAITING, text)

        assert says in str(no.value)

    @pytest.mark.parametrize("name", ["first_name", "book_link", "reader"])
    def test_an_sms_knows_no_person_and_no_link(self, name):
        with pytest.raises(lettering.CannotBeWritten, match="Nothing is known as"):
            lettering.check("messaging/sms/message_waiting", Text("", f"{{{name}}} Reply STOP"))

    @pytest.mark.parametrize("body", ["{practice}: hello", "x" * 301 + "STOP"])
    def test_an_sms_is_short_and_says_how_to_end_them(self, body):
        with pytest.raises(lettering.CannotBeWritten, match="An SMS has 300 letters"):
            lettering.check("messaging/sms/message_waiting", Text("", body))


class TestWrite:
    def test_puts_in_what_is_known_once(self):
        told = {"practice": "{link}", "base_url": "https://x.example", "path": "/{practice}/"}

        assert lettering.write(WAITING, Text("{practice}", "{link}"), told) == (
            "{link}",
            "https://x.example/{practice}/\n",
        )

    def test_a_line_of_what_is_not_there_goes_with_it(self):
        template, text = "clinic/mail/appointment_reminder", Text("S", "One\n{call}\n\nTwo")

        assert lettering.write(template, text, {})[1] == "One\n\nTwo\n"
        assert "straight to the waiting room" in lettering.write(template, text, {"call_path": "/c/"})[1]

    @given(st.text(max_size=40))
    def test_what_somebody_is_called_is_text_and_nothing_else(self, name):
        subject, body = lettering.write(WAITING, Text("{practice}", "{practice}"), {"practice": name})

        assert len(subject.splitlines()) <= 1
        assert " ".join(body.split()) == " ".join(name.split())


class TestPublish:
    def test_letters_say_it_from_now_on_and_note_its_version(self, row, write, manager, send, settings):
        write()
        before = send()

        lettering.publish(row, by=manager)
        after = send()

        assert (before.subject, before.text_version) == ("A conversation needs a person now", 0)
        assert (after.subject, after.text_version) == ("A word from us", 1)
        assert after.body.startswith(
            f"Dear Patient,\n\nplease look here: {settings.BASE_URL}/portal/rooms/\n"
        )
        before.refresh_from_db()
        assert before.subject == "A conversation needs a person now"

    def test_what_waits_says_it_too(self, row, write, manager, patient):
        letter = mailing.queue(WAITING, recipient=patient, to=patient.email, context={"path": "/p/"})
        write()
        lettering.publish(row, by=manager)

        tasks.send_letter(str(letter.pk))

        assert mail.outbox[-1].subject == "A word from us"

    def test_refuses_what_is_said_already(self, row, manager):
        with pytest.raises(lettering.NothingNew):
            lettering.publish(row, by=manager)

    def test_keeps_words_out_that_would_advertise(self, row, write, manager, send):
        write(OWN._replace(body="Our T.H.C. oil: {link}"))

        with pytest.raises(Refused, match="would advertise a medicine"):
            lettering.publish(row, by=manager)

        assert send().subject == "A conversation needs a person now"

    def test_goes_back_to_the_text_that_came(self, row, write, manager, send):
        write()
        lettering.publish(row, by=manager)
        lettering.back_to_shipped(row, by=manager)
        still = send()
        lettering.publish(row, by=manager)

        row.refresh_from_db()
        assert still.subject == "A word from us"
        assert (row.is_own, row.live_body, row.version) == (False, "", 2)
        assert (send().subject, send().text_version) == ("A conversation needs a person now", 2)

    def test_who_saw_another_state_is_told(self, row, write, manager):
        saw = lettering.mark(row)
        write()

        with pytest.raises(lettering.ChangedMeanwhile):
            lettering.rewrite(row, Text("Mine", "{link}"), saw=saw, by=manager)

        row.refresh_from_db()
        assert row.subject == OWN.subject


class TestAnyOrder(TestCase):
    def test_what_is_sent_is_what_was_published(self):
        run_state_machine_as_test(
            Writing, settings=hypothesis_settings(max_examples=15, stateful_step_count=12)
        )


class Writing(RuleBasedStateMachine):
    """A manager writes, publishes and goes back in any order."""

    def __init__(self) -> None:
        super().__init__()
        from django.contrib.auth import get_user_model  # noqa: PLC0415

        people = get_user_model().objects
        self.by = people.filter(role="manager").first() or people.create_user("m@example.com", role="manager")
        LetterTemplate.objects.filter(template=WAITING).update(
            subject=lettering.shipped(WAITING).subject,
            body=lettering.shipped(WAITING).body,
            is_own=False,
            live_subject="",
            live_body="",
        )
        self.row = LetterTemplate.objects.get(template=WAITING)
        self.published = self.written = lettering.shipped(WAITING)

    @rule(words=st.sampled_from(["one", "two", "three"]))
    def write(self, words):
        self.written = Text(words, f"{words}: {{link}}")
        lettering.rewrite(self.row, self.written, saw=lettering.mark(self.row), by=self.by)

    @rule()
    def go_back(self):
        lettering.back_to_shipped(self.row, by=self.by)
        self.written = lettering.shipped(WAITING)

    @rule()
    def publish(self):
        says_it = self.written[:2] == self.published[:2]
        with pytest.raises(lettering.NothingNew) if says_it else nullcontext():
            lettering.publish(self.row, by=self.by)
        self.published = self.written

    def teardown(self):
        assert lettering.live(WAITING)[:2] == self.published[:2]


class TestTrial:
    def test_comes_to_who_wrote_it_and_opens_nobodys_account(self, manager, db):
        row = LetterTemplate.objects.get(template="account/mail/password_reset_key")

        mailing.send(trying.send(row, by=manager))

        [sent] = mail.outbox
        assert (sent.to, sent.subject) == ([manager.email], "Trial: Choose a new password")
        assert "https://clinic.example/…" in sent.body

    def test_the_preview_has_the_facts_of_the_last_such_letter(self, row, send, manager):
        assert trying.show(row, OWN, by=manager).of == trying.INVENTED
        send()

        shown = trying.show(row, OWN, by=manager)

        assert (shown.subject, shown.of, shown.why) == ("A word from us", trying.REAL, "")
        assert "Dear Patient," in shown.text
        assert "Dear Patient," in shown.page

    def test_the_preview_says_what_speaks_against_the_text(self, row, manager):
        shown = trying.show(row, OWN._replace(body="<script>{x}</script>"), by=manager)

        assert "Nothing is known as {x}" in shown.why
        assert "<script>" not in shown.page

    def test_two_texts_are_compared_line_by_line(self):
        rows = trying.compare(Text("Same", "Old\nBoth"), Text("Same", "New\nBoth"))

        assert [tuple(row) for row in rows] == [
            ("Same", True, True),
            ("", True, True),
            ("Old", True, False),
            ("New", False, True),
            ("Both", True, True),
        ]


class TestScreens:
    @pytest.fixture
    def page(self, row):
        return reverse("admin:messaging_lettertemplate_change", args=[row.pk])

    def send(self, browser, page, row, **typed):
        sent = {"subject": OWN.subject, "body": OWN.body, "seen": lettering.mark(row)}
        return browser.post(page, sent | typed)

    def test_a_manager_writes_and_publishes(self, staff_client, manager, page, row):
        browser = staff_client(manager)

        answer = self.send(browser, page, row, body=OWN.body.replace("\n", "\r\n") + "  \r\n")
        browser.post(
            reverse("admin:messaging_lettertemplate_publish", args=[row.pk]), {"_form_submitted": "1"}
        )

        row.refresh_from_db()
        assert answer.status_code == 302
        assert (row.version, row.live_subject, row.live_body) == (1, *OWN[:2])

    @pytest.mark.parametrize(
        ("typed", "says"),
        [
            ({"body": "Hello"}, "{link} must stand in it"),
            ({"body": "{link}{nobody}"}, "Nothing is known as {nobody}"),
            ({"seen": "other"}, "Somebody else changed this text"),
            ({"subject": "x" * 151}, "at most 150 characters"),
        ],
    )
    def test_bad_input_is_told_and_stays_typed(self, staff_client, manager, page, row, typed, says):
        answer = self.send(staff_client(manager), page, row, **typed)

        html = answer.content.decode()
        assert answer.status_code == 400
        assert says in html
        assert typed.get("body", "please look here") in html
        row.refresh_from_db()
        assert row.subject != OWN.subject

    @pytest.mark.parametrize(
        ("role", "looks", "writes"),
        [
            ("manager", 200, 302),
            ("doctor", 200, 403),
            ("reception", 200, 403),
            ("auditor", 200, 403),
            ("patient", 404, 404),
        ],
    )
    def test_staff_read_and_managers_write(self, role, looks, writes, make_user, staff_client, page, row):
        browser = staff_client(make_user(role, f"some_{role}"))
        preview = reverse("admin:messaging_lettertemplate_preview", args=[row.pk])
        revision = reverse("admin:messaging_lettertemplate_revision", args=[row.pk, row.history.get().pk])

        assert browser.get(page).status_code == looks
        assert browser.post(preview).status_code == looks
        assert browser.get(revision).status_code == looks
        assert browser.post(revision, {"seen": lettering.mark(row)}).status_code == writes
        assert self.send(browser, page, row).status_code == writes

    def test_an_earlier_text_is_taken_up(self, staff_client, manager, row, write):
        first = row.history.get()
        write()
        browser = staff_client(manager)
        address = reverse("admin:messaging_lettertemplate_revision", args=[row.pk, first.pk])

        html = browser.get(address).content.decode()
        browser.post(address, {"seen": lettering.mark(row)})

        row.refresh_from_db()
        assert "<ins>A word from us</ins>" in html
        assert (row.subject, row.body) == lettering.shipped(WAITING)[:2]
        assert browser.post(address, {"seen": "other"}).status_code == 409
        gone = reverse("admin:messaging_lettertemplate_revision", args=[row.pk, row.pk])
        assert browser.get(gone).status_code == 404

    def test_the_preview_is_asked_by_post_alone(self, staff_client, manager, row):
        preview = reverse("admin:messaging_lettertemplate_preview", args=[row.pk])
        browser = staff_client(manager)

        assert browser.get(preview).status_code == 405
        told = browser.post(preview, {"subject": "S\0", "body": "x" * 20_000}).json()
        assert told["why"] != ""

    def test_the_list_tells_in_whose_words_each_is(self, staff_client, manager, row, write):
        write()

        html = (
            staff_client(manager).get(reverse("admin:messaging_lettertemplate_changelist")).content.decode()
        )

        assert "Changes not published" in html
        assert "Appointment confirmed" in html
