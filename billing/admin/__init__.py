"""The money's screens."""

from billing.admin import (
    balance,
    closes,
    differences,
    disputes,
    events,
    fees,
    ledger,
    orders,
    payments,
    receipts,
    refunds,
    settings,
)

__all__ = [
    "balance",
    "closes",
    "differences",
    "disputes",
    "events",
    "fees",
    "ledger",
    "orders",
    "payments",
    "receipts",
    "refunds",
    "settings",
]
