"""The lists of money as plain tables, for people who go on in a spreadsheet program."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db.models import Model, QuerySet
from import_export.fields import Field
from import_export.resources import ModelResource, modelresource_factory

from billing import closing
from billing.models import (
    BalanceTransaction,
    DayClose,
    Difference,
    Dispute,
    Entry,
    Order,
    Payment,
    Payout,
    Posting,
    Receipt,
    Refund,
)
from messaging import clocks


class MoneyResource(ModelResource):
    """Rows with amounts as numbers and instants by the practice's clock; read in chunks."""

    related: tuple[str, ...] = ()

    def before_export(self, queryset: QuerySet[Any], **kwargs: Any) -> None:
        self.zone = closing.zone()

    def filter_export(self, queryset: QuerySet[Any], **kwargs: Any) -> QuerySet[Any]:
        return queryset.select_related(*self.related) if self.related else queryset

    def export_field(self, field: Field, instance: Any, **kwargs: Any) -> Any:
        return self._plain(field.get_value(instance))

    def _plain(self, value: Any) -> Any:
        """What a cell can hold: a spreadsheet program knows no zones and no records."""
        match value:
            case datetime():
                return clocks.local(value, zone=self.zone).replace(tzinfo=None, microsecond=0)
            case bool():
                return "Yes" if value else "No"
            case None | int() | str() | Decimal():
                return value
        return value if hasattr(value, "isoformat") else str(value)


class PostingsResource(MoneyResource):
    """The accounts behind the entries that were asked for."""

    def filter_export(self, queryset: QuerySet[Any], **kwargs: Any) -> QuerySet[Any]:
        parts = Posting.objects.filter(entry__in=queryset.order_by().values("pk"))
        return super().filter_export(parts.order_by("happened_at", "entry", "account", "pk"), **kwargs)


class SignaturesResource(MoneyResource):
    """Signed days; their figures were signed as words, and leave as numbers."""

    def export_field(self, field: Field, instance: Any, **kwargs: Any) -> Any:
        value = super().export_field(field, instance, **kwargs)
        return Decimal(value) if str(field.attribute).startswith("figures__figures") else value


def _resource(
    model: type[Model],
    columns: dict[str, str],
    *related: str,
    base: type[MoneyResource] = MoneyResource,
    name: str = "",
) -> type[MoneyResource]:
    """A table of ``columns``: what stands above each, and where its value comes from."""
    fields = {
        heading.lower().replace(" ", "_"): Field(attribute=path, column_name=heading)
        for heading, path in columns.items()
    }
    options = {"fields": tuple(fields), "export_order": tuple(fields), "name": name or None}
    made = modelresource_factory(model, base, meta_options=options, custom_fields=fields)
    made.related = related
    return made


ORDERS = _resource(
    Order,
    {
        "Number": "number",
        "Made": "created_at",
        "Payer": "payer",
        "Earned by": "earner",
        "Status": "get_status_display",
        "Amount": "amount",
        "Still owed": "owing",
        "Received": "paid",
        "Gone back": "refunded",
        "Waived": "waived",
        "Written off": "written_off",
        "Received and kept": "kept",
    },
    "payer",
    "earner",
)
PAYMENTS = _resource(
    Payment,
    {
        "Begun": "created_at",
        "Paid": "paid_at",
        "Order": "order__number",
        "Payer": "order__payer",
        "Method": "get_method_display",
        "Status": "get_status_display",
        "Amount": "amount",
        "Stripe payment": "intent_id",
    },
    "order__payer",
)
REFUNDS = _resource(
    Refund,
    {
        "Asked for": "created_at",
        "Order": "payment__order__number",
        "Payer": "payment__order__payer",
        "Cause": "get_cause_display",
        "Way": "get_way_display",
        "Status": "get_status_display",
        "Amount": "amount",
        "Stripe refund": "stripe_id",
    },
    "payment__order__payer",
)
DISPUTES = _resource(
    Dispute,
    {
        "Opened": "opened_at",
        "Answer until": "due_at",
        "Closed": "closed_at",
        "Order": "payment__order__number",
        "Payer": "payment__order__payer",
        "Reason": "reason",
        "Status": "get_status_display",
        "Amount": "amount",
        "Stripe dispute": "stripe_id",
    },
    "payment__order__payer",
)
RECEIPTS = _resource(
    Receipt,
    {
        "Number": "number",
        "Issued": "issued_on",
        "Kind": "get_kind_display",
        "Order": "order__number",
        "Payer": "order__payer",
        "Amount": "amount",
        "Of which GST": "gst",
    },
    "order__payer",
)
ENTRIES = _resource(
    Entry,
    {
        "Happened": "happened_at",
        "Entered": "recorded_at",
        "Entered by": "recorded_by",
        "What": "get_kind_display",
        "Order": "order__number",
        "Payer": "payer",
        "Amount": "moved",
        "Key": "key",
    },
    "order",
    "payer",
    "recorded_by",
    name="Entries, one line each",
)
POSTINGS = _resource(
    Posting,
    {
        "Happened": "happened_at",
        "What": "entry__get_kind_display",
        "Account": "get_account_display",
        "Amount": "amount",
        "Order": "order__number",
        "Payer": "payer",
        "Earned by": "earner",
        "Key": "entry__key",
    },
    "entry",
    "order",
    "payer",
    "earner",
    base=PostingsResource,
    name="Their postings, account by account (a debit is above zero)",
)
DIFFERENCES = _resource(
    Difference,
    {
        "Happened": "happened_at",
        "Kind": "get_kind_display",
        "About": "about",
        "Order": "order__number",
        "Ours": "ours",
        "Stripe’s": "theirs",
        "Status": "get_status_display",
        "Explained": "resolved_at",
        "Explained by": "resolved_by",
        "Explanation": "words",
    },
    "order",
    "resolved_by",
)
CLOSES = _resource(
    DayClose,
    {
        "Day": "day",
        "Signature": "number",
        "Zone": "zone",
        "Signed by": "recorded_by",
        "Signed": "recorded_at",
        "Why": "why",
        "Expected": "figures__figures__expected",
        "Refunded": "figures__figures__refunded",
        "Stripe’s fees": "figures__figures__fees",
        "Paid out": "figures__figures__paid_out",
        "Outstanding": "figures__figures__outstanding",
        "Open differences": "figures__open_differences",
        "Fingerprint": "fingerprint",
    },
    "recorded_by",
    base=SignaturesResource,
)
MOVEMENTS = _resource(
    BalanceTransaction,
    {
        "Moved": "moved_at",
        "Available": "available_at",
        "What": "kind",
        "Category": "category",
        "Description": "description",
        "Amount": "amount",
        "Stripe’s fee": "fee",
        "Net": "net",
        "Currency": "currency",
        "Stripe movement": "stripe_id",
        "Stripe payment": "intent_id",
    },
)
PAYOUTS = _resource(
    Payout,
    {
        "Made": "made_at",
        "Arrives": "arrives_at",
        "Status": "get_status_display",
        "Amount": "amount",
        "Currency": "currency",
        "Why it failed": "failure",
        "Stripe payout": "stripe_id",
    },
)
