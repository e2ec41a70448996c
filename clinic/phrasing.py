"""The texts that patients agree to: shipped, written on by managers, published as versions."""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING, Any, NamedTuple

from django.db import transaction
from django.db.models import OuterRef, Subquery
from django.template.loader import get_template

from clinic import advertising, consenting
from clinic.models import Consent, ConsentDraft, ConsentText
from clinic.models.consents import BODY_MAX, NAMED, ConsentKind, fingerprint
from config import seen
from config.base import Refused
from config.sets import add_all

if TYPE_CHECKING:
    from clinic.models import User

KINDS = [kind for kind in Consent.Kind if kind != Consent.Kind.UNAPPROVED]
"""What somebody can be asked; the kind without a class is of before."""
IN_CARE = frozenset(consenting.CLASSES.values())
"""What only those read whose doctor speaks with them of such a medicine: no advertising (AUSTRALIA 2.5)."""

FUNCTIONS = """
CREATE OR REPLACE FUNCTION clinic_know_words() RETURNS trigger LANGUAGE plpgsql AS $$
-- A yes or no is to a text that is kept, and its fingerprint is that of the words that were read.
DECLARE
  words text;
  is_of text;
  put record;
BEGIN
  SELECT body, kind INTO words, is_of FROM clinic_consenttext WHERE id = NEW.text_id;
  FOR put IN SELECT key, value FROM jsonb_each_text(NEW.told) LOOP
    words := replace(words, '{' || put.key || '}', put.value);
  END LOOP;
  IF is_of IS DISTINCT FROM NEW.kind
     OR NEW.text_sha256 IS DISTINCT FROM encode(sha256(convert_to(words, 'UTF8')), 'hex') THEN
    RAISE EXCEPTION 'clinic_consent: the words that were read are not those of its text.'
      USING ERRCODE = 'check_violation', CONSTRAINT = 'clinic_consent_knows_its_words';
  END IF;
  RETURN NEW;
END $$;

CREATE OR REPLACE FUNCTION clinic_fit_fingerprint() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF NEW.sha256 IS DISTINCT FROM encode(sha256(convert_to(NEW.body, 'UTF8')), 'hex') THEN
    RAISE EXCEPTION 'clinic_consenttext: the fingerprint is not that of the text.'
      USING ERRCODE = 'check_violation', CONSTRAINT = 'clinic_consenttext_fingerprint';
  END IF;
  RETURN NEW;
END $$;
"""


class CannotBeAsked(Refused):
    """The text lacks what its reader needs, or names what is not known; which, it says."""


class NothingNew(Refused):
    def __init__(self) -> None:
        super().__init__("Patients are asked exactly this already. Change something first.")


class ChangedMeanwhile(Refused):
    def __init__(self) -> None:
        super().__init__(
            "Somebody else changed this text while you wrote. What you wrote is still here, and not saved:"
            " open the text in another tab, and bring the two together."
        )


class Line(NamedTuple):
    """One line of two texts: in the earlier, in the later, or in both."""

    words: str
    is_earlier: bool
    is_later: bool


def statements() -> list[str]:
    """The triggers, as SQL."""
    return [
        'CREATE OR REPLACE TRIGGER "clinic_consent_words" BEFORE INSERT ON "clinic_consent"'
        " FOR EACH ROW EXECUTE FUNCTION clinic_know_words()",
        'CREATE OR REPLACE TRIGGER "clinic_consenttext_fits" BEFORE INSERT ON "clinic_consenttext"'
        " FOR EACH ROW EXECUTE FUNCTION clinic_fit_fingerprint()",
    ]


def shipped(kind: ConsentKind) -> str:
    """The text that came with the product; those for the classes of medicines differ in what they name."""
    name = "unapproved" if kind in IN_CARE else kind.value
    source: str = get_template(f"clinic/consent_{name}.txt").template.source  # type: ignore[attr-defined]
    return source.strip().replace("{medicine}", kind.label.lower().replace("schedule", "Schedule"))


