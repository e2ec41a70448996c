"""What billing tells the apps above it. Sent inside the transaction that made it true."""

from django.dispatch import Signal

order_paid = Signal()
"""Nothing more is owed for an order: it was paid in full, or waived. Sent once, with ``order``."""

hold_wanted = Signal()
"""An ``order`` is to be written off: who keeps something for its payer until it is paid answers with true."""

order_refunded = Signal()
"""Money of an order has gone back to the payer. Sent with ``order`` and ``refund``."""

particulars_wanted = Signal()
"""A receipt is about to be written for ``order``: who knows what it was for answers with ``Particulars``."""

visit_wanted = Signal()
"""A disputed ``order`` is to be defended: who knows what it was for answers with a ``Visit``, or nothing."""

zone_wanted = Signal()
"""By which clock are the practice's days counted? Who knows answers with the name of a time zone."""

issuer_wanted = Signal()
"""A paper that is about no order is being written: who knows the practice answers with its ``Issuer``."""
