"""Pictures and menus: sent, made anew, described, put in order."""

import json
from io import BytesIO

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from PIL import Image

from clinic import publishing
from clinic.models import Media, MenuItem, Page

pytestmark = pytest.mark.django_db
MADE = "Taken at 33 S 151 E"


def photo(width=2000, height=1000):
    file = BytesIO()
    exif = Image.Exif()
    exif[270] = MADE
    Image.new("RGB", (width, height), "teal").save(file, "JPEG", exif=exif)
    return SimpleUploadedFile("photo.jpg", file.getvalue(), "image/jpeg")


@pytest.fixture
def send(boss, files):
    def do(**fields):
        return boss.post(
            "/admin/clinic/media/add/", {"name": "Desk", "alt": "A desk.", "file": photo()} | fields
        )

    return do


class TestPictures:
    def test_are_made_anew_in_several_widths(self, send, files):
        answer = send()

        media = Media.objects.get()
        assert answer.status_code == 302
        assert [(size["width"], size["height"]) for size in media.sizes] == [
            (480, 240),
            (960, 480),
            (1600, 800),
            (2000, 1000),
        ]
        for size in media.sizes:
            content = (files / size["file"]).read_bytes()
            assert (Image.open(BytesIO(content)).width, MADE.encode() in content) == (size["width"], False)

    @pytest.mark.parametrize(
        ("fields", "field"),
        [
            ({"alt": ""}, "alt"),
            ({"file": SimpleUploadedFile("photo.jpg", b"<svg/>", "image/jpeg")}, "file"),
            ({"file": SimpleUploadedFile("cbdoil.jpg", photo().read(), "image/jpeg")}, "file"),
            ({"file": ""}, "file"),
            ({"alt": "A leaf of hemp"}, "__all__"),
        ],
    )
    def test_are_refused_with_a_reason(self, send, fields, field):
        answer = send(**fields)

        assert (answer.status_code, Media.objects.count()) == (400, 0)
        assert [*answer.context["adminform"].form.errors] == [field]

    def test_are_seen_by_the_public_once_a_page_with_them_is_live(self, send, client, manager):
        send()
        media = Media.objects.get()
        address = reverse("picture", args=[media.pk, 480, "jpg"])
        before = client.get(address).status_code
        page = Page(
            title="Us",
            slug="us",
            body=[
                {
                    "id": str(media.pk),
                    "type": "image",
                    "value": {"picture": str(media.pk), "caption": "", "width": "wide"},
                }
            ],
        )
        publishing.begin(page, by=manager)
        publishing.publish(page, by=manager)

        answer = client.get(address)
        assert (before, answer.status_code, answer.headers["Content-Type"]) == (404, 200, "image/jpeg")
        assert f"{address} 480w" in client.get("/us/").content.decode()
        assert client.get(reverse("picture", args=[media.pk, 481, "jpg"])).status_code == 404

    def test_are_described_otherwise_and_keep_their_file(self, send, boss):
        send()
        media = Media.objects.get()
        before = media.sizes
        boss.post(reverse("admin:clinic_media_change", args=[media.pk]), {"name": "Desk", "alt": "Our desk."})

        media.refresh_from_db()
        assert (media.alt, media.sizes) == ("Our desk.", before)
        assert (
            "No page yet" in boss.get(reverse("admin:clinic_media_change", args=[media.pk])).content.decode()
        )


class TestMenus:
    def test_lead_to_live_pages_in_their_order(self, boss, manager, client):
        page = Page(title="Fees", slug="fees")
        publishing.begin(page, by=manager)
        for fields in ({"label": "Book", "link": "/portal/book/"}, {"label": "Fees", "page": page.pk}):
            boss.post("/admin/clinic/menuitem/add/", {"place": "main", "is_shown": "on", **fields})
        publishing.publish(page, by=manager)
        order = [{"id": str(item.pk)} for item in MenuItem.objects.order_by("-position")]
        boss.post(reverse("admin:clinic_menuitem_arrange"), {"place": "main", "order": json.dumps(order)})

        html = client.get("/fees/").content.decode()
        assert html.index('<a href="/fees/" aria-current="page">Fees</a>') < html.index(
            '<a href="/portal/book/">Book'
        )
        publishing.unpublish(page, by=manager)
        assert "Fees" in boss.get("/admin/clinic/menuitem/").content.decode()

    @pytest.mark.parametrize(
        "fields",
        [{"label": "Go"}, {"label": "Go", "link": "//evil.example/"}, {"label": "Hemp", "link": "/fees/"}],
    )
    def test_refuse_what_leads_nowhere_or_advertises(self, boss, fields):
        answer = boss.post("/admin/clinic/menuitem/add/", {"place": "main", "is_shown": "on", **fields})

        assert (answer.status_code, MenuItem.objects.count()) == (400, 0)