def ship(**kwargs: Any) -> None:
    """Have a first version and a draft of each text after ``migrate``; what managers wrote stays as it is."""
    there = set(ConsentText.objects.order_by().values_list("kind", flat=True).distinct())
    texts = {kind: shipped(kind) for kind in KINDS}
    ConsentText.objects.bulk_create(
        ConsentText(kind=kind, version=1, body=body, sha256=fingerprint(body))
        for kind, body in texts.items()
        if kind not in there
    )
    begun = set(ConsentDraft.objects.values_list("kind", flat=True))
    lacking = [kind for kind in KINDS if kind not in begun]
    live = consenting.in_force(lacking)
    rows = [ConsentDraft(kind=kind, body=live[kind].body) for kind in lacking]
    add_all(rows, by=None, why="Came with the product.")


def names(kind: str) -> list[str]:
    """What a text of this kind must tell, in braces."""
    return [*consenting.told(kind, policy=None)]


def check(kind: str, body: str) -> None:
    """Let patients be asked ``body``.

    :raises CannotBeAsked: it names what is not known, or leaves out what they must be told
    """
    said = NAMED.findall(body)
    if "\0" in body or not body.strip() or len(body) > BODY_MAX:
        raise CannotBeAsked(f"Write what the patient agrees to, in {BODY_MAX} letters at most.")
    if unknown := [name for name in said if name not in names(kind)]:
        raise CannotBeAsked(f"Nothing is known as {{{unknown[0]}}}. Take it out, or write what it means.")
    if lacking := [name for name in names(kind) if name not in said]:
        raise CannotBeAsked(f"{{{lacking[0]}}} must stand in it: what the cancellation policy says of it.")


def mark(draft: ConsentDraft) -> str:
    """What a form carries to tell which state of ``draft`` it showed."""
    return seen.mark(draft.body)


@transaction.atomic
def rewrite(draft: ConsentDraft, *, body: str, saw: str, by: User) -> None:
    """Keep ``body`` as what is being written; patients are asked what they were.

    :raises ChangedMeanwhile: it is no longer as the form ``saw`` it
    :raises CannotBeAsked: patients could not be asked it
    """
    if mark(draft.lock()) != saw:
        raise ChangedMeanwhile
    check(draft.kind, body)
    if draft.body != body:
        draft.change(by=by, body=body)


@transaction.atomic
def publish(draft: ConsentDraft, *, by: User) -> ConsentText:
    """Ask patients ``draft`` from now on; whoever agreed to other words is asked again when it matters.

    :raises CannotBeAsked: patients could not be asked it
    :raises NothingNew: the version in force says the same
    :raises advertising.Advertises: everybody reads it, and it would advertise
    """
    check(draft.lock().kind, draft.body)
    last = ConsentText.objects.of(draft.kind).first()
    if last and last.body == draft.body:
        raise NothingNew
    if draft.kind not in IN_CARE:
        advertising.check({"Text": draft.body})
    return ConsentText.objects.create(
        kind=draft.kind,
        version=last.version + 1 if last else 1,
        body=draft.body,
        sha256=fingerprint(draft.body),
        recorded_by=by,
    )


def beside_live(drafts: Any) -> Any:
    """Each with ``live_version`` and ``live_body``, which patients are asked now."""
    newest = ConsentText.objects.filter(kind=OuterRef("kind")).order_by("-version")
    return drafts.annotate(
        live_version=Subquery(newest.values("version")[:1]), live_body=Subquery(newest.values("body")[:1])
    )


def before(text: ConsentText) -> ConsentText | None:
    """The version that ``text`` took the place of."""
    return ConsentText.objects.of(text.kind).filter(version__lt=text.version).first()


def compare(earlier: str, later: str) -> list[Line]:
    """Both texts as one list of lines."""
    found = difflib.ndiff(earlier.splitlines(), later.splitlines())
    return [Line(line[2:], line[0] != "+", line[0] != "-") for line in found if not line.startswith("? ")]
