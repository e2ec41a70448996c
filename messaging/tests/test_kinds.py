"""The kinds of letters, and what each letter says and does not say."""

from importlib.resources import files

import pytest
from django.template.loader import get_template

from messaging import kinds

# What we never ask allauth for: we send links, no codes to type.
NOT_OURS = {"login_code", "password_reset_code"}
CLINICAL = ("cannabis", "thc", "cbd", "dose", "diagnos", "symptom", "medicine", "treatment", "script")


def test_what_allauth_may_send_has_a_kind():
    sent = {
        path.name.removesuffix("_subject.txt")
        for path in (files("allauth") / "templates/account/email").iterdir()
        if path.name.endswith("_subject.txt")
    }

    assert {f"account/mail/{name}" for name in sent - NOT_OURS} <= set(kinds.KINDS)


@pytest.mark.parametrize("template", sorted(kinds.KINDS))
class TestEveryLetter:
    def source(self, template: str) -> str:
        return get_template(f"{template}.txt").template.source

    def test_says_nothing_clinical(self, template):
        assert [word for word in CLINICAL if word in self.source(template).lower()] == (
            ["script"] if template.endswith("prescription_void") else []
        )

    def test_names_its_group_in_words_and_none_is_called_like_another(self, template):
        kind = kinds.of(template)

        assert kind.group in kinds.Group.values
        assert [one.words for one in kinds.KINDS.values()].count(kind.words) == 1

    def test_leads_only_to_our_own_pages(self, template):
        assert "://" not in self.source(template)
        sources = [name.source for name in (kinds.COMMON | dict(kinds.of(template).names)).values()]
        assert [source for source in sources if "://" in source.replace("{{ base_url }}", "")] == []


def test_what_keeps_an_account_safe_cannot_be_turned_off():
    assert {kind.group for name, kind in kinds.KINDS.items() if name.startswith("account/")} == {"account"}
    assert all(kind.is_essential for name, kind in kinds.KINDS.items() if name.startswith("account/"))


def test_what_is_about_the_next_minutes_does_not_wait_for_the_morning():
    at_once = {"appointment_held", "waitlist_offer", "appointment_reminder", "appointment_cancelled"}

    assert [name for name in at_once if kinds.of(f"clinic/mail/{name}").waits] == []
    assert [name for name, kind in kinds.KINDS.items() if kind.waits and kind.group == "account"] == []
    assert not kinds.of("messaging/mail/concern_raised").waits


def test_a_kind_that_is_gone_still_has_words():
    assert kinds.words("clinic/mail/long_ago") == "Long ago"
