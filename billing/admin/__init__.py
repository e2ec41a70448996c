"""The money's screens."""

from billing.admin import (
    balance,
    closes,
    differences,
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
    "events",
    "fees",
    "ledger",
    "orders",
    "payments",
    "receipts",
    "refunds",
    "settings",
]
