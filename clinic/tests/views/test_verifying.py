"""The page behind the code on a paper: anybody may open it, and it tells little."""

import logging

import pytest
from django.urls import reverse

from clinic import tasks, verifying

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("files")]


@pytest.fixture
def script(issued):
    tasks.render_prescription(str(issued.pk))
    return issued


@pytest.fixture
def address(script):
    return reverse("verify", args=[script.documents.get(kind="patient_copy").secret])


def facts(script) -> list[str]:
    """What must not be told before the date of birth is."""
    return [str(script.number), script.content_sha256, "Dr Doctor Example", "Patient Example"]


class TestVerify:
    def test_asks_for_the_date_of_birth_before_it_tells_anything(self, client, script, address):
        page = client.get(address)

        assert page.status_code == 200
        assert [fact for fact in facts(script) if fact in page.content.decode()] == []
        assert "date of birth" in page.content.decode()

    def test_confirms_the_paper_and_shows_no_product_and_no_person(self, client, script, address):
        page = client.post(address, {"born_on": "1980-05-10"})

        text = page.content.decode()
        assert page.status_code == 200
        assert [fact for fact in facts(script) if fact in text] == facts(script)[:3]
        line = script.content["lines"][0]
        for kept_back in (line["name"], line["active"], line["directions"], "Patient", "Example Road", "THC"):
            assert kept_back not in text.replace("Patient’s", "")

    @pytest.mark.parametrize("born_on", ["1980-10-05", "", "yesterday"])
    def test_tells_nothing_for_a_wrong_date(self, client, script, address, born_on):
        page = client.post(address, {"born_on": born_on})

        assert page.status_code == 400
        assert [fact for fact in facts(script) if fact in page.content.decode()] == []

    def test_gives_up_after_too_many(self, client, script, address):
        answers = [
            client.post(address, {"born_on": "1980-10-05"}).status_code
            for _ in range(verifying.MOST_WRONG + 1)
        ]
        right = client.post(address, {"born_on": "1980-05-10"})

        assert answers == [400] * verifying.MOST_WRONG + [429]
        assert right.status_code == 429
        assert str(script.number) not in right.content.decode()

    def test_knows_no_other_address(self, client, script):
        for secret in ("x" * 27, str(script.number), str(script.pk)):
            page = client.get(reverse("verify", args=[secret]))
            assert page.status_code == 404
            assert "no paper of ours" in page.content.decode()

    def test_is_kept_by_nothing_on_the_way_and_found_by_no_search(self, client, address):
        for page in (client.get(address), client.post(address, {"born_on": "1980-05-10"})):
            assert page.headers["Cache-Control"] == "private, no-store"
            assert page.headers["X-Robots-Tag"] == "noindex"
            assert page.headers["Referrer-Policy"] == "same-origin"
            assert "noindex" in page.content.decode()

    def test_stands_in_no_log(self, client, address, caplog):
        with caplog.at_level(logging.DEBUG, logger="django.request"):
            client.post(address, {"born_on": "1980-10-05"})
            client.get(reverse("verify", args=["x" * 27]))

        assert "verify" not in caplog.text

    def test_takes_nothing_but_looking_and_asking(self, client, address):
        assert client.put(address).status_code == 405

    def test_asks_the_same_few_statements(self, client, address, django_assert_max_num_queries):
        with django_assert_max_num_queries(13):
            client.post(address, {"born_on": "1980-05-10"})
