"""One fee per service at a time."""

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError

from billing.models import Fee

pytestmark = pytest.mark.django_db


def fee(begins: str, ends: str | None, *, code: str = "consultation.new", amount: str = "80.00") -> Fee:
    return Fee(
        code=code, description="Consultation", amount=amount, effective_from=begins, effective_until=ends
    )


@pytest.mark.parametrize(
    ("begins", "ends"), [("2026-06-30", None), ("2025-01-01", None), ("2026-03-01", "2026-04-01")]
)
def test_two_fees_never_hold_at_once(begins, ends):
    fee("2026-01-01", "2026-07-01").save()

    with pytest.raises(ValidationError, match="End that one first"):
        fee(begins, ends).full_clean()
    with pytest.raises(IntegrityError, match="one_at_a_time"):
        fee(begins, ends).save()


def test_a_fee_may_follow_another_and_services_do_not_mind_each_other():
    fee("2026-01-01", "2026-07-01").save()
    fee("2026-07-01", None).save()
    fee("2026-01-01", None, code="consultation.returning").save()

    assert Fee.objects.count() == 3


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        (fee("2026-01-01", "2026-01-01"), "The last day must come after the first."),
        (fee("2026-01-01", None, amount="0.49"), "A fee is at least A\\$0.50"),
    ],
)
def test_what_makes_no_sense_is_refused_in_words(wrong, sentence):
    with pytest.raises(ValidationError, match=sentence):
        wrong.full_clean()
