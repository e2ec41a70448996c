"""The screens of pages: what is typed is kept, shown, compared, published; what may not be is marked."""

import json
from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from clinic import publishing
from clinic.models import Autosave, Exemption, Page, Practice, Snippet
from clinic.tests.admin.conftest import press, said

pytestmark = pytest.mark.django_db
LIST = "/admin/clinic/page/"


def typed(page=None, **fields):
    whole = {"title": "Fees", "slug": "fees", "lead": "", "search_title": "", "description": "", "body": []}
    if page:
        whole = publishing.content(page) | {"seen": publishing.mark(page)}
    else:
        whole |= {"is_for": "public", "parent": ""}
    whole |= fields
    return whole | {"body": json.dumps(whole["body"])}


def block(kind="text", **value):
    return {"id": "0190b2c8-0000-7000-8000-000000000001", "type": kind, "value": value}


@pytest.fixture
def page(manager):
    page = Page(title="Fees", slug="fees", body=[block(html="<p>What a visit costs.</p>")])
    publishing.begin(page, by=manager)
    return page


def change(page):
    return reverse("admin:clinic_page_change", args=[page.pk])


class TestEditor:
    def test_adds_a_page_with_blocks_that_are_cleaned(self, boss):
        bad = '<p onclick="x()">Hello <script>alert(1)</script>'
        html = f'{bad}<strong>you</strong> <a href="/fees/" target="_top">fees</a></p>'
        answer = boss.post(f"{LIST}add/", typed(body=[{"type": "text", "value": {"html": html}}]))

        page = Page.objects.get()
        assert answer.status_code == 302
        assert page.body[0]["value"]["html"] == '<p>Hello <strong>you</strong> <a href="/fees/">fees</a></p>'
        assert page.history.get().history_user.role == "manager"

    @pytest.mark.parametrize(
        ("row", "why"),
        [
            (
                {"type": "heading", "value": {"text": "", "level": "2"}},
                "Block 1, heading. Heading: This field is",
            ),
            ({"type": "image", "value": {"picture": "x"}}, "Block 1, picture. Picture:"),
            (
                {"type": "button", "value": {"label": "Go", "look": "main"}},
                "Block 1, button. Choose a page, or",
            ),
            (
                {"type": "button", "value": {"label": "Go", "look": "main", "link": "//evil.example"}},
                "Block 1, button. The address begins with",
            ),
            (
                {"type": "text", "value": {"html": '<p><a href="//evil.example">x</a></p>'}},
                "Block 1, text. Text: Links begin with",
            ),
            ({"type": "nonsense"}, "Block 1, unknown. It did not arrive whole."),
            ("nonsense", "Block 1, unknown. It did not arrive whole."),
        ],
    )
    def test_names_the_block_that_cannot_be_kept(self, boss, row, why):
        answer = boss.post(f"{LIST}add/", typed(body=[row]))

        assert answer.status_code == 400
        assert any(why in error for error in answer.context["adminform"].form.errors["body"]), answer.context[
            "adminform"
        ].form.errors

    @pytest.mark.parametrize("body", ["{", "[" * 9000, '"x"', "null", "[1]"])
    def test_takes_no_nonsense_for_blocks(self, boss, body):
        answer = boss.post(f"{LIST}add/", typed() | {"body": body})

        assert answer.status_code == (302 if body == "null" else 400)

    def test_tells_who_saves_over_somebody_else(self, boss, page, make_user):
        sent = typed(page, title="Mine")
        publishing.rewrite(
            page,
            publishing.content(page) | {"title": "Theirs"},
            saw=publishing.mark(page),
            by=make_user("manager", "other"),
        )
        answer = boss.post(change(page), sent)

        page.refresh_from_db()
        assert (answer.status_code, page.title) == (400, "Theirs")
        assert "Somebody else changed this meanwhile" in answer.content.decode()
        assert 'value="Mine"' in answer.content.decode()

    def test_keeps_what_the_guard_finds_and_says_so(self, boss, page):
        answer = boss.post(change(page), typed(page, lead="Ask for THC"), follow=True)

        page.refresh_from_db()
        assert page.lead == "Ask for THC"
        assert any("cannot be published with “THC”" in one for one in said(answer))

    def test_publishes_only_what_passes_the_guard(self, boss, page):
        boss.post(change(page), typed(page, lead="Ask for THC"))
        press(boss, page, "publish")
        page.refresh_from_db()
        refused = page.live_version
        boss.post(change(page), typed(page, lead="Ask us"))
        press(boss, page, "publish")

        page.refresh_from_db()
        assert (refused, page.address) == (None, "/fees/")

    def test_schedules_by_the_practices_clock(self, boss, page):
        at = timezone.localtime(timezone.now() + timedelta(days=1))
        press(boss, page, "schedule", at=f"{at:%Y-%m-%dT%H:%M}")

        page.refresh_from_db()
        assert abs(page.publish_at - at) < timedelta(minutes=1)

    @pytest.mark.parametrize("role", ["reception", "doctor", "auditor"])
    def test_others_read_and_change_nothing(self, role, page, make_user, staff_client):
        desk = staff_client(make_user(role, f"some_{role}"))
        shown = desk.get(change(page))
        answers = [
            desk.post(change(page), typed(page, title="Theirs")),
            desk.post(f"{LIST}add/", typed(slug="more")),
            desk.post(reverse("admin:clinic_page_arrange"), {"order": "[]"}),
            desk.post(reverse("admin:clinic_page_autosave", args=[page.pk]), {}),
        ]
        press(desk, page, "publish")

        page.refresh_from_db()
        assert shown.status_code == 200
        assert [answer.status_code for answer in answers] == [403] * 4
        assert (page.title, page.live_version, Page.objects.count()) == ("Fees", None, 1)

    def test_is_not_there_for_patients(self, page, patient, client):
        client.force_login(patient.user)

        assert client.get(change(page)).status_code == 404


