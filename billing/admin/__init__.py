"""The money's screens."""

from billing.admin import events, fees, orders, payments, refunds

__all__ = ["events", "fees", "orders", "payments", "refunds"]
