"""Every record of billing; others import them from here."""

from billing.models.balance import BalanceTransaction, Payout, PayoutLine
from billing.models.closes import DayClose
from billing.models.differences import Difference, Reconciliation
from billing.models.disputes import Dispute, Evidence
from billing.models.events import StripeEvent
from billing.models.fees import Fee, Gst
from billing.models.ledger import Account, Entry, Posting
from billing.models.orders import Order, OrderLine
from billing.models.payments import Payment
from billing.models.receipts import MedicareItem, Receipt, ReceiptPaper
from billing.models.refunds import Refund
from billing.models.settings import MoneySettings

__all__ = [
    "Account",
    "BalanceTransaction",
    "DayClose",
    "Difference",
    "Dispute",
    "Entry",
    "Evidence",
    "Fee",
    "Gst",
    "MedicareItem",
    "MoneySettings",
    "Order",
    "OrderLine",
    "Payment",
    "Payout",
    "PayoutLine",
    "Posting",
    "Receipt",
    "ReceiptPaper",
    "Reconciliation",
    "Refund",
    "StripeEvent",
]
