"""Every record of billing; others import them from here."""

from billing.models.disputes import Dispute
from billing.models.events import StripeEvent
from billing.models.fees import Fee, Gst
from billing.models.ledger import Account, Entry, Posting
from billing.models.orders import Order, OrderLine
from billing.models.payments import Payment
from billing.models.receipts import MedicareItem, Receipt, ReceiptPaper
from billing.models.refunds import Refund

__all__ = [
    "Account",
    "Dispute",
    "Entry",
    "Fee",
    "Gst",
    "MedicareItem",
    "Order",
    "OrderLine",
    "Payment",
    "Posting",
    "Receipt",
    "ReceiptPaper",
    "Refund",
    "StripeEvent",
]
