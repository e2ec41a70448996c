"""What patients agree to, and the proof of which words they agreed to."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from clinic import dosing
from clinic.models import CancellationPolicy, Consent, ConsentText, Patient
from clinic.models.consents import fill, fingerprint
from config.base import Refused

if TYPE_CHECKING:
    from catalog.models import Product
    from clinic.models import User


class NotGiven(Refused):
    def __init__(self) -> None:
        super().__init__("The patient has not agreed to this, so there is nothing to withdraw.")


class WordsChanged(Refused):
    def __init__(self) -> None:
        super().__init__(
            "What you agree to was reworded since you opened the page: please read it again and tick the box."
        )


CLASSES = {
    ("S4", False): Consent.Kind.UNAPPROVED_S4,
    ("S4", True): Consent.Kind.UNAPPROVED_S4_INHALED,
    ("S8", False): Consent.Kind.UNAPPROVED_S8,
    ("S8", True): Consent.Kind.UNAPPROVED_S8_INHALED,
}
"""To what a patient agrees before an unapproved medicine of a schedule, inhaled or not: the risks differ."""
BEFORE_BOOKING = (Consent.Kind.TELEHEALTH, Consent.Kind.FEES, Consent.Kind.PRIVACY)


def in_force(kinds: Iterable[str] | None = None) -> dict[str, ConsentText]:
    """The texts that count now, of ``kinds`` or of all."""
    texts = ConsentText.objects.in_force()
    found = {text.kind: text for text in (texts if kinds is None else texts.filter(kind__in=[*kinds]))}
    return found if kinds is None else {kind: found[kind] for kind in kinds}


def told(kind: str, *, policy: CancellationPolicy | None) -> dict[str, str]:
    """What stands in a text for its names in braces: that about fees tells of the cancellation policy."""
    if kind != Consent.Kind.FEES:
        return {}
    late = "I can cancel at any time before the appointment begins and get the whole fee back."
    if policy and policy.keep_percent:
        late = (
            f"I can cancel, or move the appointment to another time, until {policy.free_hours} hours before"
            f" it begins and get the whole fee back. If I cancel later, {policy.keep_percent} % of the fee is"
            " kept, because the time can hardly be given to somebody else. If illness or an emergency stopped"
            " me, I tell the practice and nothing is kept."
        )
    kept = "the fee is kept"
    if policy and policy.missed_percent < 100:
        kept = f"{policy.missed_percent} % of the fee is kept"
    missed = f"If I do not come and have not cancelled, {kept}, because the doctor’s time was kept for me."
    return {"cancelling": late, "missing": missed}


def read_out(text: ConsentText, *, policy: CancellationPolicy | None = None) -> str:
    """The words of ``text``, with what is told in it."""
    return fill(text.body, told(text.kind, policy=policy))


def text(kind: str, *, policy: CancellationPolicy | None = None) -> str:
    """The words in force."""
    return read_out(in_force([kind])[kind], policy=policy)


def version(text: ConsentText, *, policy: CancellationPolicy | None = None) -> str:
    """What the words are called: ``2+2026-07-01`` names the text and the policy in it."""
    return (
        f"{text.version}+{policy.version}" if policy and text.kind == Consent.Kind.FEES else f"{text.version}"
    )


def mark(texts: Mapping[str, ConsentText]) -> str:
    """What a page that shows ``texts`` sends along with the yes to them."""
    return ",".join(sorted(f"{kind}-{text.version}" for kind, text in texts.items()))


def class_of(product: Product) -> tuple[str, bool]:
    """Tell the schedule of ``product``, and whether it is inhaled."""
    return product.schedule, product.dose_form in dosing.INHALED


def words(texts: Mapping[str, ConsentText], *, policy: CancellationPolicy | None) -> list[tuple[str, str]]:
    """Each text with its title, as somebody who is to agree reads it."""
    return [(text.get_kind_display(), read_out(text, policy=policy)) for text in texts.values()]


def holds(consent: Consent | None, *, words_sha256: str) -> bool:
    """Whether it is a yes to the words of that fingerprint: the one place where the two are compared."""
    is_yes = consent is not None and consent.answer == Consent.Answer.GIVEN
    return is_yes and consent is not None and consent.text_sha256 == words_sha256


def lacking(patient: Patient, *, policy: CancellationPolicy | None) -> dict[str, ConsentText]:
    """Of what somebody who books agrees to, that whose words in force they have not agreed to yet."""
    newest = {one.kind: one for one in patient.consents.filter(kind__in=BEFORE_BOOKING).newest()}
    return {
        kind: text
        for kind, text in in_force(BEFORE_BOOKING).items()
        if not holds(newest.get(kind), words_sha256=fingerprint(read_out(text, policy=policy)))
    }


def answer(patient: Patient, *, kind: str, answer: str, by: User | None, why: str = "") -> Consent:
    """Write down what ``patient`` says to the words in force; of a kind, the newest answer counts.

    What is withdrawn is what was agreed to, in the words of then.

    :raises NotGiven: something is withdrawn that was not agreed to
    """
    said = Consent.Answer(answer)
    before = patient.consents.filter(kind=kind).select_related("text").newest().first()
    if said == Consent.Answer.WITHDRAWN and (not before or before.answer != Consent.Answer.GIVEN):
        raise NotGiven
    row = _row(patient, in_force([kind])[kind], policy=None, by=by)
    if said == Consent.Answer.WITHDRAWN and before and before.text:
        for name in ("text", "told", "version", "text_sha256"):
            setattr(row, name, getattr(before, name))
    row.answer, row.why = said, why.strip()
    row.save(force_insert=True)
    return row


def agree(
    patient: Patient,
    *,
    kinds: Iterable[str],
    by: User | None,
    policy: CancellationPolicy | None = None,
    read: str | None = None,
) -> None:
    """Write down that ``patient`` said yes to the words in force; ``read`` is the ``mark`` of those they saw.

    :raises WordsChanged: the words are others by now
    """
    texts = in_force(kinds)
    if read is not None and read != mark(texts):
        raise WordsChanged
    Consent.objects.bulk_create(_row(patient, text, policy=policy, by=by) for text in texts.values())


def _row(
    patient: Patient, text: ConsentText, *, policy: CancellationPolicy | None, by: User | None
) -> Consent:
    return Consent(
        patient=patient,
        kind=text.kind,
        text=text,
        told=told(text.kind, policy=policy),
        version=version(text, policy=policy),
        text_sha256=fingerprint(read_out(text, policy=policy)),
        recorded_by=by,
    )
