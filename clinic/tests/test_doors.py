"""What strangers may send, what needs the second factor again, and what every answer says to browsers."""

import base64
from datetime import timedelta

import pytest
import time_machine
from django.contrib.staticfiles import finders
from django.test import Client
from django.urls import NoReverseMatch, URLPattern, get_resolver, reverse
from django.utils import timezone
from django.utils.crypto import get_random_string

from clinic import middleware
from clinic.tests.test_accounts import sign_in
from messaging.models import Letter

KEY = "0192d3a0-0000-7000-8000-000000000000"
SAMPLES = {"uuid": KEY, "int": "1", "slug": "s", "str": "x", "path": KEY}
# Anybody is asked to sign in, or is told that it is not there, that they may not, that it is no form.
BY_PATTERN = {
    "account_confirm_email": "/accounts/confirm-email/x/",
    "account_reset_password_from_key": "/accounts/password/reset/key/x-y/",
}
CLOSED = {401, 403, 404, 405}


def addresses(resolver=None, before=""):
    """Every address of the site that has a name, with something in the place of each part: name and path."""
    for pattern in (resolver or get_resolver()).url_patterns:
        route = before + str(pattern.pattern)
        if isinstance(pattern, URLPattern):
            if pattern.name:
                yield pattern, route
        else:
            yield from addresses(pattern, route)


def path_of(pattern, route) -> str | None:
    """An address that matches."""
    arguments = {
        name: SAMPLES.get(
            type(converter).__name__.removesuffix("Converter").lower().replace("string", "str"), KEY
        )
        for name, converter in getattr(pattern.pattern, "converters", {}).items()
    }
    for prefix in ("", "admin:"):
        try:
            return reverse(prefix + pattern.name, kwargs=arguments)
        except NoReverseMatch:
            continue
    return None


class TestStrangers:
    def test_every_form_that_anybody_may_send_is_bounded(self, db, settings):
        """A new address that answers strangers fails here until it stands in ``middleware.LIMITS``."""
        found, asked = set(), 0
        for pattern, route in addresses():
            if route.startswith("admin/"):
                continue
            path = BY_PATTERN.get(pattern.name) or path_of(pattern, route)
            answer = Client().post(path)
            asked += 1
            leads = answer.headers.get("Location", "")
            if answer.status_code in CLOSED or leads.startswith("/accounts/login/?next="):
                continue
            found.add(pattern.name)

        assert asked > 60
        assert sorted(found - set(middleware.LIMITS)) == []

    def test_every_limit_is_of_an_address_that_there_is(self):
        assert set(middleware.LIMITS) | set(middleware.PER_PERSON) <= {p.name for p, _ in addresses()}

    @pytest.mark.parametrize("name", [n for n, limit in middleware.LIMITS.items() if not limit.is_webhook])
    def test_one_form_too_many_is_told_when_to_come_again(self, db, name, monkeypatch):
        monkeypatch.setitem(middleware.LIMITS, name, middleware.LIMITS[name]._replace(most=2))
        [(pattern, route)] = [found for found in addresses() if found[0].name == name][:1]
        path = BY_PATTERN.get(name) or path_of(pattern, route)

        answers = [Client().post(path) for _ in range(3)]

        assert 429 not in [answer.status_code for answer in answers[:2]]
        assert answers[2].status_code == 429
        assert 1 <= int(answers[2].headers["Retry-After"]) <= 900
        assert "Please wait" in answers[2].content.decode()

    def test_they_are_counted_by_network_and_not_by_what_they_say_of_it(self, db, monkeypatch):
        monkeypatch.setitem(middleware.LIMITS, "account_logout", middleware.Limit(1))

        def leave(**more):
            return Client().post("/accounts/logout/", **more).status_code

        assert leave() == 302
        assert leave(headers={"X-Forwarded-For": "198.51.100.1"}) == 429
        assert leave(REMOTE_ADDR="198.51.100.1") == 302

    @pytest.mark.parametrize("name", ["account_reset_password", "account_signup"])
    def test_nobody_gets_letters_without_end(self, db, name):
        data = {"email": "somebody@example.com", "family_name": "B", "accepts": "on"}
        data["password1"] = get_random_string(20)
        answers = [
            Client().post(reverse(name), data, REMOTE_ADDR=f"203.0.113.{n}").status_code for n in range(7)
        ]

        assert answers == [302] * 5 + [429] * 2
        assert Letter.objects.filter(to="somebody@example.com").count() <= 5

    def test_webhooks_are_bounded_only_where_the_signature_is_wrong(self, db, settings, monkeypatch):
        settings.MAIL_PROVIDER, settings.MAIL_WEBHOOK_SECRET = "postmark", "reports:" + "k" * 20
        settings.ANYMAIL = settings.ANYMAIL | {"WEBHOOK_SECRET": settings.MAIL_WEBHOOK_SECRET}
        monkeypatch.setitem(middleware.LIMITS, "letter-reports", middleware.Limit(2, is_webhook=True))

        def report(user: str) -> int:
            shown = base64.b64encode(user.encode()).decode()
            data = {"RecordType": "Open", "MessageID": "x", "Recipient": "a@example.com"}
            answer = Client().post(
                "/webhook/letters/",
                data,
                content_type="application/json",
                headers={"Authorization": f"Basic {shown}"},
            )
            return answer.status_code

        assert [report("reports:wrong") for _ in range(4)] == [403, 403, 429, 429]
        assert report(settings.MAIL_WEBHOOK_SECRET) == 200

    def test_a_signed_in_person_guesses_their_own_password_ten_times(self, with_password):
        patient, browser = with_password("patient"), Client()
        sign_in(browser, patient.email)
        data = {"oldpassword": "wrong", "password1": "quite-another-1", "password2": "quite-another-1"}
        answers = [browser.post(reverse("account_change_password"), data).status_code for _ in range(11)]

        assert answers == [200] * 10 + [429]


