"""The kinds of letters there are: what each is about, who may turn it off, and whether it may wait.

A leaf. The apps above register theirs; a letter of no kind is not owed.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from django.db import models


class Group(models.TextChoices):
    """What letters are about, as people choose among them; the same whatever the channel."""

    ACCOUNT = "account", "Your account and its safety"
    VISITS = "visits", "Your appointments, and what you pay for them"
    REMINDERS = "reminders", "Reminders before an appointment"
    MESSAGES = "messages", "A message is waiting for you"
    PAPERS = "papers", "A document or receipt is ready for you"
    NOTICES = "notices", "News of the practice"
    WORK = "work", "The work of the practice"


OPTIONAL = (Group.REMINDERS, Group.MESSAGES, Group.PAPERS, Group.NOTICES)
"""What a reader may do without. The database refuses to turn off anything else."""


class Name(NamedTuple):
    """What a letter's text may name in braces: in words, how it is made, and how it may read.

    ``source`` is a Django template over the letter's context; ``must`` when no text may leave it out.
    """

    words: str
    source: str
    example: str
    must: bool = False


LINK = Name("the link to the page", "{{ base_url }}{{ path }}", "https://clinic.example/portal/…", must=True)
PERSON = Name("the reader’s name", "{{ name }}", "Robin")
COMMON = {
    "practice": Name("the practice’s name", "{{ practice }}", "The practice"),
    "reader": Name("the reader’s whole name", '{{ recipient|default:"reader" }}', "Robin Example"),
    "first_name": Name("the reader’s first name", "{{ recipient.get_short_name }}", "Robin"),
    "book_link": Name(
        "the link to book", "{{ base_url }}/portal/book/", "https://clinic.example/portal/book/"
    ),
    "details_link": Name(
        "the link to the reader’s own details",
        "{{ base_url }}/portal/profile/",
        "https://clinic.example/portal/profile/",
    ),
    "password_link": Name(
        "the link to ask for a new password",
        "{{ base_url }}{% url 'account_reset_password' %}",
        "https://clinic.example/accounts/password/reset/",
    ),
    "sign_up_link": Name(
        "the link to sign up",
        "{{ base_url }}{% url 'account_signup' %}",
        "https://clinic.example/accounts/signup/",
    ),
}
"""What every letter knows."""


class Kind(NamedTuple):
    """One kind of letter: in words, with its group; ``waits`` when it need not come in the quiet hours.

    ``text`` is the template of the SMS that goes beside it to those who chose that; it is of a kind itself.
    ``names`` are what its own text may name in braces, beside ``COMMON``.
    """

    words: str
    group: Group
    waits: bool = False
    text: str = ""
    names: Mapping[str, Name] = {}

    @property
    def is_essential(self) -> bool:
        return self.group not in OPTIONAL


class NoSuchKind(LookupError):
    """A letter was to be written that nobody registered."""


KINDS: dict[str, Kind] = {
    "messaging/mail/concern_raised": Kind("A conversation needs a person", Group.WORK, names={"link": LINK}),
    "messaging/mail/message_waiting": Kind(
        "A message is waiting",
        Group.MESSAGES,
        waits=True,
        text="messaging/sms/message_waiting",
        names={"link": LINK},
    ),
    "messaging/mail/question_waiting": Kind(
        "A question to the practice is waiting", Group.WORK, waits=True, names={"link": LINK}
    ),
    # What a manager sends to their own address while they write a letter's text.
    "messaging/mail/trial": Kind(
        "Trial of a letter's text",
        Group.WORK,
        names={
            "subject": Name("the subject on trial", "{{ subject }}", "A subject", must=True),
            "text": Name("the text on trial", "{{ text }}", "A text.", must=True),
        },
    ),
    "messaging/sms/message_waiting": Kind("SMS: a message is waiting", Group.MESSAGES, waits=True),
}
"""By template."""


def register(more: dict[str, Kind]) -> None:
    KINDS.update(more)


def of(template: str) -> Kind:
    """The kind of the letters of ``template``.

    :raises NoSuchKind: it has none
    """
    try:
        return KINDS[template]
    except KeyError:
        raise NoSuchKind(template) from None


def optional_group(template: str) -> Group | None:
    """The group in which a reader can turn these letters off; None where nobody can."""
    kind = KINDS.get(template)
    return None if kind is None or kind.is_essential else kind.group


def text_beside(template: str) -> str:
    """The template of the SMS that may go beside these letters; empty where none does."""
    return KINDS[template].text if template in KINDS else ""


def may_wait(template: str) -> bool:
    """Whether these letters need not come in the quiet hours."""
    return template in KINDS and KINDS[template].waits


def words(template: str) -> str:
    """What a letter is about, in words; one of long ago, whose kind is gone, by the name of its template."""
    kind = KINDS.get(template)
    return kind.words if kind else template.rsplit("/", 1)[-1].replace("_", " ").capitalize()