class TestPreview:
    def test_shows_what_is_typed_and_keeps_nothing(self, boss, page):
        before = page.history.count()
        answer = boss.post(
            reverse("admin:clinic_page_preview", args=[page.pk]),
            typed(page, title="New fees", body=[block(html="<p>Weed</p>"), {"type": "faq", "value": {}}]),
        ).json()

        assert "<h1>New fees</h1>" in answer["page"]
        assert [(one["words"], one["place"]) for one in answer["found"]] == [("weed", "Block 1, text: text")]
        assert answer["why"][0].startswith("Block 2: Question")
        assert page.history.count() == before


class TestAutosave:
    def test_keeps_what_is_typed_without_a_version_and_gives_it_back(self, boss, page):
        before = page.history.count()
        address = reverse("admin:clinic_page_autosave", args=[page.pk])
        content = publishing.content(page) | {"title": "Half a sent"}
        boss.post(address, {"content": json.dumps(content), "seen": publishing.mark(page)})

        editor = boss.get(change(page)).context["editor"]
        assert editor["unsaved"]["title"] == "Half a sent"
        assert page.history.count() == before
        boss.post(change(page), typed(page, title="A sentence"))
        assert Autosave.objects.get().content is None

    def test_tells_of_somebody_else_who_is_there_or_saved(self, boss, page, make_user, staff_client):
        other = make_user("manager", "other")
        address = reverse("admin:clinic_page_autosave", args=[page.pk])
        saw = publishing.mark(page)
        staff_client(other).post(address, {"seen": saw})
        first = boss.post(address, {"seen": saw}).json()
        publishing.rewrite(page, publishing.content(page) | {"title": "Theirs"}, saw=saw, by=other)

        assert first == {"others": [str(other)], "is_changed": False}
        assert boss.post(address, {"seen": saw}).json()["is_changed"] is True


class TestRevisions:
    def test_are_compared_block_by_block_and_taken_up(self, boss, page, manager):
        first = publishing.newest(page)
        boss.post(change(page), typed(page, title="Costs", body=[block(html="<p>What a talk costs.</p>")]))
        page.refresh_from_db()
        place = reverse("admin:clinic_page_revision", args=[page.pk, first.history_id])
        html = boss.get(place).content.decode()
        boss.post(place, {"seen": publishing.mark(page)})

        assert "<del>visit</del><ins>talk</ins>" in html
        assert "<del>Fees</del><ins>Costs</ins>" in html
        page.refresh_from_db()
        assert page.title == "Fees"
        assert page.history.count() == 3

    def test_of_another_page_are_not_there(self, boss, page, manager):
        other = Page(title="Other", slug="other")
        publishing.begin(other, by=manager)
        strange = publishing.newest(other).history_id

        for query in (
            f"revisions/{strange}/",
            f"revisions/{publishing.newest(page).history_id}/?with={strange}",
        ):
            assert boss.get(change(page).replace("change/", query)).status_code == 404