EXPORTS = [
    (pattern.name, path)
    for pattern, route in addresses()
    if route.startswith("admin/")
    and (pattern.name or "").endswith(("_export", "_file", "_csv", "_download", "_pack"))
    and (path := path_of(pattern, route))
]


class TestExports:
    def test_there_are_some(self):
        assert len(EXPORTS) >= 16

    @pytest.mark.parametrize(("name", "path"), EXPORTS)
    def test_each_asks_for_the_second_factor_again(self, name, path, staff_client, make_user):
        """Whoever may export: a role is found for each, and minutes after the sign-in it is asked again."""
        asked = []
        for role in ("manager", "auditor", "doctor"):
            browser = staff_client(make_user(role))
            with time_machine.travel(timezone.now() + timedelta(minutes=6)):
                answers = [browser.get(path), browser.post(path)]
            asked.append([answer.headers.get("Location", "").partition("?")[0] for answer in answers])

        assert reverse("otp-verify") in {address for pair in asked for address in pair}, asked
        assert not any(200 in pair for pair in asked)


PUBLIC = ["/", "/accounts/login/", "/accounts/signup/", "/accounts/password/reset/", "/nothing/here/"]
PORTAL = [
    "/portal/",
    "/portal/profile/",
    "/accounts/sessions/",
    "/portal/book/",
    "/portal/nothing/",
    "/statement.csv",
]
DESK = ["/admin/", "/admin/clinic/patient/", "/admin/clinic/nothing/", "/admin/billing/receipt/export/"]
ALL = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=()",
}


class TestHeaders:
    @pytest.fixture
    def visit(self, client, patient, staff_client, manager):
        def get(kind: str, path: str):
            if kind == "portal":
                client.force_login(patient.user)
            return (staff_client(manager) if kind == "desk" else client).get(path)

        return get

    @pytest.mark.parametrize(
        ("kind", "path"),
        [
            *[("public", path) for path in PUBLIC],
            *[("portal", path) for path in PORTAL],
            *[("desk", path) for path in DESK],
            ("public", "/static/portal/portal.css"),
            ("public", "/portal/"),
            ("public", "/webhook/letters/"),
        ],
    )
    def test_every_kind_of_answer_has_them(self, kind, path, visit):
        answer = visit(kind, path)
        answer.close()  # the file of a static one

        assert {name: answer.headers.get(name) for name in ALL} == ALL
        policy = answer.headers["Content-Security-Policy"]
        assert "frame-ancestors 'none'" in policy
        assert "default-src 'none'" in policy

    @pytest.mark.parametrize(
        ("kind", "path"), [("public", path) for path in PUBLIC] + [("portal", path) for path in PORTAL]
    )
    def test_nothing_unsafe_is_allowed_outside_the_desk(self, kind, path, visit):
        assert "unsafe" not in visit(kind, path).headers["Content-Security-Policy"]

    @pytest.mark.parametrize("path", DESK[:2])
    def test_scripts_of_the_desk_are_ours(self, path, visit):
        directives = visit("desk", path).headers["Content-Security-Policy"].split(";")
        [scripts] = [part for part in directives if part.strip().startswith("script-src ")]

        assert "unsafe-inline" not in scripts
        assert "http" not in scripts

    @pytest.mark.parametrize(("kind", "path"), [("portal", "/statement.csv"), ("portal", "/portal/profile/")])
    def test_nothing_private_stays_in_a_cache(self, kind, path, visit):
        assert {"private", "no-store"} & set(visit(kind, path).headers["Cache-Control"].split(", "))

    def test_the_static_file_that_is_asked_for_is_there(self):
        assert finders.find("portal/portal.css")
