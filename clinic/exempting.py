"""Words of the advertising guard that one version may say after all: one asks, another allows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.db import transaction
from django.utils import timezone

from clinic import advertising
from clinic.models import Exemption, Page
from config.base import Refused

if TYPE_CHECKING:
    from clinic.models import User

MAY = "clinic.decide_exemption"
FUNCTIONS = """
CREATE OR REPLACE FUNCTION clinic_refuse_other_exemption() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF (OLD.page_id, OLD.snippet_id, OLD.version, OLD.words, OLD.reason, OLD.asked_by_id, OLD.asked_at)
     IS DISTINCT FROM
     (NEW.page_id, NEW.snippet_id, NEW.version, NEW.words, NEW.reason, NEW.asked_by_id, NEW.asked_at) THEN
    RAISE EXCEPTION 'clinic_exemption: what was asked for is kept as it is.'
      USING ERRCODE = 'check_violation', CONSTRAINT = 'clinic_exemption_as_asked';
  END IF;
  RETURN NEW;
END $$;
"""


def statements() -> list[str]:
    """The trigger, as SQL."""
    return [
        'CREATE OR REPLACE TRIGGER "clinic_exemption_as_asked" BEFORE UPDATE ON "clinic_exemption"'
        " FOR EACH ROW EXECUTE FUNCTION clinic_refuse_other_exemption()"
    ]


class NotYours(Refused):
    def __init__(self) -> None:
        super().__init__("You asked for this, or wrote of it. Somebody else decides.")


class NotGranted(Refused):
    def __init__(self) -> None:
        super().__init__("Only managers with the grant for it decide on words of the advertising guard.")


class NothingToAllow(Refused):
    def __init__(self) -> None:
        super().__init__("The advertising guard has nothing against what is written now.")


def refuse(record: Any, version: Any, found: list[advertising.Found]) -> None:
    """Let ``version`` be published with the words that were ``found`` in it, if two people said so.

    :raises advertising.Advertises: of some of them nobody did
    """
    allowed = _allowed(record, version) if found else set()
    if left := [one for one in found if (one.words, one.place) not in allowed]:
        raise advertising.Advertises(left)


def _allowed(record: Any, version: Any) -> set[tuple[str, str]]:
    granted = record.exemptions.filter(version=version.history_id, status=Exemption.Status.ALLOWED)
    return {
        (words, place) for words_of in granted.values_list("words", flat=True) for words, place in words_of
    }


@transaction.atomic
def ask(record: Any, version: Any, found: list[advertising.Found], *, reason: str, by: User) -> Exemption:
    """Ask that ``version`` may say what was ``found`` in it.

    :raises NotGranted: ``by`` is no manager with the grant
    :raises NothingToAllow: nothing was found
    """
    if not by.has_perm(MAY):
        raise NotGranted
    if not found:
        raise NothingToAllow
    of = {"page": record} if isinstance(record, Page) else {"snippet": record}
    return Exemption.objects.add(
        by=by,
        why=reason,
        version=version.history_id,
        words=sorted({(one.words, one.place) for one in found}),
        reason=reason,
        asked_by=by,
        asked_at=timezone.now(),
        **of,
    )


@transaction.atomic
def allow(exemption: Exemption, *, by: User) -> None:
    """Let the words stand, as a second person.

    :raises NotGranted: ``by`` is no manager with the grant
    :raises NotYours: ``by`` asked for it, or wrote the version
    :raises IllegalMove: it was decided already
    """
    if not by.has_perm(MAY):
        raise NotGranted
    record = exemption.page or exemption.snippet
    wrote = record.history.filter(history_id=exemption.version, history_user=by) if record else None
    if by == exemption.asked_by or (wrote is not None and wrote.exists()):
        raise NotYours
    _decide(exemption, Exemption.Status.ALLOWED, why="Read and allowed.", by=by)


@transaction.atomic
def decline(exemption: Exemption, *, why: str, by: User) -> None:
    """Keep the words out, or take back that they may stand: what is live with them stays until it is changed.

    :raises NotGranted: ``by`` is no manager with the grant
    :raises IllegalMove: it was declined already
    """
    if not by.has_perm(MAY):
        raise NotGranted
    _decide(exemption, Exemption.Status.REFUSED, why=why, by=by)


def _decide(exemption: Exemption, status: str, *, why: str, by: User) -> None:
    exemption.move_to(status, by=by, why=why, decided_at=timezone.now(), decided_by=by)
