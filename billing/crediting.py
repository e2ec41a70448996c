"""Money that the practice holds for a person: taking it, and using it."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from django.contrib.auth import get_user_model
from django.db import transaction

from billing import bookkeeping, charging
from billing.models import Account, Gst, Order, Payment, Posting
from config.base import Refused

if TYPE_CHECKING:
    from clinic.models import User

NOTHING = Decimal("0.00")
DEPOSIT = "Deposit for later consultations"


class NoCredit(Refused):
    def __init__(self, left: Decimal) -> None:
        super().__init__(f"Their credit is A${left:,.2f}. Please enter that much or less.")


class Nobody(Refused):
    def __init__(self) -> None:
        super().__init__("Nobody has this e-mail address. Please check it with them.")


def person(email: str) -> User:
    """Whose e-mail address it is.

    :raises Nobody: nobody's
    """
    found = get_user_model()._default_manager.filter(email__iexact=email, is_active=True).first()
    if found is None:
        raise Nobody
    return found


def balance(payer: User) -> Decimal:
    """How much credit ``payer`` has."""
    return Posting.objects.credit_of(payer)


@transaction.atomic
def deposit(payer: User, *, amount: Decimal, method: str, by: User, why: str) -> Order:
    """Take money for later. It is the payer's until something is paid with it."""
    line = charging.Line(DEPOSIT, Gst.FREE, amount)
    order = charging.open_order(payer=payer, lines=[line], by=by, into=Account.CREDITS)
    charging.take_payment(order, by=by, method=method, why=why)
    return order


def use(order: Order, *, by: User, amount: Decimal | None = None) -> Payment:
    """Pay what is owed with the payer's credit, as far as it goes.

    :raises NoCredit: there is less
    :raises bookkeeping.CreditGone: somebody else uses it in this very moment
    :raises charging.NothingToPay: the order is not open
    :raises charging.MoreThanOwed: less is owed
    """
    left = balance(order.payer)
    amount = min(left, order.owing) if amount is None else amount
    if not NOTHING < amount <= left:
        raise NoCredit(left)
    with bookkeeping.within_credit():
        return charging.take_payment(
            order, by=by, method=Payment.Method.CREDIT, amount=amount, why="Paid with credit."
        )
