"""Secrets from files, keys that follow each other, and what production says to browsers."""

import json
import os
import re
import subprocess
import sys

import pytest
from django.conf import settings
from django.core import signing
from django.test import Client

from config import secret_files

PRINT = """
import json, sys
from django.conf import settings
print(json.dumps({name: getattr(settings, name, None) for name in sys.argv[1:]}, default=str))
"""
PRODUCTION = {
    "ENVIRONMENT": "production",
    "DATABASE_URL": "postgres:///nowhere",
    "SECRET_KEY": "k" * 60,
    "DJANGO_SETTINGS_MODULE": "config.settings",
}


def settings_of(environment: dict[str, str], *names: str) -> dict:
    """What a process of its own, started with ``environment``, has for these settings."""
    done = subprocess.run(
        [sys.executable, "-c", PRINT, *names],
        cwd=settings.BASE_DIR,
        env={"PATH": os.environ["PATH"]} | environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


class TestTake:
    @pytest.mark.parametrize("name", secret_files.SECRETS)
    def test_reads_each_secret_and_leaves_the_line_end(self, name, tmp_path):
        (tmp_path / "it").write_text("the secret\n")
        environment = {f"{name}_FILE": str(tmp_path / "it"), name: "an older one"}

        secret_files.take(environment)

        assert environment[name] == "the secret"

    @pytest.mark.parametrize("content", [None, "", "\n  \n"])
    def test_refuses_to_go_on_without_it(self, content, tmp_path):
        if content is not None:
            (tmp_path / "it").write_text(content)
        with pytest.raises(secret_files.Unreadable, match="SECRET_KEY_FILE names"):
            secret_files.take({"SECRET_KEY_FILE": str(tmp_path / "it")})

    def test_of_nothing_else(self, tmp_path):
        environment = {"BASE_URL_FILE": str(tmp_path / "it")}
        secret_files.take(environment)

        assert environment == {"BASE_URL_FILE": str(tmp_path / "it")}

    def test_every_secret_is_in_the_example(self):
        words = re.findall(r"[A-Z0-9_]+", (settings.BASE_DIR / ".env.example").read_text())

        assert set(secret_files.SECRETS) <= set(words)

    def test_every_setting_that_sounds_secret_is_one(self):
        source = (settings.BASE_DIR / "config/settings.py").read_text()
        read = re.findall(r'env(?:\.\w+)?\(\s*"(\w+)"', source)
        sounding = {name for name in read if re.search("SECRET|KEY|PASS|TOKEN|OPTIONS|_URL$", name)}

        # The keys of audit that no longer sign are public ones.
        assert sounding - {"BASE_URL", "AUDIT_KEYS_RETIRED"} <= set(secret_files.SECRETS)


class TestProduction:
    def test_takes_its_key_from_a_file(self, tmp_path):
        (tmp_path / "key").write_text("f" * 64 + "\n")

        found = settings_of(PRODUCTION | {"SECRET_KEY_FILE": str(tmp_path / "key")}, "SECRET_KEY")

        assert found == {"SECRET_KEY": "f" * 64}

    def test_keeps_cookies_to_this_host_and_to_tls(self):
        found = settings_of(
            PRODUCTION,
            "SESSION_COOKIE_NAME",
            "CSRF_COOKIE_NAME",
            "BROWSER_COOKIE_NAME",
            "SESSION_COOKIE_SECURE",
            "CSRF_COOKIE_SECURE",
            "SESSION_COOKIE_HTTPONLY",
            "SESSION_COOKIE_DOMAIN",
            "SECURE_HSTS_SECONDS",
            "SECURE_HSTS_INCLUDE_SUBDOMAINS",
            "SECURE_SSL_REDIRECT",
        )

        assert found == {
            "SESSION_COOKIE_NAME": "__Host-sessionid",
            "CSRF_COOKIE_NAME": "__Host-csrftoken",
            "BROWSER_COOKIE_NAME": "__Host-browser",
            "SESSION_COOKIE_SECURE": True,
            "CSRF_COOKIE_SECURE": True,
            "SESSION_COOKIE_HTTPONLY": True,
            "SESSION_COOKIE_DOMAIN": None,
            "SECURE_HSTS_SECONDS": 31536000,
            "SECURE_HSTS_INCLUDE_SUBDOMAINS": True,
            "SECURE_SSL_REDIRECT": True,
        }


class TestRotation:
    """A new SECRET_KEY, with the old one among the fallbacks for as long as sessions turn over."""

    def test_sessions_and_signed_links_outlive_it(self, settings, make_user):
        browser = Client()
        browser.force_login(make_user("patient"))
        link = signing.dumps({"what": "a link"}, salt="a link")
        settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = "n" * 60, [settings.SECRET_KEY]

        assert browser.get("/accounts/sessions/").status_code == 200
        assert signing.loads(link, salt="a link") == {"what": "a link"}

    def test_without_the_old_key_they_end(self, settings, make_user):
        browser = Client()
        browser.force_login(make_user("patient"))
        link = signing.dumps({"what": "a link"}, salt="a link")
        settings.SECRET_KEY = "n" * 60

        assert browser.get("/accounts/sessions/").status_code == 302
        with pytest.raises(signing.BadSignature):
            signing.loads(link, salt="a link")
