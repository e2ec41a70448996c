import logging

import pytest
from django.urls import reverse

from messaging import chatting, searching

pytestmark = pytest.mark.django_db


@pytest.fixture
def everywhere():
    return reverse("rooms-search")


@pytest.fixture
def here(room):
    return reverse("room-search", args=[room.pk])


class TestSearch:
    def test_marks_the_words_and_leads_to_their_place(self, browser_of, patient, doctor, room, everywhere):
        chatting.post(room, by=doctor, text="<b>How</b> is your headache?")

        html = browser_of(patient).post(everywhere, {"words": "headache"}).content.decode()

        assert html.count("&lt;b&gt;How&lt;/b&gt; is your <mark>headache</mark>?") == 1
        assert html.count(f'href="/portal/rooms/{room.pk}/?around=1#message-1"') == 1
        assert html.count("Doctor Example") == 1

    def test_puts_no_markup_into_the_page(self, browser_of, patient, doctor, room, here):
        chatting.post(room, by=doctor, text="<script>alert(1)</script>")

        html = browser_of(patient).post(here, {"words": "<script>"}).content.decode()

        assert html.count("<mark>&lt;script&gt;</mark>alert(1)&lt;/script&gt;") == 1
        assert html.count('value="&lt;script&gt;"') == 1
        assert "<script>alert" not in html

    def test_asks_first(self, browser_of, patient, everywhere):
        html = browser_of(patient).get(everywhere).content.decode()

        assert "Nothing found" not in html
        assert html.count('name="words"') == 1

    def test_takes_no_words_from_the_address(self, browser_of, patient, doctor, room, everywhere):
        chatting.post(room, by=doctor, text="headache")

        assert "<mark>" not in browser_of(patient).get(f"{everywhere}?words=headache").content.decode()

    @pytest.mark.parametrize("words", ["", " ", "x", "x" * 101])
    def test_refuses_too_little_and_too_much_with_a_sentence(self, browser_of, patient, everywhere, words):
        response = browser_of(patient).post(everywhere, {"words": words})

        assert response.status_code == 400
        assert response.content.decode().count('role="alert">') == 1

    def test_survives_an_odd_place(self, browser_of, patient, everywhere):
        response = browser_of(patient).post(everywhere, {"words": "head", "before": "x"})

        assert response.status_code == 400

    def test_pages_on(self, browser_of, patient, doctor, room, here):
        for number in range(searching.PAGE + 1):
            chatting.post(room, by=doctor, text=f"Line {number}")
        browser = browser_of(patient)
        first = browser.post(here, {"words": "line"})
        further = first.context["hits"].further

        second = browser.post(here, {"words": "line", "before": further})

        assert [hit.sequence for hit in second.context["hits"].found] == [1]
        assert second.content.decode().count("Older messages") == 0

    def test_hides_a_conversation_from_strangers(
        self, browser_of, stranger, make_user, staff_client, manager, here
    ):
        colleague = staff_client(make_user("doctor", "colleague"))

        for browser in (browser_of(stranger), colleague, staff_client(manager)):
            assert browser.post(here, {"words": "head"}).status_code == 404

    def test_is_closed_to_who_is_signed_out(self, client, browser_of, doctor, here, everywhere):
        for address in (here, everywhere):
            assert client.post(address, {"words": "head"}).status_code == 302
            assert browser_of(doctor).post(address, {"words": "head"}).status_code == 403

    def test_a_review_is_written_down_and_ones_own_search_is_not(
        self, browser_of, patient, staff_client, auditor, room, here, opened_records
    ):
        browser_of(patient).post(here, {"words": "head"})
        staff_client(auditor).post(here, {"words": "head"})

        assert opened_records == [(auditor, room, "read")]

    def test_what_was_looked_for_is_in_no_log_and_no_address(
        self, browser_of, patient, room, here, caplog, monkeypatch
    ):
        caplog.set_level(logging.DEBUG)
        monkeypatch.setattr(searching, "marked", lambda text, wanted: 1 / 0)
        chatting.post(room, by=patient, text="A secretword")
        browser = browser_of(patient)
        browser.raise_request_exception = False

        response = browser.post(here, {"words": "secretword"})

        assert response.status_code == 500
        told = [record.getMessage() for record in caplog.records if not record.name.startswith("django.db")]
        assert told != []
        assert "secretword" not in " ".join(told)
