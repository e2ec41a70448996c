"""What the buttons of the money's screens ask."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django import forms
from unfold.forms import BaseDialogForm
from unfold.widgets import (
    UnfoldAdminDecimalFieldWidget,
    UnfoldAdminEmailInputWidget,
    UnfoldAdminSelectWidget,
    UnfoldAdminTextareaWidget,
)

from billing import refunding
from billing.models import Order, Payment, Refund
from billing.models.fees import SMALLEST_CHARGE
from config.base import Refused

BY_HAND = [choice for choice in Payment.Method.choices if choice[0] in Payment.BY_HAND]

TOLD = [(str(cause), cause.label) for cause in Refund.TOLD]


def amount_field(
    label: str = "Amount (A$)", *, required: bool = False, smallest: str = "0.01", help_text: str = ""
) -> forms.Field:
    return forms.DecimalField(
        label=label,
        required=required,
        min_value=Decimal(smallest),
        max_digits=10,
        decimal_places=2,
        widget=UnfoldAdminDecimalFieldWidget,
        help_text=help_text,
    )


class Reason(BaseDialogForm):
    """Why something is done, in the words of who does it."""

    why = forms.CharField(
        label="Why?",
        widget=UnfoldAdminTextareaWidget(attrs={"rows": 3}),
        help_text="Nothing about the person’s health.",
    )


class RefundForm(Reason):
    """How much goes back, how, and why."""

    amount = amount_field(help_text="Leave empty to give back all that is left.")
    again = amount_field("The amount a second time (A$)")
    way = forms.ChoiceField(label="How?", choices=Refund.Way.choices, widget=UnfoldAdminSelectWidget)
    cause = forms.ChoiceField(label="What for?", choices=TOLD, widget=UnfoldAdminSelectWidget)
    field_order = ["_form_submitted", "amount", "again", "way", "cause", "why"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields[
            "again"
        ].help_text = f"Needed above A${refunding.limit():,.2f} of one order, so that no slip gives it away."

    def clean(self) -> dict[str, Any]:
        """Say in the dialog what the rule would refuse, so that nothing has to be typed again."""
        answers = super().clean() or {}
        order = Order.objects.visible_to(self.request.user).filter(pk=self.object_id).first()
        if order is None or self.errors:
            return answers
        try:
            refunding.weigh(order, amount=answers.get("amount"), again=answers.get("again"))
        except refunding.Unconfirmed as no:
            self.add_error("again", str(no))
        except Refused as no:
            self.add_error("amount", str(no))
        return answers


class TakenForm(BaseDialogForm):
    """How money came in without Stripe."""

    method = forms.ChoiceField(label="How was it paid?", choices=BY_HAND, widget=UnfoldAdminSelectWidget)
    amount = amount_field(help_text="Leave empty if all that is owed was paid.")


class CreditForm(BaseDialogForm):
    """How much of their credit a person uses."""

    amount = amount_field(help_text="Leave empty to use as much as there is.")


class DepositForm(BaseDialogForm):
    """Money that somebody leaves for later."""

    email = forms.EmailField(label="Whose? Their e-mail address", widget=UnfoldAdminEmailInputWidget)
    amount = amount_field(required=True, smallest=SMALLEST_CHARGE)
    method = forms.ChoiceField(label="How was it paid?", choices=BY_HAND, widget=UnfoldAdminSelectWidget)
    why = forms.CharField(
        label="What for?",
        widget=UnfoldAdminTextareaWidget(attrs={"rows": 3}),
        help_text="Nothing about the person’s health.",
    )
