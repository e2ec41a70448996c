"""What holds for every public page: its frame, its policy, its words."""

import re

import pytest
from django.conf import settings
from django.template.loader import render_to_string
from django.urls import reverse

PUBLIC = [
    "/accounts/login/",
    "/accounts/signup/",
    "/accounts/password/reset/",
    "/accounts/password/reset/done/",
    "/accounts/confirm-email/",
    "/accounts/confirm-email/never-sent/",
    "/accounts/password/reset/key/1-never/",
    "/accounts/inactive/",
    "/account-closed/",
    "/offers/end/never-sent/",
    "/no-such-page/",
    "/",
]
# Therapeutic Goods Act 1989, section 42DL: prescription medicines are not advertised to the public.
NEVER_PUBLIC = re.compile(r"cannabi|\bthc\b|\bcbd\b|marijuana|plant medicine|hemp", re.IGNORECASE)


@pytest.fixture(params=PUBLIC)
def page(request, client, db):
    return client.get(request.param)


class TestPublicPages:
    def test_have_a_policy_without_exceptions(self, page):
        policy = page.headers["Content-Security-Policy"]

        assert ("unsafe" in policy, "default-src 'none'" in policy) == (False, True)

    def test_carry_nothing_that_the_policy_would_stop(self, page):
        html = page.content.decode()

        assert re.findall(r"<style|\sstyle=|\son\w+=|<script(?![^>]*\ssrc=)|javascript:", html) == []
        assert re.findall(r'(?:src|href)="(?:https?:)?//[^"]+"', html) == []

    def test_can_be_skipped_to_their_content_and_warn_of_emergencies(self, page):
        html = page.content.decode()

        assert html.count('href="#main"') == html.count('id="main"') == 1
        assert "Not for emergencies: call" in html

    def test_have_one_heading_and_a_title(self, page):
        html = page.content.decode()

        assert len(re.findall(r"<h1[ >]", html)) == 1
        assert re.search(r"<title>\s*\w[^<]* · ", html)

    def test_advertise_nothing(self, page):
        assert NEVER_PUBLIC.findall(page.content.decode()) == []


class TestLettersOfAccounts:
    @pytest.mark.parametrize(
        "name", sorted(path.stem for path in (settings.BASE_DIR / "templates/account/mail").iterdir())
    )
    def test_advertise_nothing_and_start_with_a_subject(self, name):
        letter = render_to_string(f"account/mail/{name}.txt", {"practice": "ProMedicine", "base_url": ""})

        assert NEVER_PUBLIC.findall(letter) == []
        assert letter.split("\n")[0].strip() != ""


class TestFields:
    def test_tell_what_is_wrong_to_eye_and_screen_reader(self, client, db):
        html = client.post(reverse("account_signup"), {"email": "not an address"}).content.decode()

        field = re.search(r'<input[^>]*name="email"[^>]*>', html).group()
        described = re.search(r'aria-describedby="([^"]+)"', field).group(1).split()
        assert 'aria-invalid="true"' in field
        assert [len(re.findall(f'id="{name}"', html)) for name in described] == [1] * len(described)
        assert len(described) == 2
        assert '<a href="#id_email">' in html


class TestErrorPages:
    def test_of_the_server_need_no_database_and_no_template_code(self):
        source = (settings.BASE_DIR / "templates/500.html").read_text()

        assert re.findall(r"{[{%]", source) == []

    def test_too_many_tries_are_told_in_our_look(self, db):
        html = render_to_string("429.html")

        assert "Please wait a moment" in html
