"""The money's screens."""

from billing.admin import events, fees, ledger, orders, payments, refunds

__all__ = ["events", "fees", "ledger", "orders", "payments", "refunds"]
