"""The editor of questionnaires: read by staff, written by managers, nothing that was typed is lost."""

import json

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from clinic import questioning
from clinic.models import Questionnaire, QuestionnaireDraft
from clinic.tests.test_questioning import HOW_MANY, SINCE, YES

pytestmark = pytest.mark.django_db


class TestEditor:
    @pytest.fixture
    def page(self, draft):
        return reverse("admin:clinic_questionnairedraft_change", args=[draft.pk])

    @pytest.fixture
    def desk(self, staff_client, manager):
        return staff_client(manager)

    def send(self, desk, page, draft, rows, **more):
        sent = {"title": draft.title, "questions": json.dumps(rows), "seen": questioning.mark(draft)}
        return desk.post(page, sent | more)

    def test_keeps_what_was_built_and_names_new_questions(self, desk, page, draft):
        answer = self.send(desk, page, draft, [{"label": "2nd: Do you smoke?", "kind": "yes_no"}])

        draft.refresh_from_db()
        assert answer.status_code == 302
        assert draft.questions == [
            {"label": "2nd: Do you smoke?", "kind": "yes_no", "key": "nd_do_you_smoke"}
        ]

    def test_keeps_the_unfinished_and_says_what_lacks(self, desk, page, draft):
        answer = desk.post(
            page,
            {"title": draft.title, "questions": json.dumps([HOW_MANY]), "seen": questioning.mark(draft)},
            follow=True,
        )

        assert "To be published it needs a little more. Question 1" in answer.content.decode()
        assert desk.get(page).status_code == 200

    @pytest.mark.parametrize(
        "rows",
        [
            "{",
            '"x"',
            "[1]",
            '["\\u0000"]',
            '[{"label": "\\u0000"}]',
            '[{"label": "\\ud83d"}]',
            "[" * 2000,
            "null null",
        ],
    )
    def test_refuses_what_is_no_list_of_questions(self, desk, page, draft, rows):
        before = draft.questions

        answer = self.send(desk, page, draft, None, questions=rows)

        draft.refresh_from_db()
        assert answer.status_code == 400
        assert draft.questions == before

    def test_keeps_what_was_typed_when_somebody_else_was_faster(self, desk, page, draft, write):
        seen = questioning.mark(draft)
        write(YES)

        answer = desk.post(page, {"title": "My title", "questions": json.dumps([SINCE]), "seen": seen})

        draft.refresh_from_db()
        assert answer.status_code == 400
        assert "Somebody else changed this questionnaire" in answer.content.decode()
        assert "My title" in answer.content.decode()
        assert draft.questions == [YES]

    def test_publishes_by_its_button(self, desk, draft, write):
        write(YES)
        desk.post(
            reverse("admin:clinic_questionnairedraft_publish", args=[draft.pk]), {"_form_submitted": "1"}
        )

        assert Questionnaire.objects.newest("before_visit").first().questions == [YES]

    def test_begins_another_and_takes_no_name_twice(self, desk):
        add = reverse("admin:clinic_questionnairedraft_add")

        first = desk.post(add, {"title": "After a year", "questions": "[]"})
        second = desk.post(add, {"title": "After a  year", "questions": "[]"})

        assert (first.status_code, second.status_code) == (302, 400)
        assert QuestionnaireDraft.objects.filter(key="after_a_year").count() == 1

    def test_shows_it_as_a_patient_sees_it_and_saves_nothing(self, desk, draft):
        look = reverse("admin:clinic_questionnairedraft_preview")
        before = draft.questions

        html = desk.post(
            look, {"title": "<b>T</b>", "questions": json.dumps([YES, HOW_MANY])}
        ).content.decode()

        assert "Do you smoke?" in html
        assert "Smokes 20 or more" not in html
        assert "&lt;b&gt;T" in html
        draft.refresh_from_db()
        assert draft.questions == before
        assert desk.get(look).status_code == 405
        assert "nothing to show" in desk.post(look, {"questions": "{"}).content.decode()
        for junk in ["[" * 9999, "[1]", "5", "null", '{"a": 1}']:
            assert "nothing to show" in desk.post(look, {"questions": junk}).content.decode()

    @pytest.mark.parametrize(
        ("role", "looks", "writes"),
        [("manager", 200, 302), ("reception", 200, 403), ("auditor", 200, 403), ("patient", 404, 404)],
    )
    def test_is_read_by_staff_and_written_by_managers(
        self, role, looks, writes, page, draft, make_user, staff_client
    ):
        browser = staff_client(make_user(role, f"some_{role}"))

        assert browser.get(page).status_code == looks
        assert self.send(browser, page, draft, [YES]).status_code == writes

    def test_a_version_shows_what_it_asks(self, desk, write, manager):
        version = questioning.publish(write(YES, HOW_MANY), by=manager)

        html = desk.get(reverse("admin:clinic_questionnaire_change", args=[version.pk])).content.decode()

        assert "How many a day?" in html
        assert "Smokes 20 or more" in html

    def test_the_list_asks_as_often_for_many(self, desk, manager):
        address = reverse("admin:clinic_questionnairedraft_changelist")
        desk.get(address)
        with CaptureQueriesContext(connection) as once:
            desk.get(address)
        for number in range(3):
            questioning.begin(QuestionnaireDraft(), title=f"Another {number}", questions=[YES], by=manager)
        with CaptureQueriesContext(connection) as often:
            assert "Another 2" in desk.get(address).content.decode()

        assert len(often) == len(once)