class TestTree:
    def test_is_dragged(self, boss, page, manager):
        child = Page(title="Payment", slug="payment")
        publishing.begin(child, by=manager)
        rows = [{"id": str(page.pk), "parent": ""}, {"id": str(child.pk), "parent": str(page.pk)}]
        answer = boss.post(reverse("admin:clinic_page_arrange"), {"order": json.dumps(rows)})

        child.refresh_from_db()
        assert (answer.json()["moved"], child.parent) == (1, page)
        assert "Payment" in boss.get(LIST).content.decode()

    def test_refuses_what_cannot_be(self, boss, page):
        order = json.dumps([{"id": str(page.pk), "parent": str(page.pk)}])

        answers = [
            boss.post(reverse("admin:clinic_page_arrange"), {"order": sent})
            for sent in (order, "{", "[1]", "null")
        ]
        assert [answer.status_code for answer in answers] == [409, 400, 400, 400]

    @pytest.mark.parametrize("address", [LIST, f"{LIST}?all=1"])
    def test_asks_as_often_for_three_as_for_one(self, boss, page, manager, address):
        publishing.publish(page, by=manager)
        boss.get(address)
        with CaptureQueriesContext(connection) as one:
            boss.get(address)
        for name in ("a", "b"):
            more = Page(title=name, slug=name)
            publishing.begin(more, by=manager)
            publishing.publish(more, by=manager)
        with CaptureQueriesContext(connection) as three:
            boss.get(address)

        assert len(one) == len(three)


class TestExemptions:
    def test_let_one_version_stand_with_a_reason_and_a_second_person(
        self, boss, page, make_user, staff_client
    ):
        boss.post(change(page), typed(page, lead="Facts about hemp, from the TGA"))
        press(boss, page, "ask_exemption", reason="A balanced link to the regulator.")
        asked = Exemption.objects.get()
        press(boss, asked, "allow")  # one’s own
        asked.refresh_from_db()
        alone = asked.status
        press(staff_client(make_user("manager", "second")), asked, "allow")
        press(boss, page, "publish")

        page.refresh_from_db()
        asked.refresh_from_db()
        assert (alone, asked.status, asked.words) == ("asked", "allowed", [["hemp", "Lead"]])
        assert page.address == "/fees/"

    def test_are_for_that_version_and_place_alone(self, boss, page, make_user, staff_client):
        boss.post(change(page), typed(page, lead="Facts about hemp"))
        press(boss, page, "ask_exemption", reason="Facts.")
        press(staff_client(make_user("manager", "second")), Exemption.objects.get(), "allow")
        page.refresh_from_db()
        boss.post(change(page), typed(page, description="hemp"))
        press(boss, page, "publish")

        page.refresh_from_db()
        assert page.live_version is None

    @pytest.mark.parametrize("role", ["reception", "doctor", "auditor"])
    def test_are_asked_for_and_decided_by_managers_alone(self, role, boss, page, make_user, staff_client):
        boss.post(change(page), typed(page, lead="Facts about hemp"))
        desk = staff_client(make_user(role, f"some_{role}"))
        press(desk, page, "ask_exemption", reason="Mine.")
        nobody = Exemption.objects.count()
        press(boss, page, "ask_exemption", reason="Facts.")
        press(desk, Exemption.objects.get(), "allow")

        assert (nobody, Exemption.objects.get().status) == (0, "asked")


class TestSnippets:
    def test_are_written_and_published_like_pages(self, boss):
        boss.post("/admin/clinic/snippet/add/", {"name": "Emergency", "html": "<p>Call <u>000</u></p>"})
        snippet = Snippet.objects.get()
        press(boss, snippet, "publish")

        snippet.refresh_from_db()
        assert (snippet.html, snippet.live_version) == (
            "<p>Call 000</p>",
            publishing.version(snippet, snippet.live_version).history_id,
        )
        assert boss.get(reverse("admin:clinic_snippet_change", args=[snippet.pk])).status_code == 200


class TestTwoPeople:
    def test_who_wrote_it_is_told_that_somebody_else_publishes(self, boss, page, make_user, staff_client):
        Practice.objects.add(by=None, pages_by_two=True)
        press(boss, page, "ask_review")
        press(boss, page, "publish")
        page.refresh_from_db()
        alone, asked_by = page.live_version, page.review_by
        press(staff_client(make_user("manager", "second")), page, "publish")

        page.refresh_from_db()
        assert (alone, asked_by.role, page.address, page.review_by) == (None, "manager", "/fees/", None)
