"""Whatever can be reached without signing in names no medicine, and promotes none (TG Act s 42DLB)."""

import re
from html import unescape

import pytest
from django.conf import settings
from django.contrib.staticfiles.finders import get_finders
from django.core import mail
from django.urls import URLPattern, URLResolver, get_resolver
from django_q.models import OrmQ

from catalog import importing, stocking
from clinic import advertising, publishing
from clinic.demo import casting, website
from clinic.models import Page
from config.base import work_off
from messaging import mailing

pytestmark = pytest.mark.django_db
LINK = re.compile(r"""(?:href|src|action)\s*=\s*["'](/[^"'#]*)""")
STRANGE = "0190b2c8-0000-7000-8000-000000000001"
SAMPLES = {"uuid": STRANGE, "int": "1", "str": "x", "slug": "x", "path": "x", "address": "no/such/page"}
TEXTS = (".js", ".css", ".svg", ".txt", ".json", ".html", ".webmanifest")


@pytest.fixture
def site(manager, practice, doctor, short_visit, fees, mondays, files):
    """The demo's catalogue and its public site."""
    mondays.save()
    for key in casting.SHEETS:
        path = settings.BASE_DIR / "fixtures/sheets" / f"{key}.xlsx"
        importing.bring_in(key, data=path.read_bytes(), file_name=path.name, by=manager, apply_now=True)
    stocking.load_medicines(settings.BASE_DIR / "fixtures/demo/medicines.json", by=manager)
    website.write(manager)


def routes(patterns=None, before="/"):
    """Every address there is, with something in place of what it asks for."""
    for pattern in get_resolver().url_patterns if patterns is None else patterns:
        route = before + re.sub(
            r"<(?:(\w+):)?\w+>", lambda found: SAMPLES[found[1] or "str"], str(pattern.pattern)
        )
        route = re.sub(r"\(\?P<\w+>[^)]*\)|[\^$]|\\Z", "", route)
        if isinstance(pattern, URLResolver):
            yield from routes(pattern.url_patterns, route)
        elif isinstance(pattern, URLPattern):
            yield route


def said(answer):
    """What an answer says, its headers included; of pages what is read, and what stands in addresses."""
    content = b"".join(answer.streaming_content) if answer.streaming else answer.content
    text = content.decode("utf-8", "replace")
    if "html" in answer.headers.get("Content-Type", ""):
        text = re.sub(r'name="csrfmiddlewaretoken" value="\w+"', "", text)  # letters by chance
        values = re.findall(
            r"""(?:href|src|action|alt|title|content|value|placeholder|aria-label)="([^"]*)\"""", text
        )
        text = "\n".join([re.sub(r"<[^>]+>", " ", text), *values])
    told = [(name, value) for name, value in answer.headers.items() if name != "ETag"]
    return unescape(text) + "\n" + "\n".join(f"{name}: {value}" for name, value in told)


def everywhere():
    waiting = ["/", "/sitemap.xml", "/robots.txt", "/favicon.ico", "/no-such-page/", *routes()]
    return [*waiting, "/api/", "/feed/", "/rss.xml", "/search/", "/portal/pages/before-your-visit/"]


def crawl(client, waiting):
    seen = {}
    while waiting:
        address = waiting.pop()
        if address in seen or address.startswith("/static/"):
            continue
        answer = client.get(address)
        seen[address] = (answer.status_code, said(answer))
        if answer.status_code in {301, 302}:
            waiting.append(answer.url.split("#")[0])
        elif "html" in answer.headers.get("Content-Type", ""):
            waiting += LINK.findall(answer.content.decode())
        waiting += re.findall(rf"<loc>{re.escape(settings.BASE_URL)}([^<]*)</loc>", seen[address][1])
    return seen


def found(texts):
    return [f"{one.words}: {one.place}, line {one.line}" for one in advertising.found_in(texts)]


def test_no_address_names_a_medicine(site, client):
    client.raise_request_exception = False
    seen = crawl(client, everywhere())

    assert len(seen) > 150
    assert {"/", "/fees/", "/privacy/", "/accounts/signup/", "/sitemap.xml"} <= {
        address for address, (status, _) in seen.items() if status == 200
    }
    assert [address for address, (status, _) in seen.items() if status >= 500] == []
    assert found({address: text for address, (_, text) in seen.items()}) == []


def test_the_crawl_finds_what_is_planted(site, client, manager, off_guard):
    page = Page.objects.get(slug="fees")
    with off_guard("clinic_historicalpage") as cursor:
        cursor.execute(
            "UPDATE clinic_historicalpage SET description = 'Our Oil has THC' WHERE history_id = %s",
            [page.live_version],
        )

    texts = {address: text for address, (_, text) in crawl(client, ["/"]).items()}

    assert {one.split(",")[0] for one in found(texts)} >= {"THC: /fees/"}


def test_no_error_page_names_a_medicine(site, client):
    client.raise_request_exception = False
    answers = {
        name: said(answer)
        for name, answer in {
            "not found": client.get("/no-such-page/"),
            "wrong method": client.post("/fees/"),
            "no token": client.post("/verify/x/"),
            "bad number": client.get(f"/pictures/{STRANGE}/480.jpg"),
        }.items()
    }
    answers |= {path.name: path.read_text() for path in (settings.BASE_DIR / "templates").glob("[45]*.html")}

    assert found(answers) == []


def test_no_static_file_of_ours_names_a_medicine(site):
    folder = settings.BASE_DIR / "templates" / "static"
    files = {str(path): path.read_text() for path in folder.rglob("*") if path.suffix in TEXTS}
    named = {f"{storage} {name}": name for finder in get_finders() for name, storage in finder.list([])}

    assert len(files) > 40
    assert found(files) == []
    assert found({place: name for place, name in named.items() if "unfold" not in name}) == []


def test_no_letter_to_somebody_unverified_names_a_medicine(site, client, settings):
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    client.post(
        "/accounts/signup/",
        {
            "email": "new@example.com", "password1": "correct-horse-9-staple", "given_name": "Nora",
            "family_name": "New", "accepts": "on",
        },
    )  # fmt: skip
    client.post("/accounts/password/reset/", {"email": "nobody@example.com"})
    work_off()
    mailing.send_due()

    letters = {f"{one.to} {one.subject}": f"{one.subject}\n{one.body}" for one in mail.outbox}
    assert OrmQ.objects.count() == 0
    assert len(letters) == 2, letters
    assert found(letters) == []


def test_what_is_published_stays_guarded_when_the_catalogue_grows(site, make_product):
    make_product("Plain Talk")
    page = Page.objects.get(slug="fees")

    assert publishing.found_in(publishing.version(page, page.live_version)) == []
    make_product("What is included")
    found_now = publishing.found_in(publishing.version(page, page.live_version))
    assert {one.words for one in found_now} == {"What is included"}
